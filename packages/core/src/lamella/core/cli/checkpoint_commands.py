"""``lamella inspect`` and ``lamella convert``: checkpoints from the command line."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from lamella.core.checkpoints import convert, inspect
from lamella.core.checkpoints.summaries import Summary
from lamella.core.cli.tables import printable, table

_MAX_VALUE = 60
_LONG_LIST = 8


def inspect_command(arguments: list[str]) -> int:
    """Print what is in a checkpoint, without loading it.

    Returns:
        0, or 1 if it cannot be opened.
    """
    parser = argparse.ArgumentParser(
        prog="lamella inspect", description="Say what is in a checkpoint of any format. No tensor is loaded."
    )
    parser.add_argument("file")
    parser.add_argument("--json", action="store_true", help="print JSON: an object; sizes in bytes")
    wanted = parser.parse_args(arguments)
    try:
        summary = inspect(wanted.file)
    except OSError as error:
        return _complain("inspect", error)
    print(json.dumps(as_json(summary), indent=2) if wanted.json else as_text(summary))
    return 0


def convert_command(arguments: list[str]) -> int:
    """Write a checkpoint in another format.

    Returns:
        0, or 1 if a file cannot be opened, or is there already.
    """
    parser = argparse.ArgumentParser(
        prog="lamella convert", description="Write a checkpoint in the format that the suffix of TARGET names."
    )
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--overwrite", action="store_true", help="replace TARGET if it is there")
    wanted = parser.parse_args(arguments)
    try:
        convert(wanted.source, wanted.target, overwrite=wanted.overwrite)
    except OSError as error:
        return _complain("convert", error)
    return 0


def as_json(summary: Summary) -> dict[str, Any]:
    """A summary in plain values; what JSON cannot say is a text."""
    return {
        "format": summary.format,
        "size": summary.size,
        "metadata": dict(summary.metadata),
        "tensors": [
            {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape, "size": tensor.size}
            for tensor in summary.tensors
        ],
        "values": [{"name": name, "value": _json_value(value)} for name, value in summary.values],
    }


def as_text(summary: Summary) -> str:
    """A table of the tensors with their total, and below it all else; long lists in a row each."""
    rows = [
        (
            printable(tensor.name) or "(no name)",
            tensor.dtype,
            " × ".join(map(str, tensor.shape)) or "one number",
            f"{math.prod(tensor.shape):,}",
            _human(tensor.size),
        )
        for tensor in summary.tensors
    ]
    elements = sum(math.prod(tensor.shape) for tensor in summary.tensors)
    rows.append(
        (f"{len(rows)} in all", "", "", f"{elements:,}", _human(sum(tensor.size for tensor in summary.tensors)))
    )
    parts = [
        f"{summary.format} file of {_human(summary.size)}",
        table(("tensor", "dtype", "shape", "elements", "size"), rows),
    ]
    if summary.values:
        parts.append(table(("value", ""), list(_value_rows(summary.values))))
    if summary.metadata:
        parts.append(
            table(("metadata", ""), [(printable(name), _short(text)) for name, text in summary.metadata.items()])
        )
    return "\n\n".join(parts)


def _value_rows(values: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """A row a value, or a row for all of a long list: Python's random state alone is 625 numbers."""
    for _, entries in groupby(values, key=lambda entry: re.sub(r"(^|\.)[0-9]+$", "", entry[0])):
        rows = [(printable(name), _short(value)) for name, value in entries]
        if len(rows) <= _LONG_LIST:
            yield from rows
        else:
            yield f"{rows[0][0]} …", f"{len(rows):,} values: {rows[0][1]} … {rows[-1][1]}"


def _complain(command: str, error: OSError) -> int:
    print(f"lamella: {command}: {error}", file=sys.stderr)
    return 1


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and abs(value) < 2**64:
        return value
    return _text(value)


def _text(value: Any) -> str:
    # Python refuses to write very long numbers in decimal.
    return hex(value) if isinstance(value, int) and abs(value) >= 2**64 else repr(value)


def _short(value: Any) -> str:
    text = printable(_text(value))
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


def _human(size: int) -> str:
    """``1.2 MB`` for 1234567 bytes."""
    if size < 1000:
        return f"{size} B"
    number = float(size)
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:
            return f"{number:.1f} {unit}"
    return f"{number / 1000:,.1f} TB"
