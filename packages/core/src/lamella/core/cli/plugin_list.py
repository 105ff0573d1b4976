"""``lamella plugins``: every plugin, what it offers, and how it fares."""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Sequence
from contextlib import suppress

from lamella.core import plugins
from lamella.core.cli.tables import printable, table
from lamella.core.errors import PluginError
from lamella.core.plugins import PluginRecord


def command(arguments: list[str]) -> int:
    """List the plugins, as a table or as JSON.

    Returns:
        0, or 1 if one of them was set aside as failed or incompatible: a check that CI can make.
    """
    parser = argparse.ArgumentParser(prog="lamella plugins", description="List the installed plugins.")
    parser.add_argument("--json", action="store_true", help="print JSON: an array with an object for each plugin")
    wanted = parser.parse_args(arguments)
    with warnings.catch_warnings(), suppress(PluginError):
        # What loading warns of, and in strict mode raises, is what is listed here.
        warnings.simplefilter("ignore", RuntimeWarning)
        plugins.load()
    records = plugins.records()
    if wanted.json:
        print(json.dumps([as_json(record) for record in records], indent=2))
    else:
        print(as_text(records))
    return int(any(record.state in ("failed", "incompatible") for record in records))


def as_json(record: PluginRecord) -> dict[str, object]:
    """What is known of a plugin, in plain values; times in seconds."""
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "state": record.state,
        "cause": record.reason,
        "load_time_s": record.load_time_s,
        "offers": {kind: list(names) for kind, names in record.offers.items()},
    }


def as_text(records: Sequence[PluginRecord]) -> str:
    """A table of the plugins, and below it why some were set aside."""
    if not records:
        return "No plugin is installed. Lamella's own layers, optimizers and datasets: pip install lamella-nn …"
    rows = [
        (
            record.name,
            record.source,
            record.state,
            "" if record.load_time_s is None else f"{1e3 * record.load_time_s:.1f} ms",
            ", ".join(offered(kind, names) for kind, names in record.offers.items()),
        )
        for record in records
    ]
    text = table(("plugin", "distribution", "state", "load time", "offers"), rows)
    reasons = [printable(f"{record.name} is {record.state}: {record.reason}") for record in records if record.reason]
    return "\n".join([text, *(["", *reasons] if reasons else [])])


def offered(kind: str, names: Sequence[str]) -> str:
    """``optimizers (lion, sophia)``, or ``15 optimizers`` where they are many."""
    kinds = kind.replace("_", " ")
    return f"{kinds} ({', '.join(names)})" if len(names) <= 4 else f"{len(names)} {kinds}"
