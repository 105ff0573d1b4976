"""Plugins whose exceptions and metadata are broken themselves break nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from lamella.core.cli import plugin_list
from lamella.core.errors import PluginError

BROKEN = """
from lamella.core.errors import PluginError

class Broken({base}):
    def __str__(self):
        raise SystemExit(0)

raise Broken
"""


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (BROKEN.format(base="PluginError"), "Broken: <its message cannot be shown>"),
        (BROKEN.format(base="BaseException"), "Broken: <its message cannot be shown>"),
        ("raise SyntaxError('odd', ('file', 'one', 1, 2))", "SyntaxError: odd"),
        ("error = ValueError('empty')\nerror.add_note('a note')\nraise error", "ValueError: empty"),
    ],
)
def test_an_exception_that_cannot_be_shown_is_told_and_breaks_no_other_plugin(
    site: Any, code: str, complaint: str
) -> None:
    site.install_plugin("acme-broken", code)
    site.install_optimizers("beta-optim", lion="beta_optim:Lion")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match=complaint):
        assert list(manager.registries["optimizers"]) == ["lion"]


HOOK = """
from lamella.core.plugins import hookimpl

@hookimpl
{head} register_optimizers(registry):
    registry.add("tiger", "acme:Tiger")
    {tail}
"""


@pytest.mark.parametrize(("head", "tail"), [("def", "yield"), ("async def", "pass"), ("async def", "yield")])
def test_a_hook_that_would_not_run_is_refused(site: Any, head: str, tail: str) -> None:
    site.install_plugin("acme-broken", HOOK.format(head=head, tail=tail))
    site.install_optimizers("beta-optim", lion="beta_optim:Lion")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="its 'register_optimizers' has not run: write it without yield, await"):
        assert list(manager.registries["optimizers"]) == ["lion"]


def test_a_target_whose_exception_cannot_be_shown_ends_no_program(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_broken:Lion")
    (site.folder / "acme_broken.py").write_text(BROKEN.format(base="Exception"))
    with pytest.raises(PluginError, match="Broken: <its message cannot be shown>"):
        site.manager().registries["optimizers"].load("lion")


def test_a_range_with_a_number_that_python_does_not_read_fails_its_own_plugin_alone(site: Any) -> None:
    site.install("lamella-core", version="0.1.0")
    site.install_plugin("acme-broken", "", requires=(f"lamella-core>={'1' * 5000}",))
    site.install_optimizers("beta-optim", lion="beta_optim:Lion")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="is not a version"):
        assert list(manager.registries["optimizers"]) == ["lion"]


def test_a_requirement_of_many_spaces_is_read_at_once(site: Any) -> None:
    site.install_plugin("acme-broken", "", requires=("lamella-core " + " " * 20_000 + "; x",))
    assert [record.state for record in site.manager().records()] == ["available"]


def test_what_a_plugin_says_is_no_command_to_the_terminal(site: Any) -> None:
    site.install_plugin("acme-red", "raise ValueError(chr(27) + '[31m red' + chr(10) + 'loaded')")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="acme-red"):
        manager.load()
    text = plugin_list.as_text(manager.records())
    assert chr(27) not in text
    assert text.splitlines()[-1].endswith(r"ValueError: \x1b[31m red\nloaded")
