"""What every layer is held to."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251  # the check that layers survive it; the bytes are its own
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import lamella
from lamella.core import dtypes, plugins
from lamella.core.tensor import Tensor
from lamella.core.testing.gradcheck import gradcheck, gradgradcheck
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter
from lamella.nn.testing.layer_samples import LayerCall, LayerSubject, assert_same_tensors, placed, tensors_in
from lamella.nn.utils.stateless import functional_call


@contextmanager
def _named(call: LayerCall) -> Iterator[None]:
    """Name the call in whatever goes wrong inside."""
    try:
        yield
    except Exception as error:  # raised again, with the call
        error.add_note(str(call))
        raise


def docstring(subject: LayerSubject) -> None:
    """The class has a docstring of its own."""
    assert subject.cls.__doc__, f"{subject.name} has no docstring"


def registered_parameters(subject: LayerSubject) -> None:
    """Whatever is to be trained, and every module, is registered: none hides in a plain list or attribute."""
    for call in subject.calls:
        for path, module in subject.layer(call).named_modules():
            own = {*module._parameters, *module._buffers, *module._modules}
            for name, value in vars(module).items():
                if name.startswith("_") or name in own:
                    continue
                hidden = [v for v in _within(value) if isinstance(v, (Parameter, Module))]
                assert not hidden, (
                    f"{path or subject.name}.{name} holds {type(hidden[0]).__name__}s that are not registered. Use "
                    "nn.ParameterList or nn.ModuleList, or assign each to an attribute."
                )


def _within(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _within(item)
    else:
        yield value


def representation(subject: LayerSubject) -> None:
    """``repr`` starts with the class's name, and ``extra_repr`` is a string."""
    for call in subject.calls:
        layer = subject.layer(call)
        assert repr(layer).startswith(layer._get_name()), f"repr is {layer!r}"
        assert isinstance(layer.extra_repr(), str), "extra_repr() gives no string"


def state_round_trip(subject: LayerSubject) -> None:
    """Another layer with the state of this one gives what this one gives."""
    for call in subject.calls:
        with _named(call):
            layer, other = subject.layer(call).eval(), subject.layer(call, seed=9).eval()
            other.load_state_dict(layer.state_dict())
            assert_same_tensors(subject.run(other, call), subject.run(layer, call))


def copies(subject: LayerSubject) -> None:
    """Deep copies and pickles give the same, keep the mode, and share no memory."""
    for call in subject.calls:
        layer = subject.layer(call).eval()
        for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            with _named(call):
                assert not copied.training, "the copy is in training mode, the layer is not"
                assert_same_tensors(subject.run(copied, call), subject.run(layer, call))
                for mine, theirs in zip(_state(layer), _state(copied), strict=True):
                    assert not np.shares_memory(mine.numpy(), theirs.numpy()), "the copy shares memory"


def _state(layer: Module) -> list[Tensor]:
    return [value.detach() for value in tensors_in(dict(layer.state_dict()))]


def modes(subject: LayerSubject) -> None:
    """``train()`` and ``eval()`` reach every module and return the layer."""
    for call in subject.calls:
        layer = subject.layer(call)
        for mode in (False, True):
            assert layer.train(mode) is layer, "train() does not return the layer"
            assert {module.training for module in layer.modules()} == {mode}, f"train({mode}) leaves a module behind"


def no_hidden_state(subject: LayerSubject) -> None:
    """A call depends on its inputs and on what ``state_dict`` holds; in evaluation it changes nothing."""
    for call in subject.calls:
        with _named(call):
            layer = subject.layer(call).eval()
            before = copy.deepcopy(layer.state_dict())
            first = [t.detach().clone() for t in subject.run(layer, call)]
            assert_same_tensors(subject.run(layer, call), first, rtol=0, atol=0)
            assert_same_tensors(list(tensors_in(dict(layer.state_dict()))), list(tensors_in(dict(before))))
            layer.train()
            twin = copy.deepcopy(layer)
            assert_same_tensors(subject.run(layer, call), subject.run(twin, call), rtol=0, atol=0)


def gradient(subject: LayerSubject) -> None:
    """The gradients of inputs and parameters are those of finite differences, in float64."""
    _differentiated(subject, 1, gradcheck)


def second_gradient(subject: LayerSubject) -> None:
    """The gradients of gradients are those of finite differences, in float64."""
    _differentiated(subject, 2, gradgradcheck)


def _differentiated(subject: LayerSubject, order: int, check: Callable[..., bool]) -> None:
    if getattr(subject.cls, "conformance_derivatives", 2) < order:
        return
    for call in subject.calls:
        layer = subject.layer(call).eval()
        parameters = dict(layer.named_parameters())
        inputs = placed(call, wanted=True)

        def run(
            *given: Tensor, call: LayerCall = call, layer: Module = layer, names: tuple[str, ...] = tuple(parameters)
        ) -> tuple[Tensor, ...]:
            count = len(given) - len(names)
            swapped = dict(zip(names, given[count:], strict=True))
            stateless = _Called(layer, swapped)
            return tuple(t for t in call.called(stateless, list(given[:count])) if t.is_floating_point())

        leaves = [*inputs, *(p.detach().clone().requires_grad_(p.requires_grad) for p in parameters.values())]
        if any(leaf.requires_grad for leaf in leaves) and any(r.requires_grad for r in run(*leaves)):
            with _named(call):
                check(run, leaves)


