"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns to the left, two spaces apart, under a line with their names.

    Args:
        head: The names of the columns.
        rows: Cells, as many in each row.

    Returns:
        The lines, without spaces at their ends.

    Example:
        >>> print(table(("name", "n"), [("weight", "6"), ("b", "12")]))
        name    n
        weight  6
        b       12
    """
    lines = [head, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
