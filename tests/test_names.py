"""The public names are PyTorch's, with its parameters and defaults, and each says what it is.

``data/names.json`` lists the names in scope, ``data/signatures.json`` how PyTorch's documentation says they are called:
the forms of a call, without ``out=``, which one place adds to all.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import lamella

DATA = Path(__file__).with_name("data")
NAMES: dict[str, list[str]] = json.loads((DATA / "names.json").read_text())
SIGNATURES: dict[str, dict[str, list[str]]] = json.loads((DATA / "signatures.json").read_text())

#: Names that are left out on purpose, and why.
ABSENT = {
    "lamella.Tensor.__div__": "the operator of Python 2",
    "lamella.Tensor.__idiv__": "the operator of Python 2",
    "lamella.Tensor.index": "undocumented: x[…] says it",
    "lamella.fft.common_args": "a piece of PyTorch's documentation",
    "lamella.fft.factory_common_args": "a piece of PyTorch's documentation",
}

#: Parameters that PyTorch has and we leave out everywhere, and why.
PARAMETERS_LEFT_OUT = {
    "layout": "tensors have one layout, strided",
    "pin_memory": "there is no pinned memory without a device that wants it",
    "sparse_grad": "there are no sparse tensors",
    "names": "there are no named tensors",
    "implicit": "PyTorch's own",
    "pickle_module": "no pickle is ever executed",
    "pickle_protocol": "no pickle is ever executed",
}

#: What else differs, and why.
DEVIATIONS = {
    "lamella.Tensor.new": "the legacy constructor, by position only",
    "lamella.Tensor.to": "another tensor is taken by position only",
    "lamella.autograd.profiler.profile": "the options of PyTorch's profiler for devices and memory",
    "lamella.isin": "one of both may be a number, whatever it is called",
    "lamella.linspace": "`steps` is required since PyTorch 1.11; its stub still has the old form",
    "lamella.logspace": "`steps` is required since PyTorch 1.11; its stub still has the old form",
    "lamella.load": "no pickle is ever executed, so no module for it is taken",
    "lamella.tril_indices": "integers have no gradient",
    "lamella.triu_indices": "integers have no gradient",
    "lamella.random.fork_rng": "two parameters are private to PyTorch",
    "lamella.result_type": "taken by position only",
    "lamella.save": "two parameters are private to PyTorch",
    "lamella.split": "named `input`, as in all functions that are methods too",
    "lamella.hsplit": "named as in PyTorch's documentation",
    "lamella.vsplit": "named as in PyTorch's documentation",
    "lamella.dsplit": "named as in PyTorch's documentation",
    "lamella.tensor_split": "named as in PyTorch's documentation",
    "lamella.Tensor.hsplit": "named as in PyTorch's documentation",
    "lamella.Tensor.vsplit": "named as in PyTorch's documentation",
    "lamella.Tensor.dsplit": "named as in PyTorch's documentation",
    "lamella.Tensor.tensor_split": "named as in PyTorch's documentation",
    "lamella.Tensor.split": "named as in PyTorch's documentation",
    "lamella.tensor": "PyTorch takes all but the data by keyword; its stub says otherwise",
    "lamella.Tensor.requires_grad_": "named `requires_grad`, as PyTorch does; its stub says otherwise",
    "lamella.Tensor.map_": "named as in PyTorch's documentation",
    "lamella.Tensor.is_pinned": "the device is deprecated in PyTorch",
    "lamella.Tensor.pin_memory": "the device is deprecated in PyTorch",
    "lamella.Tensor.cpu": "x.to(memory_format=…) says it",
    "lamella.Tensor.resize_": "new memory is row-major",
    "lamella.Tensor.resize_as_": "new memory is row-major",
    "lamella.testing.make_tensor": "noncontiguous=True says what tests need",
    "lamella.linalg.norm": "named `A`, as in PyTorch's documentation",
    "lamella.linalg.vander": "PyTorch takes N by keyword; its documentation says otherwise",
    "lamella.autograd.backward": "`grad_variables` is deprecated in PyTorch",
    "lamella.autograd.enable_grad": "`orig_func` is how PyTorch writes a decorator",
    "lamella.autograd.gradcheck": "ten times as strict, so that an error of one part in a thousand shows",
    "lamella.autograd.gradgradcheck": "ten times as strict, so that an error of one part in a thousand shows",
    "lamella.func.jacrev": "`_preallocate_and_copy` is private to PyTorch",
}


def found(full_name: str) -> Any:
    value: Any = lamella
    for part in full_name.split(".")[1:]:
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("namespace", NAMES)
def test_every_name_is_there_and_says_what_it_is(namespace: str) -> None:
    for name in NAMES[namespace]:
        full_name = f"{namespace}.{name}"
        if full_name not in ABSENT:
            value = found(full_name)
            # what an operator's method does is Python's to say
            assert value.__doc__ or name.startswith("__"), f"{full_name} has no docstring"


@pytest.mark.parametrize("full_name", ABSENT)
def test_what_is_left_out_is_not_there(full_name: str) -> None:
    with pytest.raises(AttributeError):
        found(full_name)


# --- signatures


class Form(NamedTuple):
    """One way to call a function: its parameters in order, those that may be given by position, and defaults."""

    names: list[str]
    positional: list[str]
    defaults: dict[str, Any]


def parsed(text: str) -> Form:
    args = ast.parse(f"def f({text}): ...").body[0].args  # type: ignore[attr-defined]  # a function has them
    positional = [a.arg for a in (*args.posonlyargs, *args.args)]
    keyword = [a.arg for a in args.kwonlyargs]
    given = [*zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True)]
    given += [(name, value) for name, value in zip(keyword, args.kw_defaults, strict=True) if value is not None]
    return Form([*positional, *keyword], positional, {name: ast.literal_eval(value) for name, value in given})


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """A function's parameters; those of an op are its inputs and attributes."""
    ours = list(inspect.signature(function).parameters.values())
    op = getattr(function, "op", None)
    if op is not None and any(p.kind is p.VAR_KEYWORD for p in ours):
        return [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in (*op.inputs, *op.attributes)]
    return ours


