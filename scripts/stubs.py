"""Signatures of what the op families give, as the type stubs that editors and type checkers read."""

from __future__ import annotations

import ast
import builtins
import inspect
import typing
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from lamella.core import methods, ops
from lamella.core.keywords import makes_a_tensor, public
from lamella.core.tensor import Tensor

HEAD = '"""{}. Written by ``scripts/generate.py``."""\n\n'
OUT = "out: Any = None"
PLACEMENT = ["layout: Any = ...", "pin_memory: builtins.bool = False"]


def functions() -> str:
    """The stub of the functions that ``lamella`` has from the families."""
    writer = Writer()
    found = {name: public(family, name) for family in ops.load_all() for name in ops.functions(family)}
    without = {name for family in ops.load_all() for name in getattr(family, "NO_OUT", ())}
    body = [writer.function(name, found[name], name not in without) for name in sorted(found)]
    names = "".join(f'    "{name}",\n' for name in sorted(found))
    return (
        HEAD.format("The functions of the op families")
        + writer.imports()
        + f"__all__ = [\n{names}]\n\n"
        + "".join(body)
    )


def tensor_methods() -> str:
    """The stub of the methods that Tensors have from the families and from ``methods``."""
    writer = Writer()
    modules = [*ops.load_all(), *(import_module(f"lamella.core.{name}") for name in methods.LATER)]
    found = {name: _made(method) for module in modules for name, method in methods.of_family(module).items()}
    found |= {name: value for name, value in vars(Tensor).items() if _is_attached(value) and name not in found}
    body = [writer.method(name, found[name]) for name in sorted(found)]
    text = "class Methods:\n" + "".join(body)
    return HEAD.format("The methods of Tensor that the op families define") + writer.imports() + text


def _made(method: Any) -> Any:
    return method.__get__(None, Tensor) if isinstance(method, methods.InPlace) else method


def _is_attached(value: Any) -> bool:
    """Whether a member of Tensor was attached by ``methods`` and is not of the class's own text."""
    if isinstance(value, property):
        value = value.fget
    return getattr(value, "__module__", "lamella.core.tensor") != "lamella.core.tensor" and callable(value)


