"""A suite: cases with names, and what is expected to fail. As a class it is all that an author of tests writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

from lamella.core import plugins
from lamella.core.errors import ArgumentError, PluginError
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.suites import QUIET, SUMMARY


class Named(Protocol):
    """What a case is about."""

    @property
    def name(self) -> str:
        """How it is called in the names of cases."""

    @property
    def area(self) -> str:
        """The group that the summary counts it in, such as a family of ops."""


@dataclass(frozen=True)
class Case:
    """One check of one subject; call it to run it."""

    subject: Named
    check: Callable[[Any], None]

    def __call__(self) -> None:
        self.check(self.subject)

    def __str__(self) -> str:
        return f"{self.subject.name}-{self.check.__name__}"


def crossed(subjects: Iterable[Named], checks: Iterable[Callable[[Any], None]]) -> list[Case]:
    """Every check of every subject."""
    checks = list(checks)
    return [Case(subject, check) for subject in subjects for check in checks]


class Conformance:
    """Base of the suites. A subclass whose name starts with ``Test`` is a whole test class for pytest.

    Attributes:
        kind: Which suite it is, a key of ``lamella.core.suites.SUITES``; the attribute of that name says of what.
        expected_failures: Names of cases that cannot pass, each with the reason. Strict: a case that passes all the
            same fails, and so does a name that no case has.

    Example:
        >>> from lamella.testing import OpConformance
        >>> class TestMine(OpConformance):
        ...     ops = "acme"
    """

    kind: ClassVar[str]
    expected_failures: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @classmethod
    def of(cls, name: str) -> Self:
        """The suite of that name: the same as a subclass with the attribute."""
        suite = cls()
        setattr(suite, cls.kind, name)
        return suite

    @property
    def of_what(self) -> str:
        """The name that the suite was given.

        Raises:
            ValueError: None was given.
        """
        found = getattr(self, self.kind, None)
        if not isinstance(found, str):
            raise ArgumentError(f'{type(self).__name__}: say what to test, as in `{self.kind} = "NAME"`; got {found!r}')
        return found

    def cases(self) -> list[Case]:
        """All cases of the suite.

        Raises:
            PluginError: Nothing has the name that the suite was given.
        """
        raise NotImplementedError(f"{type(self).__name__} defines cases()")

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make a test of each case: pytest calls this for every test function of the class."""
        if "case" not in metafunc.fixturenames:
            return
        import pytest  # only where pytest runs

        def marks(case: Case) -> list[Any]:
            quiet = pytest.mark.filterwarnings(QUIET)
            reason = self.expected_failures.get(str(case))
            return [quiet] if reason is None else [quiet, pytest.mark.xfail(reason=reason, strict=True)]

        metafunc.parametrize("case", [pytest.param(case, id=str(case), marks=marks(case)) for case in self.cases()])

    def test_conforms(self, case: Case, record_property: Callable[[str, object], None]) -> None:
        """Run one case."""
        record_property(SUMMARY, [f"lamella-{self.kind}[{self.of_what}]", case.subject.area, case.subject.name])
        case()

    def test_expected_failures_are_cases(self) -> None:
        """Each expected failure names a case and has a reason."""
        check_expected(self.expected_failures, self.cases())


def check_expected(expected: Mapping[str, str], cases: Iterable[Case]) -> None:
    """Assert that each expected failure names a case and has a reason."""
    known = {str(case) for case in cases}
    unmatched = [f"{name!r} names no case.{did_you_mean(name, known)}" for name in expected if name not in known]
    bare = [f"{name!r} has no reason" for name, reason in expected.items() if not reason.strip()]
    assert not unmatched + bare, "the list of expected failures is wrong: " + "; ".join(unmatched + bare)


def record_of(plugin: str) -> plugins.PluginRecord:
    """The record of a loaded plugin, by the name of its entry point.

    Raises:
        PluginError: There is none, or it was set aside.
    """
    plugins.load()
    records = {record.name: record for record in plugins.records()}
    record = records.get(plugin)
    if record is None:
        raise PluginError(
            f"No plugin is named {plugin!r}.{did_you_mean(plugin, records)} Installed: "
            f"{', '.join(sorted(records)) or 'none'}. The name is that of the entry point in the group 'lamella'."
        )
    if record.state != "loaded":
        raise PluginError(f"{record.story} was set aside") from record.cause
    return record


def offered(plugin: str, kind: str) -> dict[str, Any]:
    """What a plugin offers of one kind, by name, imported now.

    Raises:
        PluginError: There is no such plugin, it offers nothing of this kind, or that cannot be imported.
    """
    record = record_of(plugin)
    names = record.offers.get(kind, ())
    if not names:
        others = ", ".join(sorted(record.offers)) or "nothing"
        raise PluginError(f"plugin {plugin!r} offers no {kind}; it offers {others}")
    registry = getattr(plugins, kind)
    return {name: registry.load(name) for name in names}


__all__ = ["Case", "Conformance", "Named", "check_expected", "crossed", "offered", "record_of"]