def differences(ours: list[inspect.Parameter], texts: list[str]) -> list[str]:
    """What the forms of PyTorch's have that ours has not, or otherwise. At least one must fit by position."""
    forms = [parsed(text) for text in texts]
    named = {p.name: p for p in ours}
    by_position = [p.name for p in ours if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in ours)
    if any(p.kind is p.VAR_KEYWORD for p in ours):
        return []  # hands them on to a function that is compared itself
    wrong = []
    for form in forms:
        for name in form.names:
            if name in PARAMETERS_LEFT_OUT or (name == "size" and takes_any):
                continue
            if name not in named:
                wrong.append(f"no {name!r}")
            elif name in form.defaults:
                allowed = [f.defaults[name] for f in forms if name in f.defaults]
                wrong += [] if _is_one_of(named[name].default, allowed) else [f"{name}={named[name].default!r}"]
    if not takes_any and not any(by_position[: len(f.positional)] == f.positional for f in forms):
        wrong.append(f"by position {by_position}")
    return wrong


def _is_one_of(default: Any, allowed: list[Any]) -> bool:
    """Whether a default is among those of PyTorch, where None and [] mean that something else is chosen."""
    plain = list(default) if isinstance(default, tuple) else default
    if default is inspect.Parameter.empty:
        return False
    return (
        plain is None or plain in allowed or None in allowed or [] in allowed or any(_is_an_object(a) for a in allowed)
    )


def _is_an_object(default: Any) -> bool:
    """Such as ``torch.preserve_format``, of which the table has the name."""
    return isinstance(default, str) and ("torch." in default or default.startswith("<"))


def compared(full_name: str, texts: list[str]) -> list[str]:
    function = found(full_name)
    ours = parameters(function)
    is_method = full_name.startswith("lamella.Tensor.")
    return differences(ours[1:] if is_method else ours, texts)


@pytest.mark.parametrize("namespace", SIGNATURES)
def test_parameters_and_defaults_are_pytorchs(namespace: str) -> None:
    full_names = {f"{namespace}.{name}": texts for name, texts in SIGNATURES[namespace].items()}
    wrong = {
        name: compared(name, texts)
        for name, texts in full_names.items()
        if name not in DEVIATIONS and name not in ABSENT
    }
    assert not {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize("full_name", DEVIATIONS)
def test_what_is_said_to_deviate_does(full_name: str) -> None:
    (texts,) = [its[name] for space, its in SIGNATURES.items() if (name := full_name.removeprefix(f"{space}.")) in its]
    assert compared(full_name, texts)


def test_a_wrong_default_name_or_order_is_found() -> None:
    def ours(input: Any, other: Any, keepdim: bool = True) -> None: ...

    texts = ["input, dim, keepdim=False"]
    assert differences(parameters(ours), texts) == [
        "no 'dim'",
        "keepdim=True",
        "by position ['input', 'other', 'keepdim']",
    ]
