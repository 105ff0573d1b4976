"""EMNIST: handwritten letters and digits, published as one zip archive of IDX files."""

from __future__ import annotations

import os
import string
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from lamella.core.errors import ArgumentError, DataError
from lamella.data.datasets.mnist import MNIST

_ARCHIVE = "gzip.zip"
_CHUNK_BYTES = 1 << 20

# The archive has 561,753,746 bytes; its largest member, 200 MB. Twice as much is no EMNIST.
_MAX_ARCHIVE_BYTES = 1 << 30
_MAX_MEMBER_BYTES = 1 << 29

# BadZipFile for most damage, and what else a wrong field leads zipfile to.
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
)

_ALL = sorted(string.digits + string.ascii_letters)
# Letters whose two cases look alike count as one class in the merged splits: the capital's.
_MERGED = [name for name in _ALL if name not in "cijklmopsuvwxyz"]


class EMNIST(MNIST):
    """Handwritten letters and digits, in MNIST's format: 28×28 pixels, in one of six selections.

    The images lie on their side, mirrored, as they were published (and as torchvision gives them):
    ``image.T`` is upright. No image is inside this package: ``root`` is needed. All else is as for
    :class:`MNIST`.

    Args:
        root: Folder with the published IDX files, plain or gzipped, or ``EMNIST/raw`` below it.
        split: ``"byclass"`` (62 unbalanced classes: digits, capitals, small letters), ``"bymerge"`` (47: letters
            whose cases look alike are one class), ``"balanced"`` (the same 47, equally often), ``"letters"`` (26,
            labels 1 to 26), ``"digits"`` (10) or ``"mnist"`` (10, as many as MNIST).
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download the archive (562 MB) into ``EMNIST/raw`` below ``root`` if it is not there, and
            take the files of all selections out of it.

    Raises:
        ArgumentError: If there is no such split.
        DataError: If ``root`` is not given, or the archive is damaged; otherwise as for :class:`MNIST`.

    Reference:
        G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST: an extension of MNIST to handwritten letters. 2017,
        https://arxiv.org/abs/1702.05373.
    """

    mirrors: ClassVar[list[str]] = [
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [(_ARCHIVE, "58c8d27c78d21e728a6bc7b3cc06412e")]
    #: The selections, with the names of their classes by label.
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": _ALL,
        "bymerge": _MERGED,
        "balanced": _MERGED,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }
    #: Names of the selections.
    splits: ClassVar[tuple[str, ...]] = tuple(classes_split_dict)
    embedded: ClassVar[Path | None] = None

    def __init__(
        self,
        root: str | os.PathLike[str] | None,
        split: str,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        if split not in self.splits:
            raise ArgumentError(
                f"EMNIST: Unknown value {split!r} for argument split. Valid values are {', '.join(self.splits)}."
            )
        self.split = split
        # An attribute of the instance, because the split decides; MNIST's is the class's.
        self.classes = self.classes_split_dict[split]  # type: ignore[misc]  # of each split, not of the class
        super().__init__(root, train, transform, target_transform, download)

    def download(self) -> None:
        """Download the archive unless it is there, and take out the files that are not there yet."""
        from lamella.data.datasets.download import download_file  # here for the reason given in MNIST.download

        names = [
            f"emnist-{split}-{part}-{kind}-ubyte.gz"
            for split in self.splits
            for part in ("train", "test")
            for kind in ("images-idx3", "labels-idx1")
        ]
        missing = [name for name in names if self._find(name.removesuffix(".gz")) is None]
        if not missing:
            return
        archive = Path(self.raw_folder) / _ARCHIVE
        if not archive.is_file():
            [(name, md5)] = self.resources
            download_file(name, self.mirrors, md5, self.raw_folder, max_bytes=_MAX_ARCHIVE_BYTES)
        _take_out(archive, missing)

    def _file_prefix(self) -> str:
        return f"emnist-{self.split}-{'train' if self.train else 'test'}"


def _take_out(archive: Path, names: list[str]) -> None:
    """Copy members ``gzip/<name>`` of a zip archive to files ``<name>`` beside it: no path is the archive's choice."""
    part = archive.with_name(f"{archive.name}.{os.urandom(4).hex()}.part")
    try:
        for name in names:
            with part.open("wb") as file:
                for chunk in _member(archive, f"gzip/{name}"):
                    file.write(chunk)
            part.replace(archive.with_name(name))
    finally:
        part.unlink(missing_ok=True)


def _member(archive: Path, name: str) -> Iterator[bytes]:
    """The contents of a member, in pieces."""
    count = 0
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(name) as member:
            # Of zip's methods, one takes the memory that a file tells it to take; the published archive deflates.
            if opened.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile(f"{name} is neither stored nor deflated")
            while count <= _MAX_MEMBER_BYTES and (chunk := member.read(_CHUNK_BYTES)):
                count += len(chunk)
                yield chunk
    except KeyError as error:
        raise DataError(f"{archive}: expected a member {name}, found none. Download it again.") from error
    except _DAMAGED_ZIP as error:
        raise DataError(
            f"{archive}: expected an intact zip archive, found a damaged one ({error}). Delete it, and download it "
            "again."
        ) from error
    if count > _MAX_MEMBER_BYTES:
        raise DataError(f"{archive}: expected at most {_MAX_MEMBER_BYTES} bytes in {name}, found more.")
