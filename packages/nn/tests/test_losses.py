"""The losses: ops by their records, public functions against formulas, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, DtypeError, GradError, IndexRangeError, ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn import functional as F
from lamella.nn.testing.references import losses as reference

FAMILIES = ("alignments", "binary_losses", "class_losses", "distance_losses", "margin_losses")
OPS = [op for family in FAMILIES for op in conformance.defined_in(f"lamella.nn.ops.{family}")]


@pytest.mark.parametrize("case", conformance.cases(OPS, reference), ids=str)
def test_op(case):
    case()


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def log_softmax(x, axis):
    e = np.exp(x)
    return np.log(e / e.sum(axis, keepdims=True))


REDUCTIONS = {"none": lambda x: x, "mean": np.mean, "sum": np.sum}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4, 5), (2, 5, 3), (2, 5, 3, 2), (5,)])
def test_cross_entropy_picks_the_class_along_dimension_one(shape, reduction):
    x = numbers(*shape)
    target = np.asarray(np.random.default_rng(1).integers(0, 5, shape[:1] + shape[2:] if len(shape) > 1 else ()))
    axis = 1 if len(shape) > 1 else 0
    picked = -np.take_along_axis(log_softmax(x, axis), np.expand_dims(target, axis), axis).squeeze(axis)
    expected = REDUCTIONS[reduction](picked)
    loss = F.cross_entropy(lamella.from_numpy(x), lamella.from_numpy(target), reduction=reduction)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)
    log_probabilities = lamella.from_numpy(x).log_softmax(axis)
    loss = F.nll_loss(log_probabilities, lamella.from_numpy(target), reduction=reduction)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("ignore_index", [-100, 2])
@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_weights_ignores_and_smooths(reduction, ignore_index, smoothing, weighted):
    x, target = numbers(6, 5), np.array([0, 2, 4, 2, 1, 3])
    weight = np.array([0.5, 1.0, 2.0, 0.25, 1.5])
    w = weight if weighted else np.ones(5)
    counted = target != ignore_index
    smooth = np.eye(5)[target] * (1 - smoothing) + smoothing / 5
    rows = -(smooth * w * log_softmax(x, 1)).sum(1) * counted
    divisor = (w[target] * counted).sum()
    expected = {"none": rows, "sum": rows.sum(), "mean": rows.sum() / divisor}[reduction]
    options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": smoothing}
    given = lamella.from_numpy(weight) if weighted else None
    input = lamella.from_numpy(x).requires_grad_()

    def loss(input):
        return F.cross_entropy(input, lamella.from_numpy(target), given, **options)

    np.testing.assert_allclose(loss(input).detach().numpy(), expected, rtol=1e-12)
    assert gradcheck(loss, input)
    assert gradgradcheck(loss, input)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4, 5), (2, 5, 3), (5,)])
def test_cross_entropy_with_probabilities(shape, reduction):
    x, target = numbers(*shape), np.abs(numbers(*shape, seed=1))
    axis = 1 if len(shape) > 1 else 0
    weight = np.array([0.5, 1.0, 2.0, 0.25, 1.5])
    along = weight.reshape(-1, *[1] * (len(shape) - 1 - axis))
    rows = -((target * 0.8 + 0.2 / 5) * along * log_softmax(x, axis)).sum(axis)
    loss = F.cross_entropy(
        lamella.from_numpy(x),
        lamella.from_numpy(target),
        lamella.from_numpy(weight),
        reduction=reduction,
        label_smoothing=0.2,
    )
    np.testing.assert_allclose(loss.numpy(), REDUCTIONS[reduction](rows), rtol=1e-12)


def test_cross_entropy_with_scores_far_apart():
    x = lamella.tensor([[1000.0, 0.0], [0.0, -1000.0], [-1e4, -1e4]], requires_grad=True)
    loss = F.cross_entropy(x, lamella.tensor([1, 0, 0]), reduction="none")
    np.testing.assert_allclose(loss.detach().numpy(), [1000.0, 0.0, math.log(2)], rtol=1e-6)
    loss.sum().backward()
    # a float32 of 10 000 is precise to 0.001, and so is the normalizer that the gradient is computed from
    np.testing.assert_allclose(x.grad.numpy(), [[1, -1], [0, 0], [-0.5, 0.5]], atol=1e-3)


def test_cross_entropy_of_many_classes_and_rows_is_that_of_each_row():
    x, target = numbers(70, 1000).astype(np.float32), np.arange(70)
    input = lamella.from_numpy(x).requires_grad_()
    loss = F.cross_entropy(input, lamella.from_numpy(target), reduction="sum")
    probabilities = np.exp(log_softmax(x.astype(np.float64), 1))
    np.testing.assert_allclose(loss.item(), -np.log(probabilities[target, target]).sum(), rtol=1e-6)
    loss.backward()
    np.testing.assert_allclose(input.grad.numpy(), probabilities - np.eye(70, 1000), atol=1e-6)


def test_mean_over_nothing_is_nan():
    assert math.isnan(F.cross_entropy(lamella.zeros(2, 3), lamella.tensor([-100, -100])))
    assert math.isnan(F.cross_entropy(lamella.zeros(0, 3), lamella.zeros(0, dtype=lamella.int64)))


def test_targets_may_be_bytes():
    x = lamella.from_numpy(numbers(2, 3))
    loss = F.cross_entropy(x, lamella.tensor([0, 2], dtype=lamella.uint8))
    assert loss == F.cross_entropy(x, lamella.tensor([0, 2]))


X = lamella.zeros(4, 5)
CLASSES = lamella.zeros(4, dtype=lamella.int64)
REFUSED = [
    (lambda f: f(X, lamella.tensor([0, 1, 2, 11])), IndexRangeError, r"Target 11 is out of bounds\."),
    (lambda f: f(X, lamella.tensor([0, 1, 2, -1])), IndexRangeError, r"Target -1 is out of bounds\."),
    (lambda f: f(X, CLASSES[:3]), ArgumentError, r"Expected input batch_size \(4\) to match target batch_size \(3\)\."),
    (lambda f: f(X, lamella.zeros(4)), DtypeError, r"target dtype to be Long or Byte, but got lamella.float32"),
    (lambda f: f(X, CLASSES.int()), DtypeError, r"expected target dtype to be Long or Byte, but got lamella.int32"),
    (lambda f: f(X, CLASSES, reduction="foo"), ArgumentError, "foo is not a valid value for reduction"),
    (lambda f: f(X, CLASSES.reshape(4, 1)), ShapeError, "0D or 1D target tensor expected, multi-target not supported"),
    (lambda f: f(lamella.zeros(4, 5, 3), CLASSES), ShapeError, r"Expected target size \[4, 3\], got \[4\]"),
    (lambda f: f(lamella.zeros(5), CLASSES), ShapeError, "expected one class as the target"),
    (lambda f: f(lamella.zeros(()), CLASSES), ArgumentError, "Expected 1 or more dimensions"),
    (lambda f: f(X.long(), CLASSES), DtypeError, "not defined for input of dtype lamella.int64"),
    (lambda f: f(X, CLASSES, lamella.ones(3)), ShapeError, "either for all 5 classes or no classes"),
    (lambda f: f(X, CLASSES, lamella.ones(5).double()), DtypeError, "expected weight of dtype lamella.float32"),
    (lambda f: f(X, CLASSES, lamella.ones(5, requires_grad=True)), GradError, "no gradient with respect to `weight`"),
]


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_class_losses_refuse(loss, call, error, message):
    with pytest.raises(error, match=message):
        call(loss)


def test_cross_entropy_refuses_more():
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0.0 and 1.0. Got: 1.5"):
        F.cross_entropy(X, CLASSES, label_smoothing=1.5)
    with pytest.raises(DtypeError, match="Expected floating point type for target with class probabilities"):
        F.cross_entropy(X, X.long())
    with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
        F.cross_entropy(X, X, ignore_index=2)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_differences(reduction):
    a, b = numbers(3, 4), numbers(3, 4, seed=1)
    tensors = lamella.from_numpy(a), lamella.from_numpy(b)
    reduce = REDUCTIONS[reduction]
    np.testing.assert_allclose(F.mse_loss(*tensors, reduction=reduction).numpy(), reduce((a - b) ** 2))
    np.testing.assert_allclose(F.l1_loss(*tensors, reduction=reduction).numpy(), reduce(np.abs(a - b)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropies(reduction):
    x, weight = numbers(3, 4), np.array([0.5, 1.0, 2.0, 0.25])
    y = np.random.default_rng(1).random((3, 4))
    p = 1 / (1 + np.exp(-x))
    given = [lamella.from_numpy(a) for a in (x, p, y, weight)]
    right, wrong = -y * np.log(p), -(1 - y) * np.log(1 - p)
    reduce = REDUCTIONS[reduction]
    loss = F.binary_cross_entropy(given[1], given[2], given[3], reduction=reduction)
    np.testing.assert_allclose(loss.numpy(), reduce((right + wrong) * weight))
    loss = F.binary_cross_entropy_with_logits(given[0], given[2], given[3], reduction=reduction)
    np.testing.assert_allclose(loss.numpy(), reduce((right + wrong) * weight))
    loss = F.binary_cross_entropy_with_logits(given[0], given[2], None, reduction=reduction, pos_weight=given[3])
    np.testing.assert_allclose(loss.numpy(), reduce(right * weight + wrong))


def test_binary_cross_entropy_is_finite_at_the_ends():
    p = lamella.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(p, lamella.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    assert loss.tolist() == [100.0, 100.0, 0.0, 0.0]
    loss.sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), [-1e12, 1e12, 0, 0])


def test_logits_may_be_large():
    x = lamella.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, lamella.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    assert loss.tolist() == [0.0, 0.0, 1e4, 1e4]
    loss.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0, -1.0]


def test_number_losses_refuse():
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        F.mse_loss(X, X, reduction="foo")
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        F.l1_loss(X, X, reduction="foo")
    with pytest.raises(ValueError, match=r"Using a target size \(\(4,\)\) that is different to the input size"):
        F.binary_cross_entropy(X, lamella.zeros(4))
    with pytest.raises(ValueError, match=r"Target size \(\(4,\)\) must be the same as input size \(\(4, 5\)\)"):
        F.binary_cross_entropy_with_logits(X, lamella.zeros(4))
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        F.binary_cross_entropy(X + 2, X)
    with pytest.raises(RuntimeError, match="Found target dtype lamella.int64 but expected lamella.float32"):
        F.binary_cross_entropy(X, X.long())


# --- per-sample gradients


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("ignore_index", [-100, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_of_each_sample_are_those_of_it_alone(reduction, ignore_index, weighted):
    x, weight = lamella.from_numpy(numbers(4, 3, 6)), lamella.from_numpy(numbers(5, 6, seed=1))
    target = lamella.from_numpy(np.random.default_rng(2).integers(0, 5, (4, 3)))
    classes = lamella.tensor([0.5, 1.0, 2.0, 0.25, 1.5], dtype=lamella.float64) if weighted else None

    def loss(weight, x, target):
        return F.cross_entropy(x @ weight.T, target, classes, ignore_index=ignore_index, reduction=reduction)

    each = lamella.func.vmap(lamella.func.grad(loss), in_dims=(None, 0, 0))(weight, x, target)
    for i in range(4):
        alone = lamella.func.grad(loss)(weight, x[i], target[i])
        np.testing.assert_allclose(each[i].numpy(), alone.numpy(), rtol=1e-12, atol=1e-14)


def test_gradients_of_each_sample_take_no_loop():
    calls = []

    class Counting(lamella.core.dispatch.Interpreter):
        def process(self, op, inputs, attrs):
            calls.append(op.name)
            return self.run(op, inputs, attrs)

    x, target = lamella.from_numpy(numbers(50, 1, 6)), lamella.zeros(50, 1, dtype=lamella.int64)
    with Counting():
        lamella.func.vmap(lamella.func.grad(F.cross_entropy))(x, target)
    assert calls.count("cross_entropy") == calls.count("cross_entropy_backward") == 1


# --- differences, rounded and weighted


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_rounded_differences(reduction):
    d = np.array([0.0, 0.2, -0.5, 0.5, 3.0, -100.0])
    x = lamella.from_numpy(d).requires_grad_()
    zero = lamella.zeros(6, dtype=lamella.float64)
    huber = np.where(np.abs(d) < 0.5, d * d / 2, 0.5 * (np.abs(d) - 0.25))
    found = F.huber_loss(x, zero, reduction=reduction, delta=0.5)
    np.testing.assert_allclose(found.detach().numpy(), REDUCTIONS[reduction](huber))
    found = F.smooth_l1_loss(x, zero, reduction=reduction, beta=0.5)
    np.testing.assert_allclose(found.detach().numpy(), REDUCTIONS[reduction](huber / 0.5))
    found.sum().backward()
    slope = np.clip(d / 0.5, -1, 1) / (6 if reduction == "mean" else 1)
    np.testing.assert_allclose(x.grad.numpy(), slope)


def test_rounded_differences_at_infinity():
    x = lamella.tensor([math.inf, -math.inf], requires_grad=True)
    loss = F.smooth_l1_loss(x, lamella.zeros(2), reduction="sum")
    loss.backward()
    assert loss.item() == math.inf
    assert x.grad.tolist() == [1.0, -1.0]


def test_smooth_l1_without_a_round_part_is_l1():
    x = lamella.tensor([-2.0, 0.5])
    assert F.smooth_l1_loss(x, lamella.zeros(2), beta=0.0) == F.l1_loss(x, lamella.zeros(2))


@pytest.mark.parametrize(("loss", "mean"), [(F.mse_loss, 13 / 4), (F.l1_loss, 7 / 4), (F.huber_loss, 5 / 2)])
def test_weights_of_elements(loss, mean):
    x, weight = lamella.tensor([1.0, 2.0]), lamella.tensor([1.0, 3.0])
    assert loss(x, lamella.zeros(2), weight=weight).item() == mean
    assert len(loss(x, lamella.zeros(2), weight=weight, reduction="none")) == 2
    with pytest.raises(ValueError, match="Weights and input must have the same size"):
        loss(x, lamella.zeros(2), weight=lamella.ones(1))


def test_a_mask_may_be_the_target_of_squares():
    assert F.mse_loss(lamella.tensor([0.5, 0.0]), lamella.tensor([True, False])).item() == 0.125


# --- likelihoods


@pytest.mark.filterwarnings("ignore:kl_div")
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("log_target", [False, True])
def test_divergence(reduction, log_target):
    q, p = (np.exp(log_softmax(numbers(2, 3, seed=seed), 1)) for seed in (0, 1))
    p[0, 0] = 1e-300 if log_target else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0)
        given = np.log(p) if log_target else p
    target = lamella.from_numpy(given)
    input = lamella.from_numpy(np.log(q))
    found = F.kl_div(input, target, reduction=reduction, log_target=log_target)
    np.testing.assert_allclose(found.numpy(), REDUCTIONS[reduction](terms), rtol=1e-12)
    found = F.kl_div(input, target, reduction="batchmean", log_target=log_target)
    np.testing.assert_allclose(found.numpy(), terms.sum() / 2, rtol=1e-12)


def test_mean_divergence_warns():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(X, X + 1)


def test_counts():
    x, k = lamella.tensor([0.5, 2.0]), lamella.tensor([1.0, 4.0])
    expected = [math.exp(0.5) - 0.5, math.exp(2) - 8]
    assert F.poisson_nll_loss(x, k, reduction="none").tolist() == pytest.approx(expected)
    expected = [0.5 - math.log(0.5), 2 - 4 * math.log(2)]
    assert F.poisson_nll_loss(x, k, log_input=False, reduction="none").tolist() == pytest.approx(expected)
    stirling = 4 * math.log(4) - 4 + 0.5 * math.log(8 * math.pi)
    assert F.poisson_nll_loss(x, k, full=True, reduction="sum").item() == pytest.approx(
        math.exp(0.5) - 0.5 + math.exp(2) - 8 + stirling
    )


def test_normal_variables():
    x, y = lamella.zeros(2, 3), lamella.ones(2, 3)
    assert F.gaussian_nll_loss(x, y, 1.0).item() == 0.5
    assert F.gaussian_nll_loss(x, y, lamella.ones(2), full=True).item() == pytest.approx(
        0.5 + math.log(2 * math.pi) / 2
    )
    var = lamella.tensor([[4.0], [0.0]], requires_grad=True)
    loss = F.gaussian_nll_loss(x, y, var, eps=0.5, reduction="none")
    np.testing.assert_allclose(loss[:, 0].detach().numpy(), [0.5 * math.log(4) + 0.125, 0.5 * math.log(0.5) + 1])
    loss.sum().backward()
    # also where eps stands for the variance: (1 / var - d² / var²) / 2, three times
    np.testing.assert_allclose(var.grad.numpy(), [[1.5 * (1 / 4 - 1 / 16)], [1.5 * (2 - 4)]])


# --- cross entropy of a linear layer


OPTIONS = [
    None,
    lamella.nn.LinearCrossEntropyOptions(),
    lamella.nn.LinearCrossEntropyOptions(batch_chunk_size=3),
    lamella.nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio"),
    lamella.nn.LinearCrossEntropyOptions(chunking_method=None),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("options", OPTIONS)
def test_linear_cross_entropy_is_the_two_in_turn(options, reduction):
    given = [lamella.from_numpy(numbers(*s)) for s in ((7, 4), (9, 4), (9,))]
    target = lamella.tensor([0, 8, 3, 3, 1, 7, 2])
    weight = lamella.from_numpy(np.abs(numbers(9, seed=3)))
    results = []
    for composed in (False, True):
        x, w, b = (t.clone().requires_grad_() for t in given)
        if composed:
            loss = F.cross_entropy(F.linear(x, w, b), target, weight, ignore_index=3, reduction=reduction)
        else:
            loss = F.linear_cross_entropy(
                x, w, target, linear_bias=b, weight=weight, reduction=reduction, ignore_index=3, options=options
            )
        loss.sum().backward()
        results.append([loss.detach(), x.grad, w.grad, b.grad])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12, atol=1e-14)


def test_linear_cross_entropy_of_several_positions_and_of_probabilities():
    x, w = lamella.from_numpy(numbers(2, 4)), lamella.from_numpy(numbers(3, 5, 4))
    scores = (x @ w.reshape(15, 4).T).reshape(2, 3, 5)
    target = lamella.tensor([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0]])
    assert F.linear_cross_entropy(x, w, target).item() == pytest.approx(F.cross_entropy(scores, target).item())
    p = scores.softmax(1)
    assert F.linear_cross_entropy(x, w, p).item() == pytest.approx(F.cross_entropy(scores, p).item())
    with pytest.warns(UserWarning, match="options are ignored"):
        F.linear_cross_entropy(x, w, target, options=OPTIONS[1])


LINEAR_REFUSED = [
    (lambda: F.linear_cross_entropy(X.reshape(2, 2, 5), X, CLASSES), ShapeError, "dimensionality 1 or 2, got 3"),
    (lambda: F.linear_cross_entropy(X, X[0], CLASSES), ShapeError, "dimensionality at least 2, got 1"),
    (lambda: F.linear_cross_entropy(X, lamella.zeros(3, 4), CLASSES), ShapeError, "got 5 and 4"),
    (lambda: F.linear_cross_entropy(X, X, CLASSES, linear_bias=X[0]), ShapeError, r"linear_bias shape \(4,\)"),
    (lambda: F.linear_cross_entropy(X[0], lamella.zeros(3, 2, 5), CLASSES), ShapeError, "requires batched input"),
    (lambda: F.linear_cross_entropy(X, X, X[:, :4], ignore_index=1), RuntimeError, "ignore_index cannot be specified"),
    (lambda: lamella.nn.LinearCrossEntropyOptions(acc_policy="x"), ValueError, "invalid acc_policy: 'x'"),
    (lambda: lamella.nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:0"), ValueError, "chunking_method"),
    (lambda: lamella.nn.LinearCrossEntropyOptions(batch_chunk_size=0), ValueError, "positive int or None, got 0"),
    (lambda: lamella.nn.LinearCrossEntropyOptions(acc_dtype=lamella.int64), ValueError, "acc_dtype must be"),
    (lambda: lamella.nn.LinearCrossEntropyOptions(False, 1, "aspect_ratio").rows(8, 1, 1), ValueError, "only one"),
]

NUMBERS_REFUSED = [
    (lambda: F.mse_loss(CLASSES, CLASSES), DtypeError, "mse_loss: not defined for dtype lamella.int64"),
    (lambda: F.smooth_l1_loss(X, X, beta=-1.0), RuntimeError, "negative values for beta, got -1.0"),
    (lambda: F.huber_loss(X, X, delta=0.0), RuntimeError, "non-positive values for delta, got 0.0"),
    (lambda: F.huber_loss(X, X + 1j), DtypeError, "not defined for target of dtype lamella.complex64"),
    (lambda: F.binary_cross_entropy_with_logits(X, X.long()), DtypeError, "not defined for dtype lamella.int64"),
    (lambda: F.gaussian_nll_loss(X, X, 1), TypeError, "var must be a Tensor or a float, got int"),
    (lambda: F.kl_div(X, CLASSES, reduction="sum"), DtypeError, "kl_div: not defined for dtype lamella.int64"),
    (lambda: F.kl_div(X, X, reduction="foo"), ArgumentError, "foo is not a valid value"),
    (lambda: F.gaussian_nll_loss(X, X, -1.0), ArgumentError, "var has negative entry"),
    (lambda: F.gaussian_nll_loss(X, X, X - 1), ArgumentError, "var has negative entry"),
    (lambda: F.gaussian_nll_loss(X, X, lamella.ones(3)), ArgumentError, r"var is of incorrect size: \(3,\)"),
    (lambda: F.poisson_nll_loss(X, X, reduction="foo"), ArgumentError, "foo is not a valid value"),
]


@pytest.mark.parametrize(("call", "error", "message"), [*LINEAR_REFUSED, *NUMBERS_REFUSED])
def test_refuses_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
