"""check_finite names the op that gave NaN or Inf; retained counts what a graph keeps; both know the user's line."""

from __future__ import annotations

import gc
import linecache

import pytest

import lamella
from lamella.core.call_sites import SITES
from lamella.core.graph import Node

debug = lamella.debug


def lines_of(error: BaseException) -> list[str]:
    return str(error).split("\n  ")


def source_in(line: str) -> str:
    """The source text that a line of a message shows, checked against the file and line that it names."""
    place, _, source = line.removeprefix("at ").removeprefix("the forward call was at ").partition(": ")
    file, _, number = place.partition(", in ")[0].rpartition(":")
    assert file == __file__
    assert linecache.getline(file, int(number)).strip() == source
    return source


class TestForward:
    def test_names_the_op_the_line_and_the_inputs(self) -> None:
        x = lamella.tensor([4.0, -1.0, 1.0])
        with pytest.raises(debug.NonFiniteError) as caught, debug.check_finite():
            (x * 2).sqrt()
        first, where, given = lines_of(caught.value)
        assert first == "check_finite: sqrt gave NaN: 1 of 3 elements (33.3 %)"
        assert source_in(where) == "(x * 2).sqrt()"
        assert given == "input: float32 (3,), min -2, max 8, all finite"

    def test_is_a_runtime_error(self) -> None:
        with pytest.raises(RuntimeError), debug.check_finite():
            lamella.tensor([0.0]).log()

    def test_inf_can_be_ignored_and_nan_not(self) -> None:
        x = lamella.tensor([0.0, 1.0])
        with debug.check_finite(ignore_inf=True):
            assert x.log().tolist() == [-float("inf"), 0.0]
        with (
            pytest.raises(debug.NonFiniteError, match=r"log gave Inf: 1 of 2 .*\n.*\n.*\n .*ignore_inf=True"),
            debug.check_finite(),
        ):
            x.log()
        with pytest.raises(debug.NonFiniteError, match="log gave NaN") as caught, debug.check_finite(ignore_inf=True):
            (x - 2).log()
        assert "ignore_inf" not in str(caught.value)

    def test_says_that_an_input_was_bad_before(self) -> None:
        bad = lamella.tensor([float("nan"), float("inf"), 3.0, 1.0])
        with pytest.raises(debug.NonFiniteError) as caught, debug.check_finite():
            lamella.cat([lamella.ones(2), bad])
        assert lines_of(caught.value)[2:] == [
            "tensors[0]: float32 (2,), min 1, max 1, all finite",
            "tensors[1]: float32 (4,), min 1, max 3, 1 of 4 elements (25 %) NaN, 1 of 4 elements (25 %) Inf",
            "tensors[1] was not finite before this op: look for the cause where it was made",
            "with dim=0",
        ]

    def test_numbers_and_attributes_are_shown(self) -> None:
        with pytest.raises(debug.NonFiniteError, match=r"div gave Inf.*\n.*\n.*\n  other: 0\n"), debug.check_finite():
            lamella.ones(2) / 0

    def test_without_a_graph_and_in_place(self) -> None:
        x = lamella.tensor([1.0, 2.0])
        with pytest.raises(debug.NonFiniteError, match="log gave NaN: 2 of 2"), debug.check_finite(), lamella.no_grad():
            x.sub_(3).log_()

    def test_complex_and_empty(self) -> None:
        x = lamella.tensor([3 + 4j, 1 + 0j])
        with debug.check_finite():
            lamella.empty(0).log()
        with (
            pytest.raises(debug.NonFiniteError, match=r"input: complex64 \(2,\), \|x\| min 1, max 5, all finite"),
            debug.check_finite(),
        ):
            x / 0

    def test_an_op_of_several_results(self) -> None:
        with pytest.raises(debug.NonFiniteError, match="unbind gave NaN"), debug.check_finite():
            lamella.tensor([1.0, float("nan")]).unbind()

    def test_nothing_is_checked_outside(self) -> None:
        with debug.check_finite():
            pass
        assert lamella.tensor([-1.0]).sqrt().isnan().all()

    def test_finite_programs_give_what_they_give_without(self) -> None:
        def run() -> list[float]:
            x = lamella.tensor([1.0, 2.0], requires_grad=True)
            y = (x * x).exp().sum()
            y.backward()
            return [*x.grad.tolist(), y.item()]  # type: ignore[union-attr]  # there is a gradient

        plain = run()
        with debug.check_finite():
            assert run() == plain


