"""Writes a model as a Python file that needs NumPy alone."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

import lamella
from lamella import Tensor, nn
from lamella.core.errors import ArgumentError

_HEAD = '''"""A model exported from Lamella: `predict` needs NumPy alone."""

import base64

import numpy as np


def _array(text, dtype, shape):
    return np.frombuffer(base64.b85decode(text), dtype).reshape(shape)

'''

_LINES = {
    nn.Identity: (),
    nn.Dropout: (),
    nn.ReLU: ("x = np.maximum(x, 0)",),
    nn.Tanh: ("x = np.tanh(x)",),
    nn.Sigmoid: ("with np.errstate(over='ignore'):", "    x = 1 / (1 + np.exp(-x))"),
}
"""The lines that layers without parameters become. They are those of a model in use, in which dropout does nothing."""


def export(model: nn.Module, example_inputs: tuple[Any, ...], path: str) -> None:
    """Write ``model`` as a Python file with a function ``predict(x)``, from an array to an array.

    Args:
        model: An ``nn.Sequential`` of ``Linear``, ``ReLU``, ``Tanh``, ``Sigmoid``, ``Identity`` and ``Dropout``, nested
            as you like. It is left as it was.
        example_inputs: One tensor that the model can be called with; its dtype is that of ``predict``.
        path: The file to write, replaced if it exists.

    Raises:
        ValueError: There is a layer of another kind, or not one example.
        RuntimeError: The model cannot be called with the example.
    """
    if len(example_inputs) != 1 or not isinstance(example_inputs[0], Tensor):
        raise ArgumentError(f"expected one tensor that the model can be called with, got {example_inputs!r}")
    with lamella.no_grad():
        model(example_inputs[0])
    constants: list[str] = []
    body = [f"x = np.asarray(x, {_name(example_inputs[0])!r})", *_body(model, constants)]
    function = "\n    ".join(["def predict(x):", *body, "return x"])
    Path(path).write_text(_HEAD + "\n".join(constants) + f"\n\n\n{function}\n", encoding="utf-8")


def _body(module: nn.Module, constants: list[str]) -> list[str]:
    """The lines of a layer or model; adds what they need to ``constants``."""
    if isinstance(module, nn.Sequential):
        return [line for layer in module for line in _body(layer, constants)]
    if type(module) is nn.Linear:
        product = f"x @ {_constant(module.weight, constants)}.T"
        return [f"x = {product}" if module.bias is None else f"x = {product} + {_constant(module.bias, constants)}"]
    if type(module) not in _LINES:
        known = ", ".join(sorted(kind.__name__ for kind in (nn.Sequential, nn.Linear, *_LINES)))
        kind = type(module).__name__
        raise ArgumentError(f"a layer of the kind {kind} can't be exported; those that can are {known}")
    return list(_LINES[type(module)])


def _constant(tensor: Tensor, constants: list[str]) -> str:
    name = f"_{len(constants)}"
    array = np.ascontiguousarray(tensor.detach().cpu().numpy()).astype(_name(tensor))
    text = base64.b85encode(array.tobytes()).decode()
    constants.append(f"{name} = _array({text!r}, {_name(tensor)!r}, {tuple(array.shape)})")
    return name


def _name(tensor: Tensor) -> str:
    """The dtype as NumPy writes it, with its byte order: ``<f4``."""
    return tensor.dtype.numpy.newbyteorder("<").str


__all__ = ["export"]
