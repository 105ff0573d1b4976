"""The op record: all that the framework knows of one operation, in one place.

``define_op`` turns a forward function, written once against a backend's namespace, into a public callable and a
record in :data:`OPS`. Gradient rules are attached with ``.vjp``. Everything else (methods, gradients of gradients,
tests, every backend) follows from the record.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Protocol

from lamella.core import backends
from lamella.core.backends import kernels
from lamella.core.late_imports import import_late
from lamella.core.rules import DtypeRule

#: A gradient rule and how its arguments are picked.
Rule = tuple[Callable[..., Any], Callable[..., Any] | None]

#: What a rule may ask for besides inputs and attributes, in the order the engine lays them out.
GRAD, OUT = "grad", "out"
#: In place of ``out``, of an op with several results: all of them but the first, which programs change in place.
OTHERS = "others"
#: In place of ``out``, where backward needs all inputs too: it is computed again if a program has changed it in place.
RESULT = "result"


class OpFunction(Protocol):
    """A public op: callable on Tensors, numbers and raw arrays, carrying its record."""

    __name__: str
    op: Op

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def vjp(self, joint: Callable[..., Any] | None = None, /, **rules: Callable[..., Any] | None) -> None:
        """See :meth:`Op.vjp`."""

    def batched(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """See :meth:`Op.batched`."""


class Op:
    """One operation.

    Attributes:
        name: Its name: public, and how kernels and interpreters know it.
        forward: ``forward(xp, *inputs, *attributes)`` on raw arrays.
        inputs: Names of the tensor inputs. attributes: names of the others, plain values; defaults: theirs.
        variadic: Whether the only input is a sequence of tensors (``cat``).
        view: Whether the result shares the first input's memory.
        shape: Shape rule. dtype: dtype rule (see ``rules``).
        rules: For each input ``(rule, pick)``, or None where there is no gradient; ``pick`` takes the rule's
            arguments from ``(grad, out, *inputs, *attributes)``, and is None for a rule that asks for ``grad`` alone.
        together: ``(rule, pick)`` of one rule that gives all gradients: a joint rule, or that of a variadic op.
        all_graded: Whether every input has a gradient. grad_suffices: whether no rule asks for more than ``grad``.
        differentiable: Whether any input has a gradient. keeps_shapes: whether a rule asks for an input's shape.
        asks: What rules call the results: ``out``, ``others`` or ``result``.
        call: The public function. operator: the same for use as an operator, if it has two inputs.
        batching: How the op runs on a batch of inputs at once (see :meth:`batched`); None if not said.
        linear: Inputs in which the op is linear, the others held.
        trailing: For each input, how many last dimensions the op works on; those in front are a batch to it. None if
            not said.
        autocast: What it computes in inside an autocast region: ``"lower"`` (the region's dtype) or
            ``"float32"``; None for what it is given.
        samples, errors: Functions that make the op's test inputs; see ``lamella.core.testing``.
    """

    __slots__ = (
        "__weakref__",
        "all_graded",
        "asks",
        "attributes",
        "autocast",
        "batching",
        "call",
        "defaults",
        "differentiable",
        "dtype",
        "errors",
        "forward",
        "grad_suffices",
        "inputs",
        "keeps_shapes",
        "kernels",
        "linear",
        "name",
        "operator",
        "plans",
        "rules",
        "samples",
        "shape",
        "together",
        "trailing",
        "variadic",
        "view",
    )

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        inputs: Sequence[str],
        shape: Callable[..., Any],
        dtype: DtypeRule,
        variadic: bool,
        view: bool,
        linear: Sequence[str],
        trailing: int | tuple[int, ...] | None,
        autocast: str | None,
        samples: Callable[[Any], Any] | None,
        errors: Callable[[Any], Any] | None,
    ) -> None:
        code = forward.__code__
        parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.name = forward.__name__
        self.inputs = tuple(inputs)
        if parameters[: 1 + len(self.inputs)] != ("xp", *self.inputs):
            raise TypeError(f"{self.name}: the forward's parameters must start with xp, {', '.join(inputs)}")
        self.attributes = parameters[1 + len(self.inputs) :]
        defaults = dict(
            zip(reversed(parameters[: code.co_argcount]), reversed(forward.__defaults__ or ()), strict=False)
        )
        defaults |= forward.__kwdefaults__ or {}
        self.defaults = defaults
        unknown = [name for name in linear if name not in self.inputs]
        if unknown:
            raise TypeError(f"{self.name}: linear in {', '.join(unknown)}, but its inputs are {', '.join(self.inputs)}")
        self.linear = frozenset(linear)
        self.trailing = (trailing,) * len(self.inputs) if isinstance(trailing, int) else trailing
        self.autocast = autocast
        self.batching: Callable[..., Any] | None = None
        self.forward = forward
        self.shape = shape
        self.dtype = dtype
        self.variadic = variadic
        self.view = view
        self.samples = samples
        self.errors = errors
        self.rules: list[Any] = []  # of Rule or None
        self.together: Any = None  # a Rule or None
        self.grad_suffices = False
        self.all_graded = False
        self.differentiable = False
        self.asks = OUT
        self.keeps_shapes = False
        self.plans: dict[int, tuple[bool, ...]] = {}
        self.kernels = kernels.KernelTable(self._find_kernel)
        # both are made by dispatch
        self.call: Callable[..., Any] = forward
        self.operator: Callable[..., Any] = forward

    def _find_kernel(self, array_type: type) -> Callable[..., Any]:
        return kernels.resolve(self.name, self.forward, backends.of_array_type(array_type))

    def vjp(self, joint: Callable[..., Any] | None = None, /, **rules: Callable[..., Any] | None) -> None:
        """Attach the gradient rules: for each input by name ``rule(F, …)``, or None where there is no gradient.

        A rule's parameters after ``F`` (the ops, on raw arrays or on Tensors) name what it needs: ``grad``, ``out``,
        any input, any attribute, or the shape of an input alone (``input_shape``); just that is kept for the backward
        pass. Programs may not change in place what is kept, but for two that go by other names than ``out``:
        ``others`` are the results with None for the first, ``result`` is computed again from the inputs. A rule states
        mathematics only: the engine sums broadcast axes, restores dtypes and accumulates.

        Args:
            joint: Instead of rules by name, one rule that gives a tuple of the gradients of all inputs, for ops
                whose gradients share work. It may ask for ``needs``, a tuple of bools.

        Raises:
            TypeError: An input has no rule, or a rule names what the op does not have.
        """
        given = [r for r in (joint, *rules.values()) if r is not None]
        shapes = tuple(f"{i}_shape" for i in self.inputs)
        asked = {name for rule in given for name in rule.__code__.co_varnames[: rule.__code__.co_argcount]}
        self.keeps_shapes = not asked.isdisjoint(shapes)
        self.asks = next((name for name in (OTHERS, RESULT) if name in asked), OUT)
        known = (GRAD, self.asks, *self.inputs, *self.attributes, *(shapes if self.keeps_shapes else ()), "needs")

        def prepared(rule: Callable[..., Any]) -> Rule:
            code = rule.__code__
            names = code.co_varnames[1 : code.co_argcount]
            unknown = [n for n in names if n not in known]
            if unknown or code.co_varnames[:1] != ("F",):
                raise TypeError(
                    f"{self.name}: a rule asks for {', '.join(unknown) or 'no F'}; its first parameter is F, and it "
                    f"may ask for {', '.join(known)}"
                )
            alone = names == (GRAD,) and not together
            return rule, None if alone else picker([known.index(n) for n in names])

        together = joint is not None or self.variadic
        if joint is not None:
            self.rules = [prepared(joint)] * len(self.inputs)
        else:
            if set(rules) != set(self.inputs):
                raise TypeError(
                    f"{self.name}: gradient rules are for {', '.join(rules) or 'nothing'}, but the differentiable "
                    f"inputs are {', '.join(self.inputs)}. Give None for an input without a gradient."
                )
            self.rules = [None if rule is None else prepared(rule) for rule in (rules[i] for i in self.inputs)]
        self.together = self.rules[0] if together else None
        self.differentiable = any(r is not None for r in self.rules)
        self.grad_suffices = all(r is None or r[1] is None for r in self.rules)
        self.all_graded = None not in self.rules

    def batched(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Say how the op runs on a batch of inputs at once, for ``vmap``; a decorator.

        Without a rule elementwise ops, ops along dims and those that say what is ``trailing`` run on the whole batch;
        others once for each sample.

        Args:
            rule: ``rule(F, size, batched, *inputs, *attributes)``: ``F`` has the ops; inputs with True in the tuple
                ``batched`` have ``size`` samples along a dimension in front, the others none. Gives the result, or a
                tuple of the results, with the samples along a dimension in front.
        """
        self.batching = rule
        return rule

    def graded(self, edges: tuple[Any, ...]) -> tuple[Any, ...]:
        """``edges``, None for inputs without a gradient."""
        return tuple(e if r is not None else None for e, r in zip(edges, self.rules, strict=True))

    def plan(self, mask: int) -> tuple[bool, ...]:
        """Which of ``(out, *inputs)`` backward needs when the inputs in the bits of ``mask`` want a gradient."""
        found = self.plans.get(mask)
        if found is None:
            names: set[str] = set()
            for i, pair in enumerate(self.rules):
                if pair is not None and mask >> i & 1:
                    names.update(pair[0].__code__.co_varnames[1 : pair[0].__code__.co_argcount])
            found = self.plans[mask] = tuple(n in names for n in (self.asks, *self.inputs))
        return found

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """``(inputs, attributes)`` from a call's arguments, defaults filled in.

        Raises:
            TypeError: An argument is missing, unknown or given twice.
        """
        names = self.inputs + self.attributes
        if len(args) > len(names):
            raise TypeError(f"{self.name}() takes {len(names)} arguments but {len(args)} were given")
        values = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name in values or name not in names:
                why = "multiple values for" if name in values else "an unexpected keyword"
                raise TypeError(f"{self.name}() got {why} argument '{name}' (its arguments: {', '.join(names)})")
            values[name] = value
        for name in names:
            if name not in values:
                if name not in self.defaults:
                    raise TypeError(f"{self.name}() missing required argument '{name}'")
                values[name] = self.defaults[name]
        n = len(self.inputs)
        bound = tuple(values[name] for name in names)
        return bound[:n], bound[n:]

    def node_name(self) -> str:
        """PyTorch's name of its graph nodes: ``MulBackward0``."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("_")) + "Backward0"

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.inputs + self.attributes)})>"


def picker(indices: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A fast function that takes a tuple and gives those of its items, as a tuple."""
    if len(indices) == 0:
        return lambda values: ()
    if len(indices) == 1:
        only = indices[0]
        return lambda values: (values[only],)
    return itemgetter(*indices)


class OpTable(dict[str, Op]):
    """Every op by name. One whose family is not loaded yet is loaded when it is asked for by ``[]``."""

    def __init__(self) -> None:
        #: The module that defines an op, for those that are not imported with the package.
        self.modules: dict[str, str] = {}

    def __missing__(self, name: str) -> Op:
        if name not in self.modules:
            raise KeyError(name)
        import_late(self.modules[name])
        return self[name]


#: Every op.
OPS = OpTable()

_quiet: set[str] = set()


def keep_quiet(module: str) -> None:
    """Ignore NumPy's floating-point warnings raised from ``module``: 1/0 is inf, without comment, as in PyTorch.

    A filter by module leaves the application's own NumPy code alone, and costs nothing, unlike ``np.errstate``
    (0.7 µs a call where an add takes 0.8). Where the application turned warnings or floating-point errors into
    exceptions, the dispatcher computes again without them.
    """
    pattern = r"lamella\." if module.startswith("lamella.") else re.escape(module) + "$"
    if pattern not in _quiet:
        _quiet.add(pattern)
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=pattern)
