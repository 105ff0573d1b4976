"""The page that lists all hooks, from the hookspecs and the contracts of what they offer."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

from lamella.core.plugins import contracts, hookspecs
from lamella.core.plugins.registry import KINDS


def page() -> str:
    """The text of ``docs/hooks.md``."""
    specs = [getattr(hookspecs, f"register_{kind}") for kind in KINDS]
    rows = [
        f"| [`{spec.__name__}`](#{spec.__name__}) | `plugins.{kind}` | {noun} |"
        for spec, (kind, noun) in zip(specs, KINDS.items(), strict=True)
    ]
    parts = [
        "<!-- Written by scripts/generate.py: change packages/core/src/lamella/core/plugins instead. -->",
        "# The hooks",
        *markdown(hookspecs).split("\n\n")[1:],  # the title says the first line
        "\n".join(["| hook | fills the registry | one entry is a |", "| --- | --- | --- |", *rows]),
        *(f"## {spec.__name__}\n\n{markdown(spec)}" for spec in specs),
        "# The contracts",
        *markdown(contracts).split("\n\n")[1:],
        *(f"## {contract.__name__}\n\n{body(contract)}" for contract in protocols()),
    ]
    return "\n\n".join(parts) + "\n"


def protocols() -> Iterator[type]:
    """The contracts, in the order of the file."""
    for value in vars(contracts).values():
        if inspect.isclass(value) and value.__module__ == contracts.__name__:
            yield value


def body(contract: type) -> str:
    """What a contract asks for: its docstring, and each method with its own."""
    parts = [markdown(contract)]
    for name, method in vars(contract).items():
        documented = inspect.isfunction(method) and method.__doc__  # typing adds an `__init__` of its own, without
        if documented and method.__module__ == contracts.__name__:
            call = {"__init__": contract.__name__, "__call__": "the function"}.get(name, name)
            arguments = map(written, list(inspect.signature(method).parameters.values())[1:])
            parts.append(f"**`{call}({', '.join(arguments)})`**\n\n{markdown(method)}")
    return "\n\n".join(parts)


def written(parameter: inspect.Parameter) -> str:
    """A parameter as its definition has it."""
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}: {parameter.annotation}{default}"


def markdown(documented: object) -> str:
    """A docstring in Markdown, without its examples; what each hook says of its one argument is said once, above."""
    text = inspect.getdoc(documented) or ""
    parts = []
    for block in text.replace("``", "`").split("\n\n"):
        title, _, rest = block.partition("\n")
        if title == "Example:" or (title == "Args:" and documented in vars(hookspecs).values()):
            continue
        if title == "Args:":
            entries = re.findall(r"^(\w+): (.*(?:\n +.*)*)", textwrap.dedent(rest), re.MULTILINE)
            parts.append("\n".join(filled(f"- `{name}`: {said}") for name, said in entries))
        else:
            parts.append(filled(block))
    return "\n\n".join(parts)


def filled(text: str) -> str:
    """Text in lines of our length."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(" ".join(text.split()), 120, subsequent_indent=indent, break_on_hyphens=False)
