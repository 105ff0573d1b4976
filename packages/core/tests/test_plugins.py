"""Plugins, each a real distribution in a temporary folder: how they load, fail, clash and are kept out."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from lamella.core import plugins
from lamella.core.errors import LamellaError, PackageMissing, PluginError
from lamella.core.plugins import Manager, PluginRecord

HEALTHY = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_optimizers(registry):
        registry.add("lion", "acme_optim:Lion")
"""


def offering(name: str, target: str, then: str = "pass") -> str:
    return f"""
        from lamella.core.plugins import hookimpl

        @hookimpl
        def register_optimizers(registry):
            registry.add({name!r}, {target!r})
            {then}
    """


def record_of(manager: Manager, distribution: str) -> PluginRecord:
    (record,) = [record for record in manager.records() if record.distribution == distribution]
    return record


# What a healthy plugin gets.


def test_a_healthy_plugin_is_listed_loaded_and_imported_on_first_use(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY + "\n    class Lion: pass\n", version="1.2")
    manager = site.manager()
    assert [(r.name, r.source, r.state) for r in manager.records()] == [("acme-optim", "acme-optim 1.2", "available")]
    assert "acme_optim" not in sys.modules  # listing has read metadata alone

    optimizers = manager.registries["optimizers"]
    assert optimizers.load("lion") is sys.modules["acme_optim"].Lion
    assert dict(optimizers) == {"lion": plugins.Registration("lion", "acme_optim:Lion", "acme-optim 1.2")}
    record = record_of(manager, "acme-optim")
    assert (record.state, record.cause, record.offers) == ("loaded", None, {"optimizers": ("lion",)})
    assert record.load_time_s is not None
    assert record.load_time_s > 0


def test_targets_are_not_imported_when_plugins_load(site: Any) -> None:
    site.install_plugin("acme-optim", offering("lion", "acme_heavy:Lion"))
    (site.folder / "acme_heavy.py").write_text("class Lion:\n    class Rule: pass\n")
    manager = site.manager()
    assert len(manager.registries["optimizers"]) == 1
    assert "acme_heavy" not in sys.modules
    assert manager.registries["optimizers"].load("lion") is sys.modules["acme_heavy"].Lion


def test_a_registry_is_a_read_only_view(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY)
    optimizers = site.manager().registries["optimizers"]
    assert list(optimizers) == ["lion"]
    assert "adam" not in optimizers
    assert optimizers.get("adam") is None
    assert repr(optimizers) == "<registry of optimizers>"
    with pytest.raises(TypeError, match="does not support item assignment"):
        optimizers["adam"] = optimizers["lion"]  # type: ignore[index]  # on purpose


def test_other_entry_points_and_distributions_without_any_are_left_alone(site: Any) -> None:
    site.install("plain")
    site.install("a-tool", entry_points="[console_scripts]\ntool = tool:main\n")
    assert site.manager().records() == ()


def test_of_a_distribution_installed_twice_the_first_on_the_path_counts(site: Any, tmp_path: Path) -> None:
    site.install_plugin("acme-optim", HEALTHY, version="2.0")
    older = type(site)(tmp_path / "older")
    older.folder.mkdir()
    older.install_plugin("acme-optim", HEALTHY, version="1.0")
    manager = Manager([str(site.folder), str(older.folder)], {})
    assert [record.version for record in manager.records()] == ["2.0"]


def test_the_same_target_may_be_registered_twice(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY + '        registry.add("lion", "acme_optim:Lion")\n')
    site.install_plugin("beta-optim", offering("lion", "acme_optim:Lion"))
    manager = site.manager()
    assert [record.state for record in manager.records()] == ["available", "available"]
    manager.load()
    assert [record.state for record in manager.records()] == ["loaded", "loaded"]
    assert manager.registries["optimizers"]["lion"].distribution == "acme-optim 1.0"  # the first to add it


def test_two_plugins_may_be_one_module(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY)
    site.install("acme-again", entry_points="[lamella]\nacme-again = acme_optim\n")
    manager = site.manager()
    assert list(manager.registries["optimizers"]) == ["lion"]
    assert [record.state for record in manager.records()] == ["loaded", "loaded"]


