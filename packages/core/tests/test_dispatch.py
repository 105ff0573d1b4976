"""The path of an op call: mixed devices, shapes and dtypes that do not fit, interpreters, and the choice of kernels."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core import backends
from lamella.core.backends import kernels
from lamella.core.backends.kernels import Kernel
from lamella.core.devices import device
from lamella.core.dispatch import Interpreter, define_op
from lamella.core.errors import ArgumentError, ArgumentTypeError, DeviceError, DtypeError, GradError, ShapeError
from lamella.core.op import OPS


class MoonArray(np.ndarray):
    """Arrays of a second backend, which like those of any other library refuse to be mixed with NumPy's."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(type(x) is np.ndarray and x.ndim for x in inputs):
            return NotImplemented
        bare = [np.asarray(x) if isinstance(x, MoonArray) else x for x in inputs]
        return np.asarray(getattr(ufunc, method)(*bare, **kwargs)).view(MoonArray)

    def __array_function__(self, function, types, args, kwargs):
        if np.ndarray in types:
            raise TypeError("NumPy's arrays are not converted implicitly")
        return super().__array_function__(function, types, args, kwargs)


class MoonFunctions:
    """NumPy's functions, for the second backend's arrays."""

    def __getattr__(self, name):
        def function(*args, device=None, **kwargs):
            result = getattr(np, name)(*args, **kwargs)
            return result.view(MoonArray) if isinstance(result, np.ndarray) else result

        return function


class MoonBackend:
    """NumPy under another name: a device of its own, as small as a backend can be."""

    name = "lunar"
    device_type = "moon"
    array_type = MoonArray
    kernels = {}  # noqa: RUF012 - a protocol's attribute, never changed
    native = None

    xp = MoonFunctions()

    def unavailable(self):
        return None

    def device_of(self, array):
        return device("moon:0")

    def asarray(self, values, device):
        return np.array(values).view(MoonArray)

    def to_numpy(self, array):
        return np.asarray(array)

    def offset(self, view, base):
        return backends.NumpyBackend().offset(view, base)

    def may_share_memory(self, a, b):
        return np.may_share_memory(a, b)

    def synchronize(self):
        return None


@pytest.fixture
def moon():
    backend = MoonBackend()
    backends.add(backend)
    yield backend
    del backends._by_device_type["moon"], backends._by_array_type[MoonArray]
    for op in OPS.values():
        op.kernels.pop(MoonArray, None)


# --- a second backend


@pytest.mark.usefixtures("moon")
def test_tensors_go_to_another_device_and_back():
    x = lamella.tensor([1.0, 2.0], device="moon")
    assert str(x.device) == "moon:0" and not x.is_cpu and type(x.array) is MoonArray
    assert x.cpu().tolist() == [1.0, 2.0] and x.cpu().device == lamella.device("cpu")
    assert "device='moon:0'" in repr(x)
    with pytest.raises(TypeError, match=r"can't convert moon:0 device type tensor to numpy.*cpu\(\)"):
        x.numpy()
    assert x.numpy(force=True).tolist() == [1.0, 2.0]


@pytest.mark.usefixtures("moon")
def test_the_gradient_comes_back_to_where_the_leaf_is():
    here = lamella.tensor([1.0, 2.0], requires_grad=True)
    there = here.to("moon")
    assert str(there.device) == "moon:0"
    (there * there).sum().backward()
    assert here.grad.tolist() == [2.0, 4.0] and here.grad.is_cpu


@pytest.mark.usefixtures("moon")
@pytest.mark.parametrize(
    "use",
    [
        lambda a, b: a + b,
        lambda a, b: b * a,
        lambda a, b: a @ b,
        lambda a, b: lamella.cat([a, b]),
        lambda a, b: lamella.where(a > 0, a, b),
        lambda a, b: a.clone().add_(b),
    ],
    ids=["add", "mul", "matmul", "cat", "where", "add_"],
)
def test_mixed_devices_are_an_error_that_names_both(use):
    a, b = lamella.ones(2), lamella.ones(2, device="moon")
    with pytest.raises(DeviceError, match=r"to be on the same device.*(cpu and moon:0|moon:0 and cpu)"):
        use(a, b)


