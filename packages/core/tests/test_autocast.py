"""autocast: each op computes in the dtype that its record says, gradients come back in that of the leaves."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest

import lamella
from lamella.amp import autocast
from lamella.core import ops
from lamella.core.op import OPS

f16, f32, f64 = lamella.float16, lamella.float32, lamella.float64
bf16 = lamella.bfloat16


def square(dtype: lamella.dtype = f32) -> lamella.Tensor:
    lamella.manual_seed(0)
    return lamella.randn(3, 3).to(dtype)


#: Functions of a square matrix, by what they compute in.
LOWER: list[Callable[[lamella.Tensor], lamella.Tensor]] = [
    lambda x: x @ x,
    lambda x: x @ x[0],
    lambda x: lamella.mm(x, x),
    lambda x: lamella.bmm(x[None], x[None]),
    lambda x: lamella.addmm(square(), x, x),
    lambda x: lamella.addbmm(square(), x[None], x[None]),
    lambda x: lamella.baddbmm(square()[None], x[None], x[None]),
    lambda x: lamella.einsum("ij,jk->ik", x, x),
    lambda x: lamella.tensordot(x, x, 1),
    lambda x: lamella.inner(x, x),
    lambda x: lamella.linalg.multi_dot([x, x, x]),
    lambda x: lamella.linalg.vecdot(x, square()),
    lambda x: lamella.conv1d(x[None], square()[:, :, None]),
    lambda x: lamella.conv2d(x[None, None], square()[None, None]),
]
SINGLE: list[Callable[[lamella.Tensor], lamella.Tensor]] = [
    lambda x: x.prod(),
    lambda x: x.trace(),
    lambda x: lamella.real(lamella.polar(x.abs(), x)),
    lambda x: lamella.cdist(x, square()),
    lambda x: x.quantile(0.5),
    lambda x: x.nanquantile(0.5),
    lambda x: lamella.real(lamella.fft.fft(x)),
    lambda x: lamella.stft(x.reshape(9), 4, return_complex=True, window=lamella.hann_window(4)).abs(),
    lamella.linalg.inv,
    lambda x: lamella.linalg.solve(x, square()),
    lamella.linalg.svdvals,
    lamella.linalg.eigvalsh,
    lambda x: lamella.linalg.qr(x).R,
    lambda x: lamella.linalg.lstsq(x, square()).solution,
    lamella.linalg.cond,
    lambda x: lamella.linalg.cholesky(0 * x + 2 * lamella.eye(3, dtype=x.dtype)),
    lamella.pinverse,
    lamella.cholesky_inverse,
]
GIVEN: list[Callable[[lamella.Tensor], lamella.Tensor]] = [
    lambda x: x + x,
    lambda x: x.exp(),
    lambda x: x.sum(),
    lambda x: x.softmax(0),
    lambda x: lamella.mv(x, x[0]),
    lambda x: lamella.dot(x[0], x[0]),
    lambda x: lamella.vdot(x[0], x[0]),
    lambda x: lamella.addmv(x[0], x, x[0]),
    lambda x: lamella.outer(x[0], x[0]),
]


@pytest.mark.filterwarnings("ignore:.*deprecated")
class TestPolicy:
    @pytest.mark.parametrize("dtype", [f16, bf16])
    @pytest.mark.parametrize("given", [f32, bf16])
    @pytest.mark.parametrize("function", LOWER)
    def test_lower(self, function: Callable[..., lamella.Tensor], given: lamella.dtype, dtype: lamella.dtype) -> None:
        x = square(given)
        with autocast("cpu", dtype=dtype):
            result = function(x)
        assert result.dtype is dtype
        assert lamella.allclose(result.float(), function(square(f64).float()).float(), rtol=0.1, atol=0.1)

    @pytest.mark.parametrize("given", [f32, bf16])
    @pytest.mark.parametrize("function", SINGLE)
    def test_float32(self, function: Callable[..., lamella.Tensor], given: lamella.dtype) -> None:
        x = square(given)
        with autocast("cpu"):
            result = function(x)
        assert result.dtype is f32
        assert lamella.equal(result, function(x.float())), "what it computes inside is in float32 too"

    @pytest.mark.parametrize("given", [f32, bf16])
    @pytest.mark.parametrize("function", GIVEN)
    def test_given(self, function: Callable[..., lamella.Tensor], given: lamella.dtype) -> None:
        with autocast("cpu"):
            assert function(square(given)).dtype is given

    @pytest.mark.parametrize("function", LOWER[:4] + SINGLE[:2])
    def test_float64_is_left_alone(self, function: Callable[..., lamella.Tensor]) -> None:
        with autocast("cpu"):
            assert function(square(f64)).dtype is f64

    def test_integers_and_complex_are_left_alone(self) -> None:
        with autocast("cpu"):
            assert (lamella.ones(2, 2, dtype=lamella.int64) @ lamella.ones(2, 2, dtype=lamella.int64)).dtype == (
                lamella.int64
            )
            assert (square().cfloat() @ square().cfloat()).dtype is lamella.complex64

    @pytest.mark.parametrize("function", [lamella.cat, lamella.stack])
    def test_joining_takes_the_widest(self, function: Callable[..., lamella.Tensor]) -> None:
        with autocast("cpu"):
            assert function([square(), square(bf16)]).dtype is f32
            assert function([square(bf16), square(bf16)]).dtype is bf16

    def test_every_record_names_a_policy_that_exists(self) -> None:
        ops.load_all()
        assert {op.autocast for op in OPS.values()} == {None, "lower", "float32"}


class TestRegions:
    def test_nested_and_disabled(self) -> None:
        x = square()
        with autocast("cpu", dtype=f16):
            assert (x @ x).dtype is f16
            with autocast("cpu", dtype=bf16):
                assert (x @ x).dtype is bf16
                with autocast("cpu", enabled=False):
                    assert (x @ x).dtype is f32
                    assert not lamella.is_autocast_enabled("cpu")
                assert (x @ x).dtype is bf16
            assert (x @ x).dtype is f16
        assert (x @ x).dtype is f32

    def test_state(self) -> None:
        assert not lamella.is_autocast_enabled("cpu")
        assert lamella.get_autocast_dtype("cpu") is bf16
        assert lamella.get_autocast_dtype("cuda") is f16
        with autocast("cpu", dtype=f16, cache_enabled=False):
            assert lamella.is_autocast_enabled("cpu") and not lamella.is_autocast_enabled("cuda")
            assert not lamella.is_autocast_enabled(), "which means cuda, as in PyTorch"
            assert lamella.get_autocast_dtype("cpu") is f16
            assert not lamella.is_autocast_cache_enabled()
            with autocast("cpu"):
                assert lamella.get_autocast_dtype("cpu") is f16, "the dtype of the region around"
                assert not lamella.is_autocast_cache_enabled()
        assert lamella.is_autocast_cache_enabled()

    def test_a_decorator(self) -> None:
        @autocast("cpu")
        def product(x: lamella.Tensor) -> lamella.Tensor:
            return x @ x

        @autocast("cpu")
        def products(x: lamella.Tensor) -> Iterator[lamella.dtype]:
            yield (x @ x).dtype
            yield (x @ x).dtype

        assert product(square()).dtype is bf16
        for dtype in products(square()):
            assert dtype is bf16 and (square() @ square()).dtype is f32

    def test_one_region_entered_twice(self) -> None:
        region, x = autocast("cpu"), square()
        with region:
            with region:
                assert (x @ x).dtype is bf16
            assert (x @ x).dtype is bf16
        assert (x @ x).dtype is f32

    def test_is_left_when_something_fails(self) -> None:
        with pytest.raises(RuntimeError), autocast("cpu"):
            lamella.ones(2, 3) @ lamella.ones(2, 3)
        assert not lamella.is_autocast_enabled("cpu")
        assert (square() @ square()).dtype is f32

    def test_arguments(self) -> None:
        with pytest.raises(ValueError, match="Expected `device_type` of type `str`, got: `<class 'NoneType'>`"):
            autocast(None)  # type: ignore[arg-type]  # on purpose
        with pytest.raises(TypeError, match="dtype must be a dtype"):
            autocast("cpu", dtype="half")  # type: ignore[arg-type]  # on purpose
        with pytest.raises(RuntimeError, match="no backend for device 'abacus'"):
            autocast("abacus")
        with pytest.warns(UserWarning, match=r"dtype is not supported. Disabling autocast"):
            region = autocast("cpu", dtype=f64)
        with region:
            assert (square() @ square()).dtype is f32

    def test_a_missing_device_disables(self) -> None:
        there = lamella.cuda.is_available()
        assert lamella.amp.is_autocast_available("cuda") == there
        if there:
            with autocast("cuda"):
                assert lamella.is_autocast_enabled("cuda")
            return
        with pytest.warns(UserWarning, match="'cuda' cannot be used here. Disabling"), autocast("cuda"):
            assert not lamella.is_autocast_enabled("cuda")

    def test_without_ml_dtypes_the_error_says_what_to_install(self) -> None:
        program = (
            "import sys; sys.modules['ml_dtypes'] = None\n"
            "import lamella\n"
            "with lamella.autocast('cpu', dtype=lamella.float16):\n"
            "    print((lamella.ones(1, 1) @ lamella.ones(1, 1)).dtype)\n"
            "with lamella.autocast('cpu', enabled=False): pass\n"
            "try:\n    lamella.autocast('cpu')\nexcept AttributeError as error: print(error)\n"
        )
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        assert told.splitlines() == [
            "lamella.float16",
            "bfloat16 needs the package ml_dtypes: pip install 'lamella-core[bfloat16]'",
        ]


def trained(steps: int, region: Callable[[], autocast]) -> list[float]:
    """The losses of a small network that learns the XOR of two bits."""
    lamella.manual_seed(1)
    x = lamella.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = lamella.tensor([[0.0], [1.0], [1.0], [0.0]])
    weights = [lamella.randn(2, 16), lamella.zeros(16), lamella.randn(16, 1) / 4, lamella.zeros(1)]
    for w in weights:
        w.requires_grad_()
    losses = []
    for _ in range(steps):
        with region():
            hidden = lamella.addmm(weights[1], x, weights[0]).tanh()
            out = lamella.addmm(weights[3], hidden, weights[2])
            loss = ((out.float() - y) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        with lamella.no_grad():
            for w in weights:
                assert w.grad.dtype is f32
                w.sub_(w.grad * 0.1)
                w.grad = None
    return losses


class TestGradients:
    @pytest.mark.parametrize("dtype", [f16, bf16])
    def test_a_network_learns(self, dtype: lamella.dtype) -> None:
        plain = trained(300, lambda: autocast("cpu", enabled=False))
        mixed = trained(300, lambda: autocast("cpu", dtype=dtype))
        assert plain[-1] < 0.02 and mixed[-1] < 0.03
        assert mixed != plain, "it was in lower precision"

    def test_come_back_in_the_dtype_of_the_leaf(self) -> None:
        x, w = square().requires_grad_(), square().requires_grad_()
        with autocast("cpu"):
            y = x @ w
        assert y.dtype is bf16
        y.float().sum().backward()
        assert x.grad.dtype is w.grad.dtype is f32  # type: ignore[union-attr]  # there are gradients
        expected = lamella.ones(3, 3) @ w.detach().T
        assert lamella.allclose(x.grad, expected, rtol=0.02, atol=0.02)  # type: ignore[arg-type]  # as above

    def test_a_backward_pass_inside_is_not_cast(self) -> None:
        def gradient(inside: bool) -> lamella.Tensor:
            x = square().requires_grad_()
            y = lamella.linalg.inv(x).sum()  # in float32; its gradient is made of matrix products
            with autocast("cpu", enabled=inside):
                (g,) = lamella.autograd.grad(y, x, create_graph=True)
            return g

        assert lamella.equal(gradient(True), gradient(False))

    def test_second_order(self) -> None:
        x = square(f64).requires_grad_()
        with autocast("cpu", dtype=f16):
            y = (x.float() @ x.float()).float().sum()
            (g,) = lamella.autograd.grad(y, x, create_graph=True)
        (second,) = lamella.autograd.grad(g.sum(), x)
        assert g.dtype is second.dtype is f64
        assert lamella.allclose(second, lamella.full((3, 3), 6.0, dtype=f64), rtol=0.02)


class TestCache:
    @staticmethod
    def casts(y: lamella.Tensor) -> int:
        return next(s.nodes for s in lamella.debug.retained(y).by_op if s.name == "cast")

    def test_a_parameter_is_cast_once(self) -> None:
        w, x = square().requires_grad_(), square()
        with autocast("cpu"):
            assert self.casts(x @ w + x @ w) == 1
            with autocast("cpu"):
                assert self.casts(x @ w + x @ w) == 1
        with autocast("cpu", cache_enabled=False):
            assert self.casts(x @ w + x @ w) == 2

    def test_a_parameter_changed_inside_is_cast_again(self) -> None:
        w, x = square().requires_grad_(), square()
        with autocast("cpu"):
            before = x @ w
            with lamella.no_grad():
                w.mul_(2)
            assert lamella.equal(x @ w, before * 2)

    def test_what_was_cast_without_recording_is_not_used_with(self) -> None:
        w, x = square().requires_grad_(), square()
        with autocast("cpu"):
            with lamella.no_grad():
                assert not (x @ w).requires_grad
            assert (x @ w).requires_grad

    def test_a_backward_pass_between_two_uses(self) -> None:
        w, x = square().requires_grad_(), square()
        with autocast("cpu"):
            for _ in range(2):
                (x @ w).float().sum().backward()
        twice = w.grad
        assert lamella.allclose(twice, 2 * (x.T @ lamella.ones(3, 3)), rtol=0.02, atol=0.02)  # type: ignore[arg-type]  # there is a gradient


class TestTogether:
    def test_with_vmap_around_and_inside(self) -> None:
        batch = lamella.stack([square(), square() + 1])
        with autocast("cpu"):
            around = lamella.func.vmap(lambda x: x @ x)(batch)

        def inside(x: lamella.Tensor) -> lamella.Tensor:
            with autocast("cpu"):
                return x @ x

        within = lamella.func.vmap(inside)(batch)
        assert around.dtype is within.dtype is bf16
        assert lamella.equal(around, within)

    def test_with_grad_and_jvp(self) -> None:
        def loss(w: lamella.Tensor) -> lamella.Tensor:
            with autocast("cpu"):
                return (square() @ w).float().sum()

        assert lamella.func.grad(loss)(square()).dtype is f32
        value, slope = lamella.func.jvp(loss, (square(),), (lamella.ones(3, 3),))
        assert value.dtype is slope.dtype is f32
        assert slope.item() == pytest.approx(3 * square().sum().item(), rel=0.05, abs=0.05)

    def test_with_no_grad_and_check_finite(self) -> None:
        x = square() * 1e4
        with lamella.no_grad(), autocast("cpu", dtype=f16):
            assert (x @ x).dtype is f16
        with (
            pytest.raises(RuntimeError, match=r"matmul gave Inf(.|\n)*input: float16"),
            lamella.debug.check_finite(),
            autocast("cpu", dtype=f16),
        ):
            x @ x

    @pytest.mark.parametrize("reentrant", [False, True])
    @pytest.mark.parametrize("inside", [False, True])
    def test_with_checkpoints(self, reentrant: bool, inside: bool) -> None:
        from lamella.utils.checkpoint import checkpoint

        w = square().requires_grad_()

        def function(x: lamella.Tensor) -> lamella.Tensor:
            return lamella.linalg.inv(5 + x @ w).tanh() @ w

        def gradients(compute: Callable[[lamella.Tensor], lamella.Tensor]) -> list[float]:
            x, w.grad = square().requires_grad_(), None
            with autocast("cpu", dtype=f16):
                y = compute(x)
                if inside:
                    y.sum().backward()
            if not inside:  # the function runs again outside of the region, as it ran inside
                y.sum().backward()
            return [*x.grad.flatten().tolist(), *w.grad.flatten().tolist()]  # type: ignore[union-attr,attr-defined]  # there are gradients

        assert gradients(lambda x: checkpoint(function, x, use_reentrant=reentrant)) == gradients(function)

    def test_with_other_threads(self) -> None:
        from threading import Thread

        found = []
        with autocast("cpu"):
            thread = Thread(target=lambda: found.append((square() @ square()).dtype))
            thread.start()
            thread.join()
        assert found == [f32], "a region holds for the thread that entered it"

    def test_no_warnings(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with autocast("cpu"):
                square() @ square()
