"""Counts the parameters in a checkpoint, without loading it."""

from __future__ import annotations

import argparse
import math

from lamella.core.errors import CheckpointError


def command(arguments: list[str]) -> int:
    """Print how many elements the tensors of a checkpoint have, by their dtype.

    Args:
        arguments: What follows the command's name.

    Returns:
        The exit status, 0.

    Raises:
        CheckpointError: The file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="lamella count-parameters", description=__doc__)
    parser.add_argument("file", help="a checkpoint, of any format that Lamella reads")
    file = parser.parse_args(arguments).file
    from lamella.core import checkpoints  # brings NumPy, which `--help` needs not

    try:
        tensors = checkpoints.inspect(file).tensors
    except OSError as error:
        raise CheckpointError(f"{file} can't be read: {error}") from error
    counts: dict[str, int] = {}
    for tensor in tensors:
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + math.prod(tensor.shape)
    for dtype, count in sorted(counts.items()):
        print(f"{count:>15,} {dtype}")
    print(f"{sum(counts.values()):>15,} in {len(tensors)} tensors")
    return 0