@pytest.mark.usefixtures("moon")
def test_a_gradient_on_another_device_is_refused():
    a = lamella.ones(2, requires_grad=True)
    with pytest.raises(GradError, match="assigned grad is on moon:0, expected the tensor's cpu"):
        a.grad = lamella.ones(2, device="moon")


@pytest.mark.usefixtures("moon")
def test_a_device_type_has_one_backend():
    with pytest.raises(DeviceError, match="'moon' already belongs to backend 'lunar'; backend 'lunar' can't"):
        backends.add(MoonBackend())


def test_an_unknown_device():
    with pytest.raises(DeviceError, match="no backend for device 'mars'"):
        lamella.ones(2, device="mars")
    with pytest.raises(RuntimeError, match=r"expected 'type' or 'type:index'.*'moon:x'"):
        lamella.device("moon:x")


# --- what does not fit


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: lamella.ones(2, 3) + lamella.ones(2, 4), r"add: .*3.*4"),
        (lambda: lamella.ones(2, 3) @ lamella.ones(4, 5), r"matmul: .*(2, 3|2x3).*(4, 5|4x5)"),
        (lambda: lamella.ones(2).expand(3), r"expanded size .*3.* existing size .*2"),
        (lambda: lamella.ones(2, 3).view(4), r"view.*\[4\].*6|\[4\].*invalid for input of size 6"),
        (lambda: lamella.cat([lamella.ones(2, 3), lamella.ones(2, 4)]), r"cat: .*3.*4"),
    ],
    ids=["add", "matmul", "expand", "view", "cat"],
)
def test_shapes_that_do_not_fit(use, message):
    with pytest.raises(ShapeError, match=message):
        use()


def test_dtypes_that_do_not_fit():
    with pytest.raises(DtypeError, match=r"matmul: .*float32.*int64"):
        lamella.ones(2, 2) @ lamella.ones(2, 2, dtype=lamella.int64)


def test_arguments_that_are_no_tensors():
    x = lamella.ones(2)
    with pytest.raises(ArgumentTypeError, match=r"add\(\): .*must be Tensors or numbers, got str"):
        lamella.add(x, "two")
    with pytest.raises(TypeError, match="expected at least one Tensor"):
        lamella.tanh(1.0)
    with pytest.raises(TypeError, match=r"tanh\(\) got an unexpected keyword argument 'power'"):
        lamella.tanh(x, power=2)
    with pytest.raises(TypeError, match=r"tanh\(\) missing required argument 'input'"):
        OPS["tanh"].bind((), {})


def test_an_op_is_defined_once():
    with pytest.raises(TypeError, match="an op named 'tanh' is already defined"):

        @define_op(inputs=("input",), shape=OPS["tanh"].shape, dtype=OPS["tanh"].dtype)
        def tanh(xp, input):
            return input


# --- interpreters


class Record(Interpreter):
    """Notes each op, then runs it."""

    def __init__(self, log):
        self.log = log

    def process(self, op, inputs, attrs):
        self.log.append(op.name)
        return self.run(op, inputs, attrs)


class Rewrite(Interpreter):
    """Runs ``mul`` where ``add`` was called."""

    def process(self, op, inputs, attrs):
        return self.run(OPS["mul"] if op.name == "add" else op, inputs, attrs)


def test_an_interpreter_sees_each_op_call():
    log = []
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    with Record(log):
        y = (x * 2 + 1).tanh().sum()
    y.tanh()
    assert log == ["mul", "add", "tanh", "sum"]
    y.backward()
    assert x.grad is not None


