"""What the reading of one file may cost."""

from __future__ import annotations

from lamella.core.errors import CheckpointError

#: Bytes of Python objects that any file may make, beside as many as it has itself.
ALLOWANCE = 52 << 20


class Budget:
    """Bytes that may still be taken up by objects that a file describes.

    One byte of a pickle can make a list of 64 bytes, and three can copy a long string; JSON is not much better. So it
    is not enough to look at the size of the file.

    Args:
        size: Bytes of the file.
    """

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = ALLOWANCE + size

    def spend(self, cost: int) -> None:
        """Take up ``cost`` bytes.

        Raises:
            CheckpointError: They are not left.
        """
        self.left -= cost
        if self.left < 0:
            raise CheckpointError(
                "it describes so many Python objects that they would take far more memory than the file. Save long "
                "lists of numbers as tensors."
            )