def test_a_plugin_may_be_an_object_in_a_module_whose_package_is_not_imported(site: Any) -> None:
    package = site.folder / "acme_pack"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('no array library')")
    methods = textwrap.indent(textwrap.dedent(HEALTHY.replace("(registry)", "(self, registry)")), "    ")
    (package / "plugin.py").write_text(f"class Plugin:\n{methods}\n\nclass held:\n    plugin = Plugin()\n")
    site.install("acme-pack", entry_points="[lamella]\nacme = acme_pack.plugin:held.plugin\n")
    manager = site.manager()
    assert list(manager.registries["optimizers"]) == ["lion"]
    assert not [name for name in sys.modules if name.startswith("acme_pack")]


def test_a_hook_that_only_newer_cores_have_may_be_implemented_as_optional(site: Any) -> None:
    newer = "@hookimpl(optionalhook=True)\n    def register_accents(registry):\n        1 / 0\n\n    @hookimpl"
    site.install_plugin("acme-optim", HEALTHY.replace("@hookimpl", newer))
    manager = site.manager()
    assert list(manager.registries["optimizers"]) == ["lion"]
    assert record_of(manager, "acme-optim").state == "loaded"


def test_reset_finds_what_was_installed_since(site: Any) -> None:
    manager = site.manager()
    assert len(manager.registries["optimizers"]) == 0
    site.install_plugin("acme-optim", HEALTHY)
    assert len(manager.registries["optimizers"]) == 0  # one scan, remembered
    manager.reset()
    assert list(manager.registries["optimizers"]) == ["lion"]


# What a broken one cannot break.

BROKEN = {
    "raises at import": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exits at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "is missing a dependency": ("import no_such_module", "No module named 'no_such_module'"),
    "has a syntax error": ("def (", "SyntaxError"),
    "cannot even be printed": (
        "class Mute(Exception):\n    def __str__(self): raise RuntimeError\nraise Mute",
        r"Mute: <its message cannot be shown>",
    ),
    "raises while registering": (
        offering("late", "acme_broken:Late", then="1 / 0"),
        "ZeroDivisionError",
    ),
    "exits while registering": (
        offering("late", "acme_broken:Late", then="raise SystemExit"),
        "SystemExit",
    ),
    "implements no hook": (
        "def register_optimizers(registry): pass",
        "implements no hook: mark its functions",
    ),
    "misspells a hook": (
        offering("late", "x:y").replace("register_optimizers", "register_optimisers"),
        "'register_optimisers', which is no hook. Did you mean 'register_optimizers'?",
    ),
    "takes an argument that the hook lacks": (
        offering("late", "x:y").replace("(registry)", "(registry, core)"),
        "PluginValidationError",
    ),
    "adds an object instead of its name": (
        offering("late", "x:y").replace("'x:y'", "dict"),
        r"register_optimizers: add\('late', <class 'dict'>\): both must be strings",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_is_set_aside_whole_and_others_work(site: Any, what: str) -> None:
    code, complaint = BROKEN[what]
    site.install_plugin("acme-broken", code)
    site.install_plugin("acme-optim", HEALTHY + "\n    class Lion: pass\n")
    site.install_plugin("zeta-optim", offering("zeta", "acme_optim:Lion"))
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match=complaint) as warned:
        names = list(manager.registries["optimizers"])
    assert names == ["lion", "zeta"]
    assert len(warned) == 1
    record = record_of(manager, "acme-broken")
    assert record.state == "failed"
    assert record.cause is not None
    with pytest.raises(LamellaError, match=complaint) as refused:
        manager.registries["optimizers"].load("late")
    assert refused.value.__cause__ is record.cause


def test_the_warning_comes_once(site: Any) -> None:
    site.install_plugin("acme-broken", "1 / 0")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="plugin 'acme-broken' of acme-broken 1.0"):
        manager.load()
    manager.load()  # warnings are errors in this suite
    assert len(manager.registries["layers"]) == 0