class TestBackward:
    def test_names_the_line_of_the_forward_call(self) -> None:
        x = lamella.tensor([4.0, 0.0], requires_grad=True)
        with debug.check_finite():
            y = x.sqrt()
            with pytest.raises(debug.NonFiniteError) as caught:
                y.sum().backward()
        first, where, *values = lines_of(caught.value)
        assert first == (
            "check_finite: the backward of sqrt gave Inf: 1 of 2 elements (50 %) in the gradient of `input`"
        )
        assert source_in(where) == "y = x.sqrt()"
        assert values[:2] == [
            "gradient of the result: float32 (2,), min 1, max 1, all finite",
            "result: float32 (2,), min 0, max 2, all finite",
        ]

    def test_a_graph_from_outside_has_no_line(self) -> None:
        x = lamella.tensor([0.0], requires_grad=True)
        y = x.sqrt()
        with pytest.raises(debug.NonFiniteError, match="line of the forward call is not known"), debug.check_finite():
            y.backward()

    def test_says_that_the_gradient_was_bad_before(self) -> None:
        x = lamella.tensor([1.0], requires_grad=True)
        y = x * 2
        with (
            pytest.raises(debug.NonFiniteError, match="gradient of the result was not finite before"),
            debug.check_finite(),
        ):
            y.backward(lamella.tensor([float("nan")]))

    def test_intermediate_values_of_a_rule_do_not_count(self) -> None:
        x = lamella.tensor([0.0, 2.0], requires_grad=True)
        with debug.check_finite():
            x.pow(2.0).sum().backward()
            lamella.xlogy(x.detach(), x + 1).sum().backward()

    def test_a_users_function(self) -> None:
        class Broken(lamella.autograd.Function):  # type: ignore[misc]  # the facade finds it when asked
            @staticmethod
            def forward(ctx, x):  # type: ignore[no-untyped-def]  # as users write it
                return x * 2

            @staticmethod
            def backward(ctx, grad):  # type: ignore[no-untyped-def]  # as above
                return grad / 0

        x = lamella.ones(2, requires_grad=True)
        with debug.check_finite():
            y = Broken.apply(x)
            with pytest.raises(debug.NonFiniteError) as caught:
                y.sum().backward()
        first, where, *_ = lines_of(caught.value)
        assert "BrokenBackward gave Inf: 2 of 2 elements (100 %) in the gradient of argument 0" in first
        assert source_in(where) == "y = Broken.apply(x)"

    def test_a_gradient_of_a_gradient_names_the_first_forward_call(self) -> None:
        x = lamella.tensor([0.0, 1.0], requires_grad=True)
        with debug.check_finite():
            y = x.pow(1.5).sum()
            (g,) = lamella.autograd.grad(y, x, create_graph=True)
            with pytest.raises(debug.NonFiniteError) as caught:
                g.sum().backward()
        assert source_in(lines_of(caught.value)[1]) == "y = x.pow(1.5).sum()"


class TestTransforms:
    def test_around_vmap_and_grad(self) -> None:
        rows = lamella.tensor([0.0, 4.0])
        with pytest.raises(debug.NonFiniteError, match=r"the backward of sqrt gave Inf: 1 of 2"), debug.check_finite():
            lamella.func.vmap(lamella.func.grad(lamella.sqrt))(rows)
        with pytest.raises(debug.NonFiniteError, match=r"log gave Inf: 1 of 2"), debug.check_finite():
            lamella.func.vmap(lamella.log)(rows)

    def test_around_jvp_and_jacrev(self) -> None:
        x = lamella.tensor([0.0, 4.0])
        with pytest.raises(debug.NonFiniteError), debug.check_finite():
            lamella.func.jvp(lamella.sqrt, (x,), (lamella.ones(2),))
        with pytest.raises(debug.NonFiniteError, match="the backward of sqrt gave"), debug.check_finite():
            lamella.func.jacrev(lamella.sqrt)(x)

    @pytest.mark.parametrize("context", [debug.check_finite, debug.record_lines])
    def test_refused_inside(self, context: type) -> None:
        def inside(x: lamella.Tensor) -> lamella.Tensor:
            with context():
                return x * 2

        with pytest.raises(RuntimeError, match=rf"{context.__name__}\(\) can't be entered inside .* vmap or jvp"):
            lamella.func.vmap(inside)(lamella.ones(2))


