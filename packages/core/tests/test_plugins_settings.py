"""What decides whether a plugin loads: the settings and who may make them, and ranges of versions."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from packaging.specifiers import (
    SpecifierSet,  # an independent reading; pytest depends on it, so it is always here
)

from lamella.core.errors import ArgumentError, LamellaError
from lamella.core.plugins.policy import Policy, Setting, decide, from_environment, from_program, from_project
from lamella.core.plugins.versions import in_range

ABSENT = Path("no-such-folder/pyproject.toml")


def policy(text: str) -> Policy:
    return decide(from_environment({"LAMELLA_PLUGINS": text}))


# Which plugins load.


@pytest.mark.parametrize("text", ["", "  ", "1", "true", "YES", "on", "all"])
def test_all_plugins_load(text: str) -> None:
    assert policy(text).objection("optim", "lamella-optim") is None
    assert decide().objection("optim", "lamella-optim") is None


@pytest.mark.parametrize("text", ["0", "false", "No", "off", "none", " OFF "])
def test_no_plugin_loads(text: str) -> None:
    assert policy(text).objection("optim", "lamella-optim") == f"kept out by LAMELLA_PLUGINS={text.strip()}"


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("optim", {"optim"}),
        ("lamella-optim, acme.layers", {"optim", "acme"}),
        ("LAMELLA_OPTIM,", {"optim"}),
        ("!optim", {"nn", "acme"}),
        ("-lamella-optim,-acme-layers", {"nn"}),
        ("! acme_layers", {"optim", "nn"}),
        ("someone-else", set()),
        (["optim", "acme-layers"], {"optim", "acme"}),
        (("!optim",), {"nn", "acme"}),
        (True, {"optim", "nn", "acme"}),
        (False, set()),
    ],
)
def test_lists(value: object, allowed: set[str]) -> None:
    found = decide(from_program(value, None, None))
    plugins = {"optim": "lamella-optim", "nn": "lamella-nn", "acme": "Acme-Layers"}
    assert {name for name, its in plugins.items() if found.objection(name, its) is None} == allowed


@pytest.mark.parametrize("value", ["optim,!nn", "!", "optim,-", ",", [], ["optim", "!nn"], [""]])
def test_what_is_neither_list_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"plugins.configure\(plugins=.* is neither a list of plugins to load"):
        decide(from_program(value, None, None))


@pytest.mark.parametrize(("plugins", "prefer"), [(3, None), (["a", 3], None), (None, 3), (None, [None])])
def test_what_is_no_text_is_refused(plugins: object, prefer: object) -> None:
    with pytest.raises(TypeError, match="must be text, or a list of texts, each the name of a plugin"):
        decide(from_program(plugins, None, prefer))


@pytest.mark.parametrize(
    ("text", "strict"),
    [("", False), ("0", False), ("no", False), ("off", False), ("1", True), ("True", True)],
)
def test_strict(text: str, strict: bool) -> None:
    assert decide(from_environment({"LAMELLA_PLUGINS_STRICT": text})).strict is strict


def test_a_strict_setting_that_means_nothing_is_refused() -> None:
    with pytest.raises(ArgumentError, match="LAMELLA_PLUGINS_STRICT=maybe is not understood"):
        decide(from_environment({"LAMELLA_PLUGINS_STRICT": "maybe"}))


@pytest.mark.parametrize(
    ("text", "ranks"),
    [("", (0, 0)), ("0", (0, 0)), ("none", (0, 0)), ("acme", (0, 1)), ("Beta_Optim,acme-optim", (1, 0))],
)
def test_preference(text: str, ranks: tuple[int, int]) -> None:
    found = decide(from_environment({"LAMELLA_PLUGINS_PREFER": text}))
    assert (found.rank("acme", "acme-optim"), found.rank("b", "beta-optim")) == ranks


# Who may say it.


def project(folder: Path, text: str) -> dict[str, Setting]:
    path = folder / "pyproject.toml"
    path.write_text(text)
    return from_project(path)


def test_a_project_says_it_in_its_own_file(tmp_path: Path) -> None:
    said = project(tmp_path, '[tool.lamella]\nplugins = ["acme"]\nstrict = true\nprefer = ["acme"]\n')
    found = decide(said)
    assert (found.allowed, found.strict, found.preferred) == ({"acme"}, True, ("acme",))
    assert found.source == f"plugins = ['acme'] in [tool.lamella] of {tmp_path / 'pyproject.toml'}"
    assert decide(project(tmp_path, 'tool = { lamella = { plugins = "off" } }')).allowed == frozenset()
    assert decide(project(tmp_path, "[tool.lamella]\nplugins = false\n")).allowed == frozenset()


@pytest.mark.parametrize("text", ["", "not TOML [", "[tool.other]\nx = 1\n", "tool = 'lamella'", "[lamella]\nx = 1"])
def test_a_project_that_does_not_set_us_up_says_nothing(tmp_path: Path, text: str) -> None:
    assert project(tmp_path, text) == {}
    assert from_project(ABSENT) == {}
    assert from_project(tmp_path) == {}  # a folder of this name is no file


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tool.lamella\n", "mentions lamella, but is not valid TOML"),
        ("# lamella\nx = '\udcff'\n", "mentions lamella, but is not valid TOML"),
        ("lamella = " + 5000 * "[", "mentions lamella, but is not valid TOML"),
        ("[tool.lamella]\nplugin = 'off'\n", "has 'plugin', which is no setting. Did you mean 'plugins'"),
        ("[tool]\nlamella = 3\n", "is 3, but must be a table of settings: plugins, strict, prefer"),
    ],
)
def test_a_project_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(LamellaError, match=complaint) as refused:
        from_project(path)
    assert str(path) in str(refused.value)


def test_a_project_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("")

    def refuse(self: Path) -> bytes:  # tests may run as a user to whom nothing is forbidden
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ArgumentError, match=r"pyproject.toml cannot be read, so its \[tool.lamella\] is unknown"):
        from_project(path)


def test_the_program_comes_before_the_environment_and_that_before_the_project_each_setting_on_its_own(
    tmp_path: Path,
) -> None:
    said = project(tmp_path, '[tool.lamella]\nplugins = "off"\nstrict = true\nprefer = ["project"]\n')
    environ = {"LAMELLA_PLUGINS": "acme", "LAMELLA_PLUGINS_PREFER": "environment", "LAMELLA_PLUGINS_STRICT": ""}
    found = decide(from_program(None, None, "program"), from_environment(environ), said)
    assert found.allowed == {"acme"}
    assert found.preferred == ("program",)
    assert found.strict


# Ranges of versions.

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
