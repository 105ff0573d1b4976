"""The pytest plugin: runs the conformance suites on a backend, kernels, ops, layers or optimizers by their names.

Each flag ``--lamella-<kind>=NAME`` makes a suite, whose cases pytest collects as ``lamella-<kind>[NAME]::<case>``.
Without a flag, and without tests of ours, nothing is imported and nothing is said.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from platform import platform, python_version
from typing import Any

import pytest

from lamella.core.errors import LamellaError
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.suites import QUIET, SUITES, SUMMARY, suite_class


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add a flag for each suite, and one for the expected failures."""
    group = parser.getgroup("lamella", "Lamella's conformance suites")
    for entry in SUITES.values():
        group.addoption(
            f"--lamella-{entry.kind}",
            action="append",
            default=[],
            metavar=entry.takes,
            dest=_option(entry.kind),
            help=f"test {entry.runs}; may be given several times",
        )
    group.addoption(
        "--lamella-xfails",
        metavar="FILE",
        dest="lamella_xfails",
        help='TOML file with the cases that cannot pass, as in "op-check" = "reason"; strict',
    )


def _option(kind: str) -> str:
    return f"lamella_suite_{kind}"


def pytest_configure(config: pytest.Config) -> None:
    """Take ids of our cases out of the arguments, and run the suites alone where no path was given."""
    ours = [argument for argument in config.args if _suite_in(argument) is not None]
    for argument in ours:
        kind, name = _suite_in(argument) or ("", "")
        names = getattr(config.option, _option(kind))
        if name not in names:
            names.append(name)
    # worker processes of pytest-xdist get the options, and the arguments that are left
    config.option.lamella_selected = [*getattr(config.option, "lamella_selected", ()), *ours]
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        config.args[:] = [argument for argument in config.args if argument not in ours]
    elif any(_wanted(config)):
        config.args[:] = []


def _suite_in(argument: str) -> tuple[str, str] | None:
    """The kind and the name in ``lamella-<kind>[<name>]::<case>``; None for anything else."""
    suite = argument.partition("::")[0]
    kind, bracket, name = suite.removeprefix("lamella-").partition("[")
    known = suite.startswith("lamella-") and bracket and name.endswith("]") and kind in SUITES
    return (kind, name[:-1]) if known else None


def _wanted(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """The kind and the name of every suite that was asked for."""
    for kind in SUITES:
        for name in getattr(config.option, _option(kind)):
            yield kind, name


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose among the items
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the cases of the suites that were asked for."""
    try:
        added = [item for kind, name in _wanted(config) for item in _SuiteNode.of(session, kind, name).collect()]
    except LamellaError as error:
        raise pytest.UsageError(str(error)) from error
    items += _selected(added, config.option.lamella_selected)
    file = config.option.lamella_xfails
    if file is not None:
        _expect_failures(_read_expected(Path(file)), file, added)


def _selected(items: list[_CaseItem], ids: list[str]) -> list[_CaseItem]:
    """The items that ``ids`` choose; all items of a suite that is in no id, or in one without a case."""
    known = {item.nodeid for item in items} | {item.nodeid.partition("::")[0] for item in items}
    for chosen in ids:
        if chosen not in known:
            raise pytest.UsageError(f"no conformance case is named {chosen!r}.{did_you_mean(chosen, known)}")
    narrowed = {chosen.partition("::")[0] for chosen in ids if "::" in chosen and chosen.partition("::")[0] not in ids}
    return [item for item in items if item.nodeid in ids or item.nodeid.partition("::")[0] not in narrowed]


class _SuiteNode(pytest.Collector):
    """One suite in pytest's tree."""

    kind: str
    of_what: str

    @classmethod
    def of(cls, session: pytest.Session, kind: str, name: str) -> _SuiteNode:
        title = f"lamella-{kind}[{name}]"
        node: _SuiteNode = cls.from_parent(session, name=title, nodeid=title)
        node.kind, node.of_what = kind, name
        return node

    def collect(self) -> list[_CaseItem]:
        suite = suite_class(self.kind).of(self.of_what)
        return [_CaseItem.of(self, case) for case in suite.cases()]


class _CaseItem(pytest.Item):
    """One case of a suite in pytest's tree."""

    case: Any

    @classmethod
    def of(cls, parent: _SuiteNode, case: Any) -> _CaseItem:
        item: _CaseItem = cls.from_parent(parent, name=str(case))
        item.case = case
        item.user_properties.append((SUMMARY, [parent.name, case.subject.area, case.subject.name]))
        item.add_marker(pytest.mark.filterwarnings(QUIET))
        return item

    def runtest(self) -> None:
        self.case()

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.nodeid


# --- expected failures


def _read_expected(file: Path) -> Mapping[str, str]:
    """The cases that cannot pass, with their reasons."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--lamella-xfails={file}: cannot be read: {error}") from error
    for name, reason in found.items():
        if not isinstance(reason, str) or not reason.strip():
            raise pytest.UsageError(
                f'--lamella-xfails={file}: {name!r} has no reason. Write it as "{name}" = "why it cannot pass".'
            )
    return found


def _expect_failures(expected: Mapping[str, str], file: str, items: list[_CaseItem]) -> None:
    known = {item.name for item in items}
    for name in expected:
        if name not in known:
            raise pytest.UsageError(
                f"--lamella-xfails={file}: {name!r} names no case.{did_you_mean(name, known)} Remove it, or mend it."
            )
    for item in items:
        if item.name in expected:
            item.add_marker(pytest.mark.xfail(reason=expected[item.name], strict=True))


# --- the summary


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a table in Markdown of what ran, to be pasted into a README."""
    import lamella  # not above: pytest looks for fixtures in what a plugin holds, and the facade would load

    suites: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for outcome in ("passed", "xfailed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            found = dict(report.user_properties).get(SUMMARY)
            if found is not None:
                suite, area, subject = found
                suites[suite][area][outcome] += 1
                subjects[suite, area].add(subject)
    for suite, areas in suites.items():
        terminalreporter.section(suite)
        for line in _table(suite, areas, subjects):
            terminalreporter.write_line(line)
    if suites:
        terminalreporter.write_line("")
        terminalreporter.write_line(
            f"lamella-core {lamella.__version__}, NumPy {version('numpy')}, Python {python_version()}, {platform()}"
        )


def _table(
    suite: str, areas: Mapping[str, Counter[str]], subjects: Mapping[tuple[str, str], set[str]]
) -> Iterator[str]:
    yield f"| {suite} | subjects | passed | expected failures | failed |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    rows = [(area, len(subjects[suite, area]), areas[area]) for area in sorted(areas)]
    rows.append(("**all**", sum(row[1] for row in rows), sum((row[2] for row in rows), Counter())))
    for area, count, outcomes in rows:
        yield f"| {area} | {count} | {outcomes['passed']} | {outcomes['xfailed']} | {outcomes['failed']} |"
