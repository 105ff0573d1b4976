"""Damaged and hostile variants of a file, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: What attackers write over lengths, counts and positions.
NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    2**63,
    2**64 - 1,
)


def mutations(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Give `count` files, each `data` with one to three changes; none equals it.

    Args:
        data: A sound file.
        count: How many.
        seed: Decides which.
    """
    chance = random.Random(seed)
    while count:
        changed = data
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            changed = chance.choice(CHANGES)(changed, chance) if changed else changed
        if changed != data:
            count -= 1
            yield changed


def _flip_bit(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _replace_byte(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _write_number(data: bytes, chance: random.Random) -> bytes:
    width = chance.choice((1, 2, 4, 8))
    at = chance.randrange(len(data))
    number = chance.choice(NUMBERS) % 256**width
    return data[:at] + number.to_bytes(width, chance.choice(("little", "big"))) + data[at + width :]


def _change_digit(data: bytes, chance: random.Random) -> bytes:
    """A digit of a number in text, or a place where one could begin."""
    digits = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39] or [chance.randrange(len(data))]
    at = chance.choice(digits)
    return data[:at] + chance.choice((b"0", b"9", b"-1", b"1e9", b"99999999999999999999")) + data[at + 1 :]


def _cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _remove(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 16) :]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 16)) + data[at:]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    piece = data[at : at + chance.randint(1, 64)]
    return data[:at] + piece * chance.randint(2, 4) + data[at + len(piece) :]


def _swap(data: bytes, chance: random.Random) -> bytes:
    length = chance.randint(1, 32)
    a, b = sorted(chance.randint(0, len(data)) for _ in range(2))
    if a + length > b:
        return data[::-1]
    return data[:a] + data[b : b + length] + data[a + length : b] + data[a : a + length] + data[b + length :]


CHANGES = (_flip_bit, _replace_byte, _write_number, _change_digit, _cut_off, _remove, _insert, _repeat, _swap)
