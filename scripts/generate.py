"""Write what is derived from the source: the index by which op families load on first use, type stubs, the hooks' page.

python scripts/generate.py            write the files
python scripts/generate.py --check    say which of them are stale, and fail if any is
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import hooks_page
import stubs

from lamella.core import methods, ops
from lamella.core.op import OPS

CORE = Path(ops.__path__[0]).parent
DOCS = Path(__file__).resolve().parents[1] / "docs"


def index() -> str:
    """The text of ``ops/index.py``."""
    families = [family for family in ops.load_all() if family not in ops.EAGER]
    others = [import_module(f"lamella.core.{name}") for name in methods.LATER]
    tables = {
        "FUNCTIONS": ("Public functions", {_name(f): ops.functions(f) for f in families}),
        "METHODS": ("Methods of Tensor", {_name(f): methods.of_family(f) for f in (*families, *others)}),
        "OPS": ("Ops", {_name(f): _ops_of(f) for f in families}),
    }
    lines = ['"""Which family has what, for those that load on first use. Written by ``scripts/generate.py``."""', ""]
    lines.append("from __future__ import annotations")
    for table, (what, names) in tables.items():
        lines += ["", f"#: {what}.", f"{table}: dict[str, str] = {{"]
        found = [(name, family) for family, its in names.items() for name in its]
        doubled = sorted({name for name, _ in found if sum(name == other for other, _ in found) > 1})
        if doubled:
            raise SystemExit(f"several families have the {what.lower()} {', '.join(doubled)}")
        lines += [f'    "{name}": "{family}",' for name, family in sorted(found)]
        lines.append("}")
    return "\n".join(lines) + "\n"


def _name(family: ModuleType) -> str:
    return family.__name__.removeprefix("lamella.core.")


def _ops_of(family: ModuleType) -> Iterable[str]:
    """The ops that a family's modules define."""
    eager = {loaded.__name__ for loaded in ops.EAGER}
    return [
        op.name
        for op in OPS.values()
        if f"{op.forward.__module__}.".startswith(f"{family.__name__}.") and op.forward.__module__ not in eager
    ]


#: Each file and what makes its text; the stubs are of what the index finds, so it comes first.
GENERATED = {
    CORE / "ops" / "index.py": index,
    CORE / "functions.pyi": stubs.functions,
    CORE / "tensor_methods.pyi": stubs.tensor_methods,
    DOCS / "hooks.md": hooks_page.page,
}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file is stale")
    check = parser.parse_args().check
    stale = []
    for path, make in GENERATED.items():
        text = make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if not check:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")  # it is a command
    if check and stale:
        sys.exit(f"stale: {', '.join(stale)}. Run: make generate")


if __name__ == "__main__":
    main()
