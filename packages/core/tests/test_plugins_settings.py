"""The two small languages that decide whether a plugin loads: LAMELLA_PLUGINS, and ranges of versions."""

from __future__ import annotations

import itertools

import pytest
from packaging.specifiers import (
    SpecifierSet,  # an independent reading; pytest depends on it, so it is always here
)

from lamella.core.errors import ArgumentError
from lamella.core.plugins.policy import read_policy
from lamella.core.plugins.versions import in_range


@pytest.mark.parametrize("text", ["", "  ", "1", "true", "YES", "on", "all"])
def test_all_plugins_load(text: str) -> None:
    assert read_policy({"LAMELLA_PLUGINS": text}).permits("optim", "lamella-optim")
    assert read_policy({}).permits("optim", "lamella-optim")


@pytest.mark.parametrize("text", ["0", "false", "No", "off", "none", " OFF "])
def test_no_plugin_loads(text: str) -> None:
    assert not read_policy({"LAMELLA_PLUGINS": text}).permits("optim", "lamella-optim")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("optim", {"optim"}),
        ("lamella-optim, acme.layers", {"optim", "acme"}),
        ("LAMELLA_OPTIM,", {"optim"}),
        ("!optim", {"nn", "acme"}),
        ("-lamella-optim,-acme-layers", {"nn"}),
        ("! acme_layers", {"optim", "nn"}),
        ("someone-else", set()),
    ],
)
def test_lists(text: str, allowed: set[str]) -> None:
    policy = read_policy({"LAMELLA_PLUGINS": text})
    plugins = {"optim": "lamella-optim", "nn": "lamella-nn", "acme": "Acme-Layers"}
    assert {name for name, distribution in plugins.items() if policy.permits(name, distribution)} == allowed


@pytest.mark.parametrize("text", ["optim,!nn", "!", "optim,-", ","])
def test_what_is_neither_list_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="neither a list of plugins to load"):
        read_policy({"LAMELLA_PLUGINS": text})


@pytest.mark.parametrize(
    ("text", "strict"),
    [("", False), ("0", False), ("no", False), ("off", False), ("1", True), ("True", True)],
)
def test_strict(text: str, strict: bool) -> None:
    assert read_policy({"LAMELLA_PLUGINS_STRICT": text}).strict is strict


def test_a_strict_setting_that_means_nothing_is_refused() -> None:
    with pytest.raises(ArgumentError, match="LAMELLA_PLUGINS_STRICT=maybe is not understood"):
        read_policy({"LAMELLA_PLUGINS_STRICT": "maybe"})


VERSIONS = [
    "0.3.dev1",
    "0.3.0a1.dev2",
    "0.3.0a1",
    "0.3rc1",
    "0.3",
    "0.3.0",
    "0.3.0.post1.dev1",
    "0.3.0.post1",
    "0.3.1.dev4+gabc123",
    "0.3.1",
    "0.3.10",
    "0.4.0.dev1",
    "0.4",
    "1.0",
    "1!0.3",
]
WRITTEN_WITHOUT_LOCAL_PART = [version.partition("+")[0] for version in VERSIONS]
RANGES = [
    "",
    "~= 0.3.0",
    "~=0.3",
    "~=0.3.0a1",
    "~=0.3.1.post1",
    "~=1!0.3",
    "== 0.3.*",
    "!=0.3.*",
    "==1!0.*",
    ">=0.3,<0.5",
    ">= 0.3rc1, != 0.3.1",
    *(
        f"{sign}{version}"
        for sign, version in itertools.product(("==", "!=", "<", "<=", ">", ">="), WRITTEN_WITHOUT_LOCAL_PART)
    ),
]


@pytest.mark.parametrize("text", RANGES)
def test_ranges_mean_what_the_packaging_standard_says(text: str) -> None:
    expected = {version: SpecifierSet(text).contains(version, prereleases=True) for version in VERSIONS}
    assert {version: in_range(version, text) for version in VERSIONS} == expected


@pytest.mark.parametrize(
    ("version", "text", "complaint"),
    [
        ("soon", ">=1", "'soon' is not a version"),
        ("1.0", ">= soon", "'soon' is not a version"),
        ("1.0", "1.0", "'1.0' is not a range"),
        ("1.0", "~= 1", "needs two numbers"),
        ("1.0", ">= 1.*", "only == and != take"),
        ("1.0", "== 1.0a1.*", "not a prefix"),
        ("1.0", "=== 1.0", "is not a"),
    ],
)
def test_what_cannot_be_read_is_refused(version: str, text: str, complaint: str) -> None:
    with pytest.raises(ArgumentError, match=complaint):
        in_range(version, text)