class TestRetained:
    def test_counts_nodes_and_each_memory_once(self) -> None:
        x = lamella.ones(250, 1000, requires_grad=True)
        y = x.exp()  # saves its result
        z = y * y.view(1000, 250).view(250, 1000)  # saves both operands: one memory
        found = debug.retained(z.sum())
        assert (found.nodes, found.nbytes, found.of_leaves) == (5, 1_000_000, 0)
        assert {(s.name, s.nodes) for s in found.by_op} == {("exp", 1), ("reshape", 2), ("mul", 1), ("sum", 1)}
        assert found.by_op[0] == debug.Share("exp", 1, 1_000_000)

    def test_says_what_belongs_to_leaves(self) -> None:
        w = lamella.ones(10, 5, requires_grad=True)
        x = lamella.ones(3, 10)
        found = debug.retained(x @ w)
        assert (found.nbytes, found.of_leaves) == (4 * (50 + 30), 4 * 50)

    def test_grows_with_a_loss_that_is_added_up(self) -> None:
        w = lamella.ones(3, requires_grad=True)
        total = lamella.zeros(())
        sizes = []
        for _ in range(3):
            total = total + (w * 2).sum()
            sizes.append(debug.retained(total).nodes)
        assert sizes == [3, 6, 9]

    def test_several_results_are_one_node(self) -> None:
        a, b = lamella.ones(2, requires_grad=True).unbind()
        assert debug.retained(a + b).nodes == 2

    def test_a_users_function_and_packed_values(self) -> None:
        class Twice(lamella.autograd.Function):  # type: ignore[misc]  # as above
            @staticmethod
            def forward(ctx, x):  # type: ignore[no-untyped-def]  # as users write it
                ctx.save_for_backward(x)
                ctx.own = lamella.ones(7)
                return x * 2

        x = lamella.ones(5)
        assert debug.retained(Twice.apply(x.requires_grad_())).nbytes == 4 * (5 + 7)
        asked: list[lamella.Tensor] = []
        with lamella.autograd.graph.saved_tensors_hooks(lambda t: t.double(), asked.append):
            y = x.exp()
        assert debug.retained(y).nbytes == 8 * 5
        assert not asked, "looking does not unpack"

    def test_the_oldest_line(self) -> None:
        x = lamella.ones(3, requires_grad=True)
        unknown = debug.retained(x * 2)
        assert unknown.oldest is None
        assert str(unknown).endswith("compute inside lamella.debug.record_lines() to know it")
        with debug.record_lines():
            y = x * 3
            z = (y + 1).sum()
        found = debug.retained(z)
        assert found.oldest is not None and found.oldest.source == "y = x * 3"
        assert str(found).endswith(f"oldest node: mul, made at {found.oldest}")

    def test_without_a_graph(self) -> None:
        assert str(debug.retained(lamella.ones(2))) == "retained: nothing, the tensor has no graph"
        assert debug.retained(lamella.ones(2, requires_grad=True)).nodes == 0
        with pytest.raises(TypeError, match="expected a Tensor, got float"):
            debug.retained(1.0)


def test_lines_are_forgotten_with_their_nodes() -> None:
    x = lamella.ones(3, requires_grad=True)
    with debug.record_lines():
        y = x * 2
    node = y.grad_fn
    assert isinstance(node, Node) and node in SITES
    known = len(SITES)
    del y, node
    gc.collect()
    assert len(SITES) < known
