"""The kinds of plugin that can be written: what differs between them besides their templates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of plugin. In its texts, ``{{…}}`` stands for a name, as in templates.

    Attributes:
        registry: The registry that it adds to, whose hook is ``register_<registry>``.
        registered: The name that it adds.
        attribute: What that stands for, in the module named like the kind.
        what: What it is, in words.
        suite: Which of ``lamella.core.suites.SUITES`` checks it, if one does.
        subject: What that suite is given.
        needs: What it depends on beside the core.
    """

    registry: str
    registered: str
    attribute: str
    what: str
    suite: str = ""
    subject: str = ""
    needs: tuple[str, ...] = ()


KINDS = {
    "backend": Kind(
        registry="backends",
        registered="{{word}}",
        attribute="BACKEND",
        what="A backend",
        suite="backend",
        subject="{{word}}",
        needs=("numpy>=2.0",),
    ),
    "kernels": Kind(
        registry="kernels",
        registered="{{name}}",
        attribute="KERNELS",
        what="Kernels",
        suite="kernels",
        subject="{{name}}",
        needs=("numpy>=2.0",),
    ),
    "op": Kind(
        registry="ops",
        registered="{{word}}",
        attribute="{{word}}",
        what="An op",
        suite="ops",
        subject="{{name}}",
        needs=("numpy>=2.0",),
    ),
    "layer": Kind(
        registry="layers",
        registered="{{Class}}",
        attribute="{{Class}}",
        what="A layer",
        suite="layers",
        subject="{{name}}",
        needs=("lamella-nn~={{series}}",),
    ),
    "optimizer": Kind(
        registry="optimizers",
        registered="{{lower}}",
        attribute="{{Class}}",
        what="An optimizer",
        suite="optimizers",
        subject="{{name}}",
        needs=("lamella-optim~={{series}}",),
    ),
    "dataset": Kind(
        registry="datasets",
        registered="{{Class}}",
        attribute="{{Class}}",
        what="A dataset",
        needs=("lamella-data~={{series}}",),
    ),
    "logger": Kind(
        registry="loggers",
        registered="{{name}}",
        attribute="{{Class}}",
        what="A logger",
    ),
    "command": Kind(
        registry="commands",
        registered="{{name}}",
        attribute="command",
        what="A command",
    ),
}
"""What ``--kind`` can be."""
