"""Downloading a published file: several mirrors, a checksum, a progress bar, and no half-written files."""

from __future__ import annotations

import hashlib
import http.client
import os
import secrets
import urllib.request
from collections.abc import Sequence
from io import BufferedRandom
from pathlib import Path

from tqdm import tqdm

from lamella.core.errors import DataError

_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 20.0

# The largest file we know of here has 26 MB; a server that never stops sending must not fill the disk.
_MAX_BYTES = 1 << 28


def download_file(
    name: str, mirrors: Sequence[str], md5: str, folder: str | os.PathLike[str], max_bytes: int = _MAX_BYTES
) -> Path:
    """Download ``name`` into ``folder`` from the first mirror that gives the right bytes.

    A mirror that cannot be reached, breaks off or sends other bytes is passed over for the next one. What a
    broken connection left is kept, and the next mirror is asked for the rest. The file appears under its name
    only when it is whole and its checksum is right.

    Args:
        name: File name, the same on every mirror.
        mirrors: URLs of folders that hold the file, in the order in which to try them.
        md5: Published MD5 checksum of the file, in hexadecimal. It finds damage and mix-ups; it is no proof
            against someone who sets out to forge.
        folder: Where to put the file; made if absent.
        max_bytes: Give up on a mirror that sends more than this.

    Returns:
        Path of the file.

    Raises:
        DataError: If no mirror gave the file; names each mirror with its reason, and says how to do it by
            hand.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    urls = [mirror.rstrip("/") + "/" + name for mirror in mirrors]
    failures = []
    # A name of its own, so that two processes may download at once. (Not tempfile's: its files can be read by
    # their owner alone, and folders of datasets are shared.)
    part = folder / f"{name}.{secrets.token_hex(4)}.part"
    try:
        with part.open("x+b") as file:
            whole = False
            for url in urls:
                try:
                    _fetch(url, file, md5, max_bytes)
                # OSError covers name look-up, refused and reset connections, HTTP errors and time-outs.
                except (OSError, http.client.HTTPException, DataError) as error:
                    failures.append(f"  {url}: {str(error) or type(error).__name__}")
                else:
                    whole = True
                    break
        if not whole:
            raise DataError(
                f"Could not download {name}. Tried:\n"
                + "\n".join(failures)
                + f"\nTo do it by hand, put a file {name} with MD5 checksum {md5} into {folder}."
            )
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    return folder / name


def _fetch(url: str, file: BufferedRandom, md5: str, max_bytes: int) -> None:
    """Complete ``file`` from ``url``, and check it."""
    resumed = _append(url, file, max_bytes)
    if resumed and _md5(file) != md5:
        # The bytes an earlier mirror sent before it broke off may be the wrong ones: take all of them from
        # here.
        file.truncate(0)
        _append(url, file, max_bytes)
    found = _md5(file)
    if found != md5:
        file.truncate(0)
        raise DataError(f"expected MD5 checksum {md5}, found {found}")


def _append(url: str, file: BufferedRandom, max_bytes: int) -> bool:
    """Add what ``url`` has beyond the bytes already in ``file``; say whether those were kept."""
    start = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": "lamella-data"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_S) as response:
        if start and response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            resumed = True
        else:  # the server cannot resume, and sends everything
            resumed, start = False, 0
            file.seek(0)
            file.truncate()
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        with tqdm(
            desc=url.rpartition("/")[2], initial=start, total=total, unit="B", unit_scale=True, leave=False
        ) as bar:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > max_bytes:
                    file.truncate(0)
                    raise DataError(f"expected at most {max_bytes} bytes, and the server sends more")
        if total is not None and file.tell() < total:
            raise DataError(f"the connection broke off after {file.tell()} of {total} bytes")
    return resumed


def _md5(file: BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