class _Called(Module):
    """A layer with other tensors in place of its parameters."""

    def __init__(self, layer: Module, swapped: dict[str, Tensor]) -> None:
        super().__init__()
        self.layer = layer
        self.swapped = swapped

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return functional_call(self.layer, self.swapped, inputs, named)


def trained_parameters(subject: LayerSubject) -> None:
    """Every parameter that is to be trained gets a gradient from some sample call."""
    reached: set[str] = set()
    names: set[str] = set()
    for call in subject.calls:
        layer = subject.layer(call)
        results = [t for t in subject.run(layer, call) if t.requires_grad]
        if results:
            lamella.autograd.backward([(t * t).sum() for t in results])
        wanted = {name: p for name, p in layer.named_parameters() if p.requires_grad}
        names |= wanted.keys()
        reached |= {name for name, p in wanted.items() if p.grad is not None}
    assert names == reached, f"parameters without a gradient in every sample: {', '.join(sorted(names - reached))}"


def precisions(subject: LayerSubject) -> None:
    """``to(dtype)`` reaches all floating state, and float32 gives what float64 gives, but for rounding."""
    for call in subject.calls:
        with _named(call):
            layer = subject.layer(call).eval()
            expected = subject.run(layer, call)
            single = copy.deepcopy(layer).to(dtypes.float32)
            left = [n for n, v in single.state_dict().items() if isinstance(v, Tensor) and v.dtype is dtypes.float64]
            assert not left, f"to(float32) leaves {', '.join(left)} in float64"
            found = subject.run(single, call, [t.float() if t.is_floating_point() else t for t in placed(call)])
            for one, other in zip(found, expected, strict=True):
                kept = dtypes.float32 if other.is_floating_point() else other.dtype
                assert one.dtype is kept, f"from float32 comes {one.dtype}"
            assert_same_tensors(found, expected, check_dtype=False, rtol=1e-4, atol=1e-5)


def devices(subject: LayerSubject) -> None:
    """``to(device)`` moves the layer to every device that is installed here, and it gives the same there."""
    usable = [name for name in plugins.backends if plugins.backends.load(name).unavailable() is None]
    for call in subject.calls:
        for place in ("cpu", *usable):
            with _named(call):
                layer = subject.layer(call).eval()
                expected = subject.run(layer, call)
                moved = layer.to(place)
                assert moved is layer, "to(device) does not return the layer"
                assert {t.device.type for t in _state_tensors(moved)} <= {place}, f"to({place!r}) leaves state behind"
                found = subject.run(moved, call, [t.to(place) for t in placed(call)])
                assert_same_tensors([t.detach().cpu() for t in found], expected)


def _state_tensors(layer: Module) -> list[Tensor]:
    return list(tensors_in(dict(layer.state_dict())))


def layouts(subject: LayerSubject) -> None:
    """Inputs whose elements do not lie one after another in memory give the same."""
    for call in subject.calls:
        with _named(call):
            layer = subject.layer(call).eval()
            turned = [
                lamella.tensor(np.array(a.T, order="C")).permute(tuple(reversed(range(a.ndim)))) for a in call.arrays
            ]
            assert_same_tensors(subject.run(layer, call, turned), subject.run(layer, call))


def inputs_stay(subject: LayerSubject) -> None:
    """A call, and its gradients, change no input."""
    for call in subject.calls:
        with _named(call):
            layer = subject.layer(call)
            inputs = placed(call, wanted=True)
            results = [t for t in subject.run(layer, call, inputs) if t.requires_grad]
            if results:
                lamella.autograd.backward([(t * t).sum() for t in results])
            assert_same_tensors(inputs, placed(call), rtol=0, atol=0)


def batches(subject: LayerSubject) -> None:
    """If ``conformance_batch`` is "first", dimension 0 is a batch; if "leading", there may be any number in front."""
    kind = getattr(subject.cls, "conformance_batch", None)
    assert kind in (None, "first", "leading"), f'conformance_batch is "first" or "leading", got {kind!r}'
    if kind is None:
        return
    for call in subject.calls:
        with _named(call):
            layer = subject.layer(call).eval()
            expected = subject.run(layer, call)
            one = subject.run(layer, call, [t[:1] for t in placed(call)])
            assert_same_tensors(one, [t[:1] for t in expected])
            if kind == "leading":
                more = subject.run(layer, call, [t[None, None] for t in placed(call)])
                assert_same_tensors(more, [t[None, None] for t in expected])


#: In the order in which they run.
CHECKS = (
    docstring,
    registered_parameters,
    representation,
    state_round_trip,
    copies,
    modes,
    no_hidden_state,
    gradient,
    second_gradient,
    trained_parameters,
    precisions,
    devices,
    layouts,
    inputs_stay,
    batches,
)

__all__ = ["CHECKS"]
