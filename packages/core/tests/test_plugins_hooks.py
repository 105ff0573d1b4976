"""What plugin authors write against: the registrar, the hooks and their documentation."""

from __future__ import annotations

import inspect

import pytest

from lamella.core import plugins
from lamella.core.errors import ArgumentError, ArgumentTypeError, PluginError
from lamella.core.plugins import Registrar, hookspecs
from lamella.core.plugins.registry import KINDS


@pytest.mark.parametrize("target", ["acme", "acme:", ":Lion", "acme Lion", "acme:Lion()", "acme:1", "acme..x:Lion"])
def test_a_target_that_is_no_import_string_is_refused(target: str) -> None:
    registrar = Registrar("optimizers", "acme 1.0", {})
    with pytest.raises(ArgumentError, match="must have the form"):
        registrar.add("lion", target)


def test_a_name_must_be_a_string_that_says_something() -> None:
    registrar = Registrar("optimizers", "acme 1.0", {})
    with pytest.raises(ArgumentError, match="the name is empty"):
        registrar.add("", "acme:Lion")
    with pytest.raises(ArgumentTypeError, match="both must be strings"):
        registrar.add(3, "acme:Lion")  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("name", ["big lion", "--lion", "li\ton", "lion\x1b[31m", "\u200b"])
def test_a_name_is_one_word_that_can_be_seen(name: str) -> None:
    with pytest.raises(ArgumentError, match="must be one word of letters that can be seen, not beginning with '-'"):
        Registrar("optimizers", "acme 1.0", {}).add(name, "acme:Lion")


@pytest.mark.parametrize(("kind", "name"), [("backends", "cpu"), ("commands", "doctor"), ("commands", "help")])
def test_what_is_the_cores_own_cannot_be_taken(kind: str, name: str) -> None:
    with pytest.raises(PluginError, match=f"'{name}' is Lamella's own. Offer yours under another name"):
        Registrar(kind, "acme 1.0", {}).add(name, "acme:Thing")
    Registrar("optimizers", "acme 1.0", {}).add(name, "acme:Thing")


def test_additions_are_made_by_add_alone() -> None:
    registrar = Registrar("optimizers", "acme 1.0", {})
    registrar.add("lion", "acme:Lion")
    with pytest.raises(AttributeError, match="has no setter"):
        registrar.additions = {}  # type: ignore[misc]  # on purpose
    with pytest.raises(TypeError, match="does not support item assignment"):
        registrar.additions["tiger"] = registrar.additions["lion"]  # type: ignore[index]  # on purpose
    assert list(registrar.additions) == ["lion"]


def test_one_package_cannot_give_two_things_one_name() -> None:
    registrar = Registrar("layers", "acme 1.0", {})
    registrar.add("Lens", "acme:Lens")
    with pytest.raises(PluginError, match="is acme:Lens of acme 1.0, and acme 1.0 offers acme:Other"):
        registrar.add("Lens", "acme:Other")


def test_there_is_one_documented_hook_for_each_registry() -> None:
    hooks = {name for name, value in vars(hookspecs).items() if hasattr(value, "lamella_spec")}
    assert hooks == {f"register_{kind}" for kind in KINDS}
    for name in hooks:
        hook = getattr(hookspecs, name)
        assert list(inspect.signature(hook).parameters) == ["registry"]
        contract = inspect.getdoc(hook)
        assert contract.startswith("Offer ")
        assert "\n\nCalled once, at the first look-up in any registry. The name is " in contract
        assert "Args:\n    registry:" in contract
    for word in ("When", "How often", "What a hook does", "What it must not do", "What it returns"):
        assert f"**{word}**" in str(hookspecs.__doc__)


def test_every_public_name_is_there() -> None:
    assert set(KINDS) < set(dir(plugins))
    for name in dir(plugins):
        assert getattr(plugins, name) is not None
    for kind in KINDS:
        assert getattr(plugins, kind).kind == kind
    with pytest.raises(AttributeError, match="no attribute 'hookimp'"):
        plugins.hookimp  # noqa: B018  the access is the test
