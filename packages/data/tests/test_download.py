"""Downloading from real servers on loopback that refuse, lie and break off."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from lamella.core.errors import ArgumentError, DataError
from lamella.data.datasets import CIFAR10, CIFAR100, EMNIST, KMNIST, MNIST, FashionMNIST
from lamella.data.datasets.download import download_file

CONTENT = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Mirror:
    """A server of some files, and the ranges it was asked for."""

    def __init__(self, files: dict[str, bytes], cut_after: int | None = None, resumes: bool = True) -> None:
        mirror = self
        self.ranges: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers["Range"]
                mirror.ranges.append(asked)
                content = files.get(self.path.removeprefix("/data/"))
                if content is None:
                    self.send_error(404)
                    return
                start = 0
                if asked and resumes:
                    start = int(re.fullmatch(r"bytes=(\d+)-", asked).group(1))
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start:cut_after])

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/data/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may sit behind a proxy, which knows nothing of our loopback."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def serve() -> Iterator[Callable[..., Mirror]]:
    mirrors: list[Mirror] = []

    def start(*args, **kwargs) -> Mirror:
        mirrors.append(Mirror(*args, **kwargs))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.close()


@pytest.fixture
def down() -> str:
    """The URL of a mirror where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/data/"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_next_mirror_is_tried_when_one_is_down(tmp_path, serve, down):
    good = serve({"file": CONTENT})
    path = download_file("file", [down, good.url], MD5, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "file"
    assert path.read_bytes() == CONTENT
    assert names_in(path.parent) == ["file"]


def test_others_may_read_a_download_as_they_may_any_new_file(tmp_path, serve):
    (tmp_path / "new").touch()
    path = download_file("file", [serve({"file": CONTENT}).url], MD5, tmp_path)
    assert path.stat().st_mode == (tmp_path / "new").stat().st_mode


def test_the_next_mirror_is_tried_when_one_lacks_the_file(tmp_path, serve):
    download_file("file", [serve({}).url, serve({"file": CONTENT}).url], MD5, tmp_path)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused(tmp_path, serve):
    wrong = serve({"file": b"something else"})
    found = hashlib.md5(b"something else").hexdigest()
    with pytest.raises(DataError, match=f"{wrong.url}file: expected MD5 checksum {MD5}, found {found}"):
        download_file("file", [wrong.url], MD5, tmp_path)
    assert names_in(tmp_path) == []


def test_wrong_bytes_are_not_kept_for_the_next_mirror(tmp_path, serve):
    wrong, good = serve({"file": b"something else"}), serve({"file": CONTENT})
    download_file("file", [wrong.url, good.url], MD5, tmp_path)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert good.ranges == [None]


def test_the_next_mirror_takes_over_where_a_connection_broke_off(tmp_path, serve):
    cut, good = serve({"file": CONTENT}, cut_after=100_000), serve({"file": CONTENT})
    download_file("file", [cut.url, good.url], MD5, tmp_path)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert good.ranges == ["bytes=100000-"]


def test_a_mirror_that_cannot_resume_sends_everything(tmp_path, serve):
    cut, good = serve({"file": CONTENT}, cut_after=100_000), serve({"file": CONTENT}, resumes=False)
    download_file("file", [cut.url, good.url], MD5, tmp_path)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_wrong_bytes_before_a_break_do_not_spoil_the_next_mirror(tmp_path, serve):
    cut, good = serve({"file": bytes(300_000)}, cut_after=100_000), serve({"file": CONTENT})
    download_file("file", [cut.url, good.url], MD5, tmp_path)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert good.ranges == ["bytes=100000-", None]


def test_a_connection_that_broke_off_leaves_nothing(tmp_path, serve):
    cut = serve({"file": CONTENT}, cut_after=100_000)
    with pytest.raises(DataError, match=f"{cut.url}file: the connection broke off after 100000 of 300000 bytes"):
        download_file("file", [cut.url], MD5, tmp_path)
    assert names_in(tmp_path) == []


def test_a_server_that_sends_too_much_is_left(tmp_path, serve):
    endless = serve({"file": CONTENT})
    with pytest.raises(DataError, match="expected at most 70000 bytes, and the server sends more"):
        download_file("file", [endless.url], MD5, tmp_path, max_bytes=70_000)
    assert names_in(tmp_path) == []


def test_failure_names_each_mirror_and_the_way_by_hand(tmp_path, serve, down):
    empty = serve({})
    with pytest.raises(DataError) as caught:
        download_file("file", [down, empty.url], MD5, tmp_path)
    message = str(caught.value)
    assert message.startswith("Could not download file. Tried:\n")
    assert re.search(re.escape(f"{down}file: ") + ".*refused", message)
    assert f"{empty.url}file: HTTP Error 404" in message
    assert message.endswith(f"by hand, put a file file with MD5 checksum {MD5} into {tmp_path}.")


def test_a_bar_shows_the_progress(tmp_path, serve, capsys):
    download_file("file", [serve({"file": CONTENT}).url], MD5, tmp_path)
    assert re.search(r"file: .*0.00/300k", capsys.readouterr().err)


@pytest.fixture
def digits_class(serve, down, digit_files) -> type[MNIST]:
    class TinyDigits(MNIST):
        pass

    TinyDigits.mirrors = [down, serve(digit_files).url]
    TinyDigits.resources = [(name, hashlib.md5(content).hexdigest()) for name, content in digit_files.items()]
    return TinyDigits


def test_mnist_downloads_what_torchvision_would_find(tmp_path, digits_class, digit_files):
    train = digits_class(tmp_path, download=True)
    assert names_in(tmp_path / "TinyDigits" / "raw") == sorted(digit_files)
    assert len(train) == 12
    assert len(digits_class(tmp_path, train=False)) == 5


def test_mnist_downloads_only_what_is_missing(tmp_path, digits_class, digit_files):
    name = "train-images-idx3-ubyte"
    (tmp_path / name).write_bytes(gzip.decompress(digit_files[f"{name}.gz"]))
    digits_class(tmp_path, download=True)
    assert names_in(tmp_path / "TinyDigits" / "raw") == sorted(set(digit_files) - {f"{name}.gz"})
    digits_class.mirrors = []  # all is there: no mirror is needed
    digits_class(tmp_path, download=True)


def test_mnist_without_a_network_says_what_to_do(tmp_path, digits_class, down):
    digits_class.mirrors = [down]
    with pytest.raises(DataError, match=r"Could not download train-images-idx3-ubyte.gz. Tried:[\s\S]*by hand"):
        digits_class(tmp_path, download=True)


def test_download_without_a_folder_is_refused():
    with pytest.raises(ArgumentError, match="MNIST: download=True needs a folder"):
        MNIST(download=True)


@pytest.mark.parametrize(("dataset", "count"), [(MNIST, 4), (FashionMNIST, 4), (KMNIST, 4), (EMNIST, 1)])
def test_the_tables_are_whole(dataset, count):
    assert len(dataset.mirrors) >= 2
    assert all(re.fullmatch(r"https?://[^ ]+/", mirror) for mirror in dataset.mirrors)
    assert len({name for name, _ in dataset.resources}) == count
    assert all(re.fullmatch("[0-9a-f]{32}", md5) for _, md5 in dataset.resources)


@pytest.mark.parametrize("dataset", [CIFAR10, CIFAR100])
def test_the_archives_are_named_in_full(dataset):
    assert all(re.fullmatch(r"https://[^ ]+/", mirror) for mirror in dataset.mirrors)
    assert re.fullmatch(r"cifar-10+-binary\.tar\.gz", dataset.resource[0])
    assert re.fullmatch("[0-9a-f]{32}", dataset.resource[1])


def test_cifar_downloads_its_archive_once(tmp_path, serve, down):
    records = b"".join(bytes([label]) + bytes(3072) for label in (3, 1))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(records)
            archive.addfile(member, io.BytesIO(records))

    class TinyCIFAR(CIFAR10):
        mirrors: ClassVar = [down, serve({"cifar-10-binary.tar.gz": stream.getvalue()}).url]
        resource = ("cifar-10-binary.tar.gz", hashlib.md5(stream.getvalue()).hexdigest())

    assert TinyCIFAR(tmp_path / "new", download=True).targets == [3, 1] * 5
    assert names_in(tmp_path / "new") == ["cifar-10-binary.tar.gz"]
    TinyCIFAR.mirrors = []  # it is there: no mirror is needed
    assert TinyCIFAR(tmp_path / "new", train=False, download=True).targets == [3, 1]
    TinyCIFAR.mirrors = [down]
    with pytest.raises(DataError, match=r"Could not download cifar-10-binary.tar.gz. Tried:[\s\S]*by hand"):
        TinyCIFAR(tmp_path / "other", download=True)


@pytest.fixture
def letters_archive(digit_files) -> bytes:
    """EMNIST's archive, each selection with the same 12 and 5 images."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for split in EMNIST.splits:
            for name, content in digit_files.items():
                part, rest = name.split("-", 1)
                archive.writestr(f"gzip/emnist-{split}-{'train' if part == 'train' else 'test'}-{rest}", content)
        archive.writestr("../outside", b"never written")
    return stream.getvalue()


def test_emnist_takes_its_files_out_of_the_archive(tmp_path, serve, down, letters_archive):
    class TinyLetters(EMNIST):
        mirrors: ClassVar = [down, serve({"gzip.zip": letters_archive}).url]
        resources: ClassVar = [("gzip.zip", hashlib.md5(letters_archive).hexdigest())]

    assert len(TinyLetters(tmp_path / "new", "letters", download=True)) == 12
    raw = tmp_path / "new" / "TinyLetters" / "raw"
    assert len(names_in(raw)) == 6 * 4 + 1
    assert names_in(tmp_path / "new") == ["TinyLetters"]
    TinyLetters.mirrors = []  # all is there: no mirror is needed
    assert len(TinyLetters(tmp_path / "new", "mnist", train=False, download=True)) == 5
    (raw / "emnist-digits-test-images-idx3-ubyte.gz").unlink()  # and the archive still is
    assert len(TinyLetters(tmp_path / "new", "digits", train=False, download=True)) == 5


def test_a_damaged_archive_of_emnist_is_refused(tmp_path, digit_files, damage):
    class TinyLetters(EMNIST):
        splits: ClassVar = ("letters",)

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part in ("train", "test"):
            for kind in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"):
                archive.writestr(f"gzip/emnist-letters-{part}-{kind}", digit_files[f"t10k-{kind}"])
    whole = stream.getvalue()
    raw = tmp_path / "TinyLetters" / "raw"
    raw.mkdir(parents=True)
    mutants = list(damage(whole))
    for mutant in [*mutants[: len(whole) : 100], *mutants[len(whole) :]]:
        (raw / "gzip.zip").write_bytes(mutant)
        try:
            TinyLetters(tmp_path, "letters", download=True)
        except DataError:
            assert "gzip.zip" in names_in(raw)
        else:
            assert len(mutant) > 0.95 * len(whole)  # the damage is where nobody looks
        for path in raw.glob("emnist-*"):
            path.unlink()
        assert names_in(raw) == ["gzip.zip"]
    assert names_in(tmp_path) == ["TinyLetters"]


def test_an_archive_of_emnist_without_a_member_is_refused(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    with zipfile.ZipFile(raw / "gzip.zip", "w") as archive:
        archive.writestr("gzip/other", b"")
    with pytest.raises(DataError, match=r"gzip.zip: expected a member gzip/emnist-byclass-train-images.*found none"):
        EMNIST(tmp_path, "letters", download=True)


def test_an_archive_of_emnist_by_another_method_is_refused(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    with zipfile.ZipFile(raw / "gzip.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("gzip/emnist-byclass-train-images-idx3-ubyte.gz", bytes(100))
    with pytest.raises(DataError, match="is neither stored nor deflated"):
        EMNIST(tmp_path, "letters", download=True)


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("lamella.data.datasets.emnist._MAX_MEMBER_BYTES", 1 << 21)
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    with zipfile.ZipFile(raw / "gzip.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/emnist-byclass-train-images-idx3-ubyte.gz", bytes(1 << 23))
    with pytest.raises(DataError, match="expected at most 2097152 bytes in gzip/emnist-byclass-train-images"):
        EMNIST(tmp_path, "letters", download=True)
    assert names_in(raw) == ["gzip.zip"]