def test_what_a_plugin_registered_before_it_failed_is_rolled_back_in_every_registry(site: Any) -> None:
    site.install_plugin(
        "acme-broken",
        """
        from lamella.core.plugins import hookimpl

        @hookimpl
        def register_layers(registry):
            registry.add("Lens", "acme_broken:Lens")

        @hookimpl
        def register_optimizers(registry):
            registry.add("late", "acme_broken:Late")
            raise LookupError("no licence")
        """,
    )
    site.install_plugin("beta-layers", offering("late", "beta:Late"))
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="no licence"):
        assert dict(manager.registries["layers"]) == {}
    # The name is free for another; and the registry tells where the one that is missing went.
    assert manager.registries["optimizers"]["late"].distribution == "beta-layers 1.0"
    assert record_of(manager, "acme-broken").offers == {"layers": ("Lens",), "optimizers": ("late",)}
    message = r"'Lens' comes with the plugin 'acme-broken' of acme-broken 1.0 \(failed: LookupError: no lic"
    with pytest.raises(PluginError, match=message) as refused:
        manager.registries["layers"].load("Lens")
    assert isinstance(refused.value.__cause__, LookupError)


def test_an_interrupt_from_the_keyboard_goes_through_and_the_next_look_up_starts_afresh(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY)
    site.install_plugin("zeta-slow", "import builtins\nif not hasattr(builtins, 'go_on'): raise KeyboardInterrupt")
    manager = site.manager()
    with pytest.raises(KeyboardInterrupt):
        manager.load()
    (site.folder / "zeta_slow.py").write_text(textwrap.dedent(offering("slow", "zeta_slow:Slow")))
    assert list(manager.registries["optimizers"]) == ["lion", "slow"]


def test_a_clash_names_both_distributions_and_sets_the_later_aside_whole(site: Any) -> None:
    site.install_plugin("acme-optim", HEALTHY)
    site.install_plugin("beta-optim", offering("own", "b:Own", then='registry.add("lion", "b:Lion")'))
    manager = site.manager()
    message = (
        "The optimizer 'lion' is acme_optim:Lion of acme-optim 1.0, and beta-optim 1.0 offers b:Lion under"
        " the same name. .*LAMELLA_PLUGINS_PREFER=package, or keep one from loading, as in LAMELLA_PLUGINS=!package"
    )
    with pytest.warns(RuntimeWarning, match=message):
        assert list(manager.registries["optimizers"]) == ["lion"]
    assert record_of(manager, "beta-optim").state == "failed"
    # The user decides by keeping one out.
    other = site.manager(LAMELLA_PLUGINS="!acme-optim")
    assert list(other.registries["optimizers"]) == ["own", "lion"]


def test_a_stranger_cannot_take_a_name_from_a_package_of_ours(site: Any) -> None:
    site.install_plugin("aaa-optim", offering("adam", "aaa_optim:Adam"))
    site.install_plugin("lamella-optim", offering("adam", "lamella.optim:Adam"))
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="plugin 'aaa-optim' of aaa-optim 1.0"):
        assert manager.registries["optimizers"]["adam"].target == "lamella.optim:Adam"


# The range of core versions.


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        ("lamella-core ~= 0.3.0", "loaded"),
        ("lamella-core>=0.3,<0.5", "loaded"),
        ("Lamella_Core (>=0.3)", "loaded"),
        ("lamella-core[extra] == 0.3.*", "loaded"),
        ("lamella-core", "loaded"),
        ("lamella-core ~= 0.9.0 ; python_version < '3'", "loaded"),
        ("lamella-core @ https://example.org/core.whl", "loaded"),
        ("lamella-core-extras == 9", "loaded"),
        ("lamella-core ~= 0.4.0", "incompatible"),
        ("lamella-core < 0.3", "incompatible"),
        ("lamella-core == soon", "failed"),
    ],
)
def test_the_core_range_is_checked_before_any_code_is_imported(site: Any, requirement: str, state: str) -> None:
    site.install("lamella-core", version="0.3.2")
    site.install_plugin("acme-optim", HEALTHY, requires=("numpy>=2", requirement))
    manager = site.manager()
    if state == "loaded":
        assert list(manager.registries["optimizers"]) == ["lion"]
    else:
        with pytest.warns(RuntimeWarning, match="acme-optim"):
            manager.load()
        assert "acme_optim" not in sys.modules
    assert record_of(manager, "acme-optim").state == state