class Writer:
    """Writes signatures, and remembers what the names in them mean."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {"Any": "typing", "Tensor": "lamella.core.tensor"}
        self.originals: dict[str, str] = {}
        self.modules: dict[str, str] = {"builtins": "builtins"}

    def function(self, name: str, function: Callable[..., Any], takes_out: bool) -> str:
        """A function's stub, with its docstring."""
        plain = inspect.unwrap(function)
        more = [OUT] if takes_out else []
        more += PLACEMENT if makes_a_tensor(plain) else []
        return f"def {name}{self.signature(plain, more)}:\n{self.docstring(function, '    ')}\n"

    def method(self, name: str, method: Any) -> str:
        """A method's or property's stub, with its docstring."""
        if isinstance(method, property):
            getter = self.signature(method.fget, is_method=True)
            lines = f"    @property\n    def {name}{getter}:\n{self.docstring(method, '        ', whole=False)}"
            if method.fset is not None:
                lines += f"    @{name}.setter\n    def {name}(self, value: Any) -> None: ...\n"
            return lines
        text = self.signature(inspect.unwrap(method), is_method=True)
        return f"    def {name}{text}:\n{self.docstring(method, '        ', whole=False)}"

    def docstring(self, value: Any, indent: str, *, whole: bool = True) -> str:
        """The docstring, or its first line, indented; an ellipsis where there is none."""
        text = inspect.getdoc(value)
        if text and not whole:
            text = text.partition("\n")[0]
        if not text:
            return f"{indent}...\n"
        lines = text.replace("\\", "\\\\").split("\n")
        if len(lines) == 1:
            return f'{indent}"""{text}"""\n'
        inside = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines[1:])
        return f'{indent}"""{lines[0]}\n{inside}{indent}"""\n'

    def signature(self, function: Callable[..., Any], more: Sequence[str] = (), *, is_method: bool = False) -> str:
        """``(parameters, *, more) -> result``."""
        op = getattr(function, "op", None)
        if op is not None and function is op.call:
            parameters = [f"{name}: Any" for name in (*op.inputs, *op.attributes)]
            parameters = [
                p + (f" = {_default(op.defaults[n])}" if n in op.defaults else "")
                for p, n in zip(parameters, (*op.inputs, *op.attributes), strict=True)
            ]
            result = "Tensor"
            keyword_only = False
        else:
            known = inspect.signature(function)
            parameters, keyword_only = self.parameters(function, known.parameters.values())
            result = self.annotation(function, known.return_annotation)
        if is_method:
            parameters = ["self", *[p for p in parameters[1:] if p != "/"]]
        more = [
            keyword for keyword in more if keyword.partition(":")[0] not in {p.partition(":")[0] for p in parameters}
        ]
        if more:
            at = len(parameters) - parameters[-1].startswith("**")
            parameters[at:at] = more if keyword_only else ["*", *more]
        return f"({', '.join(parameters)}) -> {result}"

    def parameters(self, function: Callable[..., Any], known: Iterable[inspect.Parameter]) -> tuple[list[str], bool]:
        """Parameters as text, and whether more of them can only be keywords."""
        written: list[str] = []
        before = None
        keyword_only = False
        for p in known:
            if before is not None and before.kind is p.POSITIONAL_ONLY and p.kind is not p.POSITIONAL_ONLY:
                written.append("/")
            if p.kind is p.KEYWORD_ONLY and not keyword_only:
                written.append("*")
            keyword_only = keyword_only or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
            stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
            text = f"{stars}{p.name}: {self.annotation(function, p.annotation)}"
            written.append(text if p.default is p.empty else f"{text} = {_default(p.default)}")
            before = p
        if before is not None and before.kind is before.POSITIONAL_ONLY:
            written.append("/")
        return written, keyword_only

    def annotation(self, function: Callable[..., Any], given: Any) -> str:
        """An annotation, its names known to the stub."""
        if given is inspect.Signature.empty:
            return "Any"
        tree = ast.parse(given if isinstance(given, str) else getattr(given, "__name__", "Any"), mode="eval")
        return ast.unparse(_Qualified(self, function).visit(tree))

    def imports(self) -> str:
        """The import lines for all names met so far."""
        renamed = (f" as {name}" if name != module else "" for name, module in sorted(self.modules.items()))
        modules = [f"import {self.modules[n]}{r}\n" for n, r in zip(sorted(self.modules), renamed, strict=True)]
        by_module: dict[str, list[str]] = {}
        for name, module in self.names.items():
            original = self.originals.get(name, name)
            by_module.setdefault(module, []).append(name if name == original else f"{original} as {name}")
        lines = "".join(
            f"from {module} import {', '.join(sorted(by_module[module]))}\n" for module in sorted(by_module)
        )
        return "".join(modules) + lines + "\n"


class _Qualified(ast.NodeTransformer):
    """Builtins' types by their full name, because ops share theirs (``complex``, ``range``)."""

    def __init__(self, writer: Writer, function: Callable[..., Any]) -> None:
        self.writer = writer
        self.function = function

    def visit_Name(self, node: ast.Name) -> ast.AST:
        space = self.function.__globals__
        if node.id not in space and hasattr(builtins, node.id):
            return ast.Attribute(ast.Name("builtins", ast.Load()), node.id, ast.Load())
        value = space[node.id]
        if isinstance(value, ModuleType):
            self.writer.modules[node.id] = value.__name__
        elif getattr(typing, node.id, None) is value:
            self.writer.names[node.id] = "typing"
        elif isinstance(value, type):
            self.writer.names[node.id] = value.__module__
            self.writer.originals[node.id] = value.__name__
        else:  # an alias of types
            self.writer.names.setdefault(node.id, self.function.__module__)
        return node


def _default(value: Any) -> str:
    return repr(value) if value is None or isinstance(value, (bool, int, float, str, tuple)) else "..."
