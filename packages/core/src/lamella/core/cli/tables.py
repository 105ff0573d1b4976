"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def printable(text: str) -> str:
    r"""Spell out what would be a command to the terminal, or a line of its own: a stranger may have chosen the text.

    Example:
        >>> print(printable(chr(27) + "[31m red"))
        \x1b[31m red
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns to the left, two spaces apart, under a line with their names.

    Args:
        head: The names of the columns.
        rows: Cells, as many in each row; shown as :func:`printable`.

    Returns:
        The lines, without spaces at their ends.

    Example:
        >>> print(table(("name", "n"), [("weight", "6"), ("b", "12")]))
        name    n
        weight  6
        b       12
    """
    lines = [[printable(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