def test_an_incompatible_plugin_says_which_core_it_needs(site: Any) -> None:
    site.install("lamella-core", version="0.3.2")
    site.install_plugin("acme-optim", HEALTHY, requires=("lamella-core ~= 0.4.0",))
    manager = site.manager()
    message = "lamella-core ~= 0.4.0, and 0.3.2 is installed; pip install --upgrade acme-optim lamella-core"
    with pytest.warns(RuntimeWarning, match=message):
        manager.load()
    with pytest.raises(PackageMissing, match=message):  # lamella-optim is not there either
        manager.registries["optimizers"].load("lion")


# Metadata that cannot be read.


@pytest.mark.parametrize("metadata", ["", "Name: acme-broken\n", "Version: 1.0\n"])
def test_broken_metadata_is_that_plugins_failure_alone(site: Any, metadata: str) -> None:
    site.install_plugin("acme-broken", HEALTHY, metadata=metadata)
    site.install_plugin("acme-optim", HEALTHY)
    manager = site.manager()
    with pytest.warns(
        RuntimeWarning,
        match=r"plugin 'acme-broken' of acme_broken 1.0 \(failed: its metadata in .*acme_broken-1.0.dist-info cannot",
    ):
        assert list(manager.registries["optimizers"]) == ["lion"]
    assert "acme_broken" not in sys.modules


@pytest.mark.parametrize("content", [b"[lamella]\n\xff\xfe = x\n", b"[lamella]\nnot an entry point\n"])
def test_entry_points_that_cannot_be_read_are_told(site: Any, content: bytes) -> None:
    site.install("acme-broken")
    (site.folder / "acme_broken-1.0.dist-info" / "entry_points.txt").write_bytes(content)
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="acme_broken-1.0.dist-info"):
        manager.load()
    assert [record.state for record in manager.records()] == ["failed"]


# What a look-up that fails says.


def test_an_unknown_name_gets_a_close_match_and_the_list(site: Any) -> None:
    site.install_plugin("lamella-optim", offering("adam", "o:Adam", then='registry.add("sgd", "o:SGD")'))
    optimizers = site.manager().registries["optimizers"]
    with pytest.raises(
        PluginError, match=r"No optimizer is named 'Adm'. Did you mean 'adam'\? Registered: adam, sgd\.$"
    ):
        optimizers.load("Adm")


def test_a_kind_whose_package_is_not_installed_names_what_to_install(site: Any) -> None:
    registries = site.manager().registries
    with pytest.raises(PackageMissing, match="No layer is named 'Linear'.*pip install lamella-nn$"):
        registries["layers"].load("Linear")
    with pytest.raises(ModuleNotFoundError, match="pip install lamella-optim$"):
        registries["optimizers"].load("adam")
    with pytest.raises(PluginError, match="No backend is named 'cuda'. No backend is registered at all.$"):
        registries["backends"].load("cuda")


@pytest.mark.parametrize(
    ("code", "complaint"),
    [("raise SystemExit('no GPU')", "SystemExit: no GPU"), ("", "has no attribute 'Lion'")],
)
def test_a_target_that_cannot_be_imported_gives_its_cause(site: Any, code: str, complaint: str) -> None:
    site.install_plugin("acme-optim", offering("lion", "acme_heavy:Lion"))
    (site.folder / "acme_heavy.py").write_text(code)
    message = f"The optimizer 'lion' of acme-optim 1.0 cannot be imported from acme_heavy:Lion: .*{complaint}"
    with pytest.raises(PluginError, match=message) as raised:
        site.manager().registries["optimizers"].load("lion")
    assert raised.value.__cause__ is not None


def test_an_interrupt_while_a_target_is_imported_goes_through(site: Any) -> None:
    site.install_plugin("acme-optim", offering("lion", "acme_heavy:Lion"))
    (site.folder / "acme_heavy.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.manager().registries["optimizers"].load("lion")


# The guide.
