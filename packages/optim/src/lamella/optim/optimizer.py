"""What all optimizers share: parameter groups, state, saving and loading, hooks."""

from __future__ import annotations

import copy
import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError
from lamella.core.graph import Handle
from lamella.core.modes import enable_grad
from lamella.core.tensor import Tensor
from lamella.optim.rows import host_number

#: What an optimizer is made for: parameters, or (name, parameter) pairs, or groups of either with their own options.
Params = Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[dict[str, Any]]
Closure = Callable[[], Any]


class Optimizer:
    """Base of all optimizers: subclasses define :meth:`step`.

    Args:
        params: Tensors; or ``(name, tensor)`` pairs such as ``module.named_parameters()``; or dicts with
            ``"params"`` and the options that differ from ``defaults`` in this group.
        defaults: Options of groups that don't set them.

    Our optimizers take PyTorch's flags. ``foreach``, ``fused`` and ``capturable`` choose between loops there and change
    nothing here, where a step always takes all parameters of a group together, piece by piece. ``differentiable``
    records the step: the parameters must be results of ops (clones of the leaves that you differentiate by), and a
    gradient passes through them, through their gradients, the state and a learning rate that is a tensor (but for ASGD
    and Rprop, which take it into their state as a number).

    Attributes:
        param_groups: A dict for each group: ``"params"`` and all options. Change an option here, and the next step
            uses it.
        state: What the optimizer remembers of each parameter, by parameter.
        defaults: As given.

    Raises:
        ValueError: No parameters, a parameter in two groups, some with names and some without, or one that is the
            result of an op.
        TypeError: ``params`` is a Tensor or holds something else than Tensors.

    Example:
        >>> import lamella
        >>> class SignSGD(Optimizer):
        ...     def __init__(self, params, lr=0.1):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     def step(self, closure=None):
        ...         for group in self.param_groups:
        ...             for p in group["params"]:
        ...                 p.data.sub_(p.grad.sign() * group["lr"])
        >>> w = lamella.ones(2, requires_grad=True)
        >>> w.grad = lamella.tensor([3.0, -4.0])
        >>> SignSGD([w]).step()
        >>> w
        tensor([0.9000, 1.1000], requires_grad=True)
    """

    defaults: dict[str, Any]
    state: defaultdict[Tensor, dict[str, Any]]
    param_groups: list[dict[str, Any]]

    #: What the state holds as single numbers: they stay on the host and keep their precision.
    _numbers: tuple[str, ...] = ("step",)
    # Whether step() was called since a scheduler is there to ask; None as long as there is none.
    _opt_called: bool | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]  # the same signature, hooks around it

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentTypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}. Put it into a list: [param]."
            )
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._step_pre_hooks: list[Callable[..., Any]] = []
        self._step_post_hooks: list[Callable[..., Any]] = []
        self._state_dict_pre_hooks: list[Callable[..., Any]] = []
        self._state_dict_post_hooks: list[Callable[..., Any]] = []
        self._load_state_dict_pre_hooks: list[Callable[..., Any]] = []
        self._load_state_dict_post_hooks: list[Callable[..., Any]] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ArgumentError("optimizer got an empty parameter list; pass the tensors to train")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def step(self, closure: Closure | None = None) -> Any:
        """Change the parameters once, by their gradients. Parameters without a gradient stay as they are.

        Args:
            closure: Computes the loss and its gradients anew; called first.

        Returns:
            The closure's result, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} defines step()")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Args:
            set_to_none: Drop them. If False, they are filled with zeros; then a step still moves parameters that
                take no part in the next loss, if they have momentum or weight decay.
        """
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.detach_().zero_()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, for instance layers that were frozen so far.

        Args:
            param_group: ``"params"`` (a Tensor, or Tensors, or ``(name, tensor)`` pairs) and the options that differ
                from :attr:`defaults`. The dict itself becomes the group.

        Raises:
            TypeError: It is no dict, or the parameters are a set (its order changes between runs) or no Tensors.
            ValueError: A parameter is in another group already, is the result of an op, or some have names.
        """
        if not isinstance(param_group, dict):
            raise ArgumentTypeError(
                f'param_group must be a dict, but got {type(param_group)}. Write {{"params": tensors}}.'
            )
        params, names = _params_and_names(param_group["params"])
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for param in params:
            if not isinstance(param, Tensor):
                raise ArgumentTypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}"
                )
            if not (param.is_leaf or param.retains_grad or self.defaults.get("differentiable")):
                raise ArgumentError(
                    "can't optimize a non-leaf Tensor: it is the result of an op. Pass the tensor it was computed "
                    "from, or x.detach().requires_grad_()."
                )
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: each step changes them several times",
                UserWarning,
                stacklevel=3,
            )
        for group in self.param_groups:
            if ("param_names" in group) != bool(names):
                raise ArgumentError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if names else 'without'} names to the optimizer"
                )
            if not set(params).isdisjoint(group["params"]):
                raise ArgumentError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def state_dict(self) -> dict[str, Any]:
        """The state and the options in PyTorch's format, for saving.

        Returns:
            ``{"state": {number: {name: value}}, "param_groups": [options with "params": numbers]}``; parameters are
            numbered in the order of the groups. The tensors are the optimizer's own, not copies.
        """
        for hook in tuple(self._state_dict_pre_hooks):
            hook(self)
        numbers: dict[Tensor, int] = {}
        groups = []
        for group in self.param_groups:
            for param in group["params"]:
                numbers.setdefault(param, len(numbers))
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[param] for param in group["params"]]
            groups.append(packed)
        state = {numbers.get(param, param): values for param, values in self.state.items()}
        packed_all: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in tuple(self._state_dict_post_hooks):
            changed = hook(self, packed_all)
            packed_all = packed_all if changed is None else changed
        return packed_all

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state, ours or PyTorch's. Parameters are matched by their order alone.

        Tensors are copied, to the dtype and device of their parameter. Options come from the saved groups; those
        missing there (older PyTorch wrote fewer) keep this optimizer's defaults.

        Args:
            state_dict: What :meth:`state_dict` returned.

        Raises:
            ValueError: The groups differ in number or in size from this optimizer's.
        """
        for hook in tuple(self._load_state_dict_pre_hooks):
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        saved_groups = state_dict["param_groups"]
        ours, theirs = ([len(g["params"]) for g in groups] for groups in (self.param_groups, saved_groups))
        if len(ours) != len(theirs):
            raise ArgumentError(
                f"loaded state dict has a different number of parameter groups: {len(theirs)}, expected {len(ours)}"
            )
        if ours != theirs:
            raise ArgumentError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"{theirs} parameters in the groups, expected {ours}"
            )
        saved_ids = chain.from_iterable(g["params"] for g in saved_groups)
        params = dict(zip(saved_ids, chain.from_iterable(g["params"] for g in self.param_groups), strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            if number in params:
                param = params[number]
                state[param] = {name: self._loaded(param, name, value) for name, value in values.items()}
            else:
                state[number] = copy.deepcopy(values)
        groups = []
        for own, saved in zip(self.param_groups, saved_groups, strict=True):
            group = {name: copy.deepcopy(value) for name, value in saved.items() if name != "params"}
            if "param_names" in own:
                group.setdefault("param_names", own["param_names"])
            groups.append({**self.defaults, **group, "params": own["params"]})
        self.state, self.param_groups = state, groups
        for hook in tuple(self._load_state_dict_post_hooks):
            hook(self)

    def _loaded(self, param: Tensor, name: str, value: Any) -> Any:
        """A copy of one saved value of a parameter's state."""
        if name in self._numbers:  # older PyTorch saved a plain number
            return host_number(float(value))
        if isinstance(value, list):
            return [self._loaded(param, name, item) for item in value]
        if not isinstance(value, Tensor):
            return copy.deepcopy(value)
        made = value.detach().clone().to(param.device)
        return made.to(param.dtype) if param.is_floating_point() or param.is_complex() else made

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return other ``(args, kwargs)`` for it.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return Handle(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> Handle:
        """Call ``hook(optimizer, args, kwargs)`` after each step.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return Handle(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None], prepend: bool = False) -> Handle:
        """Call ``hook(optimizer)`` before :meth:`state_dict` collects anything; first of all with ``prepend``.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return _added(self._state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call ``hook(optimizer, state_dict)`` on what :meth:`state_dict` returns; it may return another one.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return _added(self._state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call ``hook(optimizer, state_dict)`` before :meth:`load_state_dict` reads; it may return another one.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return _added(self._load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None], prepend: bool = False) -> Handle:
        """Call ``hook(optimizer)`` after :meth:`load_state_dict`.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return _added(self._load_state_dict_post_hooks, hook, prepend)

    def __repr__(self) -> str:
        groups = []
        for i, group in enumerate(self.param_groups):
            options = "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            groups.append(f"Parameter Group {i}\n{options}")
        return f"{type(self).__name__} (\n" + "\n".join(groups) + ")"


def _added(hooks: list[Callable[..., Any]], hook: Callable[..., Any], prepend: bool) -> Handle:
    """Add a hook at the end, or with ``prepend`` at the beginning."""
    handle = Handle(hooks, hook)
    if prepend:
        hooks.insert(0, hooks.pop())
    return handle


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the optimizer's hooks around it."""

    @functools.wraps(step)
    def stepped(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._opt_called is False:
            self._opt_called = True
        for hook in tuple(self._step_pre_hooks):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise ArgumentRangeError(
                        f"{step.__qualname__}: a pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {changed}."
                    )
                args, kwargs = changed
        result = step(self, *args, **kwargs)
        for hook in tuple(self._step_post_hooks):
            hook(self, args, kwargs)
        return result

    return stepped


def _params_and_names(given: Any) -> tuple[list[Any], list[str]]:
    """The parameters as a list, and their names if they have any."""
    if isinstance(given, Tensor):
        return [given], []
    if isinstance(given, set):
        raise ArgumentTypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    entries = list(given)
    names = [entry[0] for entry in entries if isinstance(entry, tuple)]
    if names and len(names) != len(entries):
        raise ArgumentError("all optimizer params should be with/without names. Some param names are missing")
    return [entry[1] if isinstance(entry, tuple) else entry for entry in entries], names


def evaluate(closure: Closure | None) -> Any:
    """The closure's loss, computed with gradients on; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()
