"""The conformance suite: checks an op from its record alone. What our ops are held to, a stranger's can be too.

A package's test of all its ops::

    @pytest.mark.parametrize("case", conformance.cases(conformance.defined_in("mypackage"), reference), ids=str)
    def test_op(case):
        case()

where ``reference`` is a module that has, for each op, a function of its name: slow, obvious, in float64, from the op's
inputs (as NumPy arrays) and attributes to its result. The test toolkit that ``samples`` and ``errors`` get is
:class:`~lamella.core.testing.samples.Make`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lamella.core.op import OPS, Op
from lamella.core.testing import calling_checks, gradient_checks, layout_checks, record_checks, transform_checks
from lamella.core.testing.subject import Subject
from lamella.core.testing.suite import Case, crossed

_CHECKS = (
    *record_checks.CHECKS,
    *layout_checks.CHECKS,
    *gradient_checks.CHECKS,
    *calling_checks.CHECKS,
    *transform_checks.CHECKS,
)


def cases(ops: Iterable[Op], references: Any) -> list[Case]:
    """Every check of every op.

    Args:
        ops: The ops, such as those :func:`defined_in` a package.
        references: A module with a reference function for each, of its name.
    """
    return crossed([Subject(op, references) for op in ops], _CHECKS)


def check(op: Op, references: Any) -> None:
    """Run every check of one op.

    Raises:
        AssertionError: The op does not do what its record says; the message has the call that shows it.
    """
    for case in cases([op], references):
        case()


def defined_in(package: str) -> list[Op]:
    """The ops that a package's modules have defined, as far as they are imported."""
    return [op for op in OPS.values() if f"{op.forward.__module__}.".startswith(f"{package}.")]


__all__ = ["Case", "cases", "check", "defined_in"]