def test_an_interpreter_sees_the_backward_pass():
    log = []
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    with Record(log):
        y.backward()
    assert "mul" in log
    assert x.grad.tolist() == [2.0, 4.0] and not x.grad.requires_grad


def test_an_interpreter_may_rewrite():
    x, y = lamella.tensor([3.0]), lamella.tensor([4.0])
    with Rewrite():
        assert (x + y).tolist() == [12.0]
    assert (x + y).tolist() == [7.0]


def test_interpreters_nest_from_the_inside_out():
    outer, inner = [], []
    x, y = lamella.tensor([3.0]), lamella.tensor([4.0])
    with Record(outer), Rewrite(), Record(inner):
        z = x + y
    assert z.tolist() == [12.0]
    assert (inner, outer) == (["add"], ["mul"])


def test_an_interpreter_is_gone_after_an_error():
    log = []
    with pytest.raises(ShapeError), Record(log):
        lamella.ones(2) + lamella.ones(3)
    log.clear()
    lamella.ones(2) + 1
    assert log == []


def test_an_interpreter_says_what_it_does():
    with pytest.raises(NotImplementedError, match="Interpreter defines what to do with an op call"), Interpreter():
        lamella.ones(2) + 1


# --- kernels


@pytest.fixture
def offered():
    """Offers kernels, and withdraws them at the end."""
    providers = []

    def offer(op, provider, priority, function):
        providers.append(provider)
        kernels.offer(Kernel(op, "cpu", provider, priority, function))

    yield offer
    for provider in providers:
        kernels.withdraw(provider)


def test_an_offered_kernel_computes(offered):
    x = lamella.tensor([1.0, 2.0])
    offered("neg", "mine", 10, lambda a: a * 100)
    assert (-x).tolist() == [100.0, 200.0]
    assert [k.provider for k in kernels.listing()] == ["mine"]
    kernels.withdraw("mine")
    assert (-x).tolist() == [-1.0, -2.0] and kernels.listing() == []


def test_the_highest_priority_is_asked_first_and_may_decline(offered):
    asked = []

    def picky(a):
        asked.append("picky")
        return a * 1000 if a.size > 2 else NotImplemented

    offered("neg", "low", 1, lambda a: a * 10)
    offered("neg", "picky", 5, picky)
    assert (-lamella.ones(2)).tolist() == [10.0, 10.0]
    assert (-lamella.ones(3)).tolist() == [1000.0] * 3
    assert asked == ["picky", "picky"]


def test_all_decline_and_the_backend_computes(offered):
    offered("neg", "never", 5, lambda a: NotImplemented)
    assert (-lamella.ones(2)).tolist() == [-1.0, -1.0]


def test_use_prefers_one_provider_and_is_undone(offered):
    offered("neg", "low", 1, lambda a: a * 10)
    offered("neg", "high", 5, lambda a: a * 20)
    x = lamella.ones(1)
    with kernels.use("low"):
        assert (-x).item() == 10.0
        with kernels.use("reference"):
            assert (-x).item() == -1.0
        assert (-x).item() == 10.0
    assert (-x).item() == 20.0


def test_gradients_use_offered_kernels(offered):
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    y = x.sin().sum()
    offered("cos", "mine", 10, lambda a: a * 0 + 100)
    y.backward()
    assert x.grad.tolist() == [100.0, 100.0]


def test_a_provider_offers_one_kernel_an_op(offered):
    offered("neg", "mine", 1, lambda a: a)
    with pytest.raises(ArgumentError, match=r"'mine' already offers a kernel for 'neg' on 'cpu'.*NotImplemented"):
        kernels.offer(Kernel("neg", "cpu", "mine", 2, lambda a: a))
    (known,) = [kernel for kernel in kernels.listing() if kernel.provider == "mine"]
    kernels.offer(known)
    assert [kernel for kernel in kernels.listing() if kernel.provider == "mine"] == [known]
