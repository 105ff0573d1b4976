"""How processes find one another, and prove to be who they say.

Rank 0 listens on a free port of the loopback interface, and writes the port and a random key to a file that its user
alone can read. Whoever connects proves to know the key, and is proved it to, without the key ever being sent: each side
signs what the other has made up.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import struct
import time
from pathlib import Path

from lamella.core.errors import WorkerError
from lamella_loopback.link import Link

_HOST = "127.0.0.1"
_NONCE, _SIGNATURE, _RANK = 16, 32, struct.Struct("<I")
_PAUSE_S = 0.02


def join(rank: int, world_size: int, path: str, timeout_s: float) -> dict[int, Link]:
    """Connect the processes of a group.

    Args:
        rank: This process's.
        world_size: How many processes there are.
        path: Where to meet.
        timeout_s: Seconds that it may take, and that each wait on a link may take afterwards.

    Returns:
        The hub's links to the others by rank, or the link to the hub.

    Raises:
        WorkerError: Not everyone came in time.
    """
    deadline = time.monotonic() + timeout_s
    found = _host(world_size, Path(path), deadline) if rank == 0 else {0: _visit(rank, Path(path), deadline)}
    for connection in found.values():
        connection.settimeout(timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return {other: Link(connection, other) for other, connection in found.items()}


def _host(world_size: int, path: Path, deadline: float) -> dict[int, socket.socket]:
    """Wait for everyone else."""
    key = secrets.token_bytes(32)
    found: dict[int, socket.socket] = {}
    with socket.create_server((_HOST, 0)) as server:
        _write(path, {"port": server.getsockname()[1], "key": key.hex()})
        try:
            while len(found) < world_size - 1:
                server.settimeout(_left(deadline, f"{world_size - 1 - len(found)} of {world_size} processes"))
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                rank = _admit(connection, key, deadline)
                if rank is None or rank in found or not 0 < rank < world_size:
                    connection.close()  # a stranger, or a process too many: the group goes on waiting for its own
                else:
                    found[rank] = connection
        except BaseException:  # also when interrupted: nobody waits for a group that will not be
            for connection in found.values():
                connection.close()
            raise
        finally:
            path.unlink(missing_ok=True)
    return found


def _admit(connection: socket.socket, key: bytes, deadline: float) -> int | None:
    """The rank of whoever connected, or None if it does not know the key."""
    try:
        connection.settimeout(min(5.0, _left(deadline, "a process")))
        mine = secrets.token_bytes(_NONCE)
        connection.sendall(mine)
        theirs, rank, signature = (_exactly(connection, n) for n in (_NONCE, _RANK.size, _SIGNATURE))
        if not hmac.compare_digest(signature, _signed(key, b"member", mine, rank)):
            return None
        connection.sendall(_signed(key, b"hub", theirs, rank))
        return int(_RANK.unpack(rank)[0])
    except OSError:
        return None  # it went away, which a stranger may


def _visit(rank: int, path: Path, deadline: float) -> socket.socket:
    """Connect to the hub, as soon as it is there."""
    while True:
        left = _left(deadline, "the process of rank 0")
        try:
            port, key = _read(path)
            connection = socket.create_connection((_HOST, port), left)
        except OSError:
            time.sleep(_PAUSE_S)  # not there yet, or left behind by an earlier run
            continue
        try:
            mine, packed = secrets.token_bytes(_NONCE), _RANK.pack(rank)
            theirs = _exactly(connection, _NONCE)
            connection.sendall(mine + packed + _signed(key, b"member", theirs, packed))
            if hmac.compare_digest(_exactly(connection, _SIGNATURE), _signed(key, b"hub", mine, packed)):
                return connection
        except OSError:
            time.sleep(_PAUSE_S)
        connection.close()


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = connection.recv(count - len(found))
        if not part:
            raise ConnectionResetError("the other end has closed the connection")
        found += part
    return found


def _signed(key: bytes, role: bytes, nonce: bytes, rank: bytes) -> bytes:
    return hmac.digest(key, role + nonce + rank, "sha256")


def _write(path: Path, place: dict[str, int | str]) -> None:
    """Write the file whole, for this user alone to read."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        json.dump(place, file)
    draft.replace(path)


def _read(path: Path) -> tuple[int, bytes]:
    """The port and the key in a file that :func:`_write` has written."""
    text = path.read_text(encoding="ascii", errors="replace")
    try:
        place = json.loads(text)
        return int(place["port"]), bytes.fromhex(place["key"])
    except (ValueError, TypeError, KeyError) as error:
        raise WorkerError(f"{path} is no file for a group to meet at: {error!r}") from error


def _left(deadline: float, whom: str) -> float:
    """Seconds left to wait for ``whom``."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise WorkerError(f"the group is not complete: waited in vain for {whom}")
    return left
