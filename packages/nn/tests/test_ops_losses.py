"""The losses: ops by their records, public functions against formulas, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, DtypeError, GradError, IndexRangeError, ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.ops import losses
from lamella.nn.testing import reference


@pytest.mark.parametrize("case", conformance.cases(conformance.defined_in("lamella.nn.ops.losses"), reference), ids=str)
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
    loss = losses.cross_entropy(lamella.from_numpy(x), lamella.from_numpy(target), reduction=reduction)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)
    log_probabilities = lamella.from_numpy(x).log_softmax(axis)
    loss = losses.nll_loss(log_probabilities, lamella.from_numpy(target), reduction=reduction)
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
        return losses.cross_entropy(input, lamella.from_numpy(target), given, **options)

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
    loss = losses.cross_entropy(
        lamella.from_numpy(x),
        lamella.from_numpy(target),
        lamella.from_numpy(weight),
        reduction=reduction,
        label_smoothing=0.2,
    )
    np.testing.assert_allclose(loss.numpy(), REDUCTIONS[reduction](rows), rtol=1e-12)


def test_cross_entropy_with_scores_far_apart():
    x = lamella.tensor([[1000.0, 0.0], [0.0, -1000.0], [-1e4, -1e4]], requires_grad=True)
    loss = losses.cross_entropy(x, lamella.tensor([1, 0, 0]), reduction="none")
    np.testing.assert_allclose(loss.detach().numpy(), [1000.0, 0.0, math.log(2)], rtol=1e-6)
    loss.sum().backward()
    # a float32 of 10 000 is precise to 0.001, and so is the normalizer that the gradient is computed from
    np.testing.assert_allclose(x.grad.numpy(), [[1, -1], [0, 0], [-0.5, 0.5]], atol=1e-3)


def test_cross_entropy_of_many_classes_and_rows_is_that_of_each_row():
    x, target = numbers(70, 1000).astype(np.float32), np.arange(70)
    input = lamella.from_numpy(x).requires_grad_()
    loss = losses.cross_entropy(input, lamella.from_numpy(target), reduction="sum")
    probabilities = np.exp(log_softmax(x.astype(np.float64), 1))
    np.testing.assert_allclose(loss.item(), -np.log(probabilities[target, target]).sum(), rtol=1e-6)
    loss.backward()
    np.testing.assert_allclose(input.grad.numpy(), probabilities - np.eye(70, 1000), atol=1e-6)


def test_mean_over_nothing_is_nan():
    assert math.isnan(losses.cross_entropy(lamella.zeros(2, 3), lamella.tensor([-100, -100])))
    assert math.isnan(losses.cross_entropy(lamella.zeros(0, 3), lamella.zeros(0, dtype=lamella.int64)))


def test_targets_may_be_bytes():
    x = lamella.from_numpy(numbers(2, 3))
    loss = losses.cross_entropy(x, lamella.tensor([0, 2], dtype=lamella.uint8))
    assert loss == losses.cross_entropy(x, lamella.tensor([0, 2]))


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


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.nll_loss])
@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_class_losses_refuse(loss, call, error, message):
    with pytest.raises(error, match=message):
        call(loss)


def test_cross_entropy_refuses_more():
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0.0 and 1.0. Got: 1.5"):
        losses.cross_entropy(X, CLASSES, label_smoothing=1.5)
    with pytest.raises(DtypeError, match="Expected floating point type for target with class probabilities"):
        losses.cross_entropy(X, X.long())
    with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
        losses.cross_entropy(X, X, ignore_index=2)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_differences(reduction):
    a, b = numbers(3, 4), numbers(3, 4, seed=1)
    tensors = lamella.from_numpy(a), lamella.from_numpy(b)
    reduce = REDUCTIONS[reduction]
    np.testing.assert_allclose(losses.mse_loss(*tensors, reduction=reduction).numpy(), reduce((a - b) ** 2))
    np.testing.assert_allclose(losses.l1_loss(*tensors, reduction=reduction).numpy(), reduce(np.abs(a - b)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropies(reduction):
    x, weight = numbers(3, 4), np.array([0.5, 1.0, 2.0, 0.25])
    y = np.random.default_rng(1).random((3, 4))
    p = 1 / (1 + np.exp(-x))
    given = [lamella.from_numpy(a) for a in (x, p, y, weight)]
    right, wrong = -y * np.log(p), -(1 - y) * np.log(1 - p)
    reduce = REDUCTIONS[reduction]
    loss = losses.binary_cross_entropy(given[1], given[2], given[3], reduction)
    np.testing.assert_allclose(loss.numpy(), reduce((right + wrong) * weight))
    loss = losses.binary_cross_entropy_with_logits(given[0], given[2], given[3], reduction)
    np.testing.assert_allclose(loss.numpy(), reduce((right + wrong) * weight))
    loss = losses.binary_cross_entropy_with_logits(given[0], given[2], None, reduction, given[3])
    np.testing.assert_allclose(loss.numpy(), reduce(right * weight + wrong))


def test_binary_cross_entropy_is_finite_at_the_ends():
    p = lamella.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = losses.binary_cross_entropy(p, lamella.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    assert loss.tolist() == [100.0, 100.0, 0.0, 0.0]
    loss.sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), [-1e12, 1e12, 0, 0])


def test_logits_may_be_large():
    x = lamella.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    loss = losses.binary_cross_entropy_with_logits(x, lamella.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    assert loss.tolist() == [0.0, 0.0, 1e4, 1e4]
    loss.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0, -1.0]


def test_number_losses_refuse():
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        losses.mse_loss(X, X, "foo")
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        losses.l1_loss(X, X, "foo")
    with pytest.raises(ValueError, match=r"Using a target size \(\(4,\)\) that is different to the input size"):
        losses.binary_cross_entropy(X, lamella.zeros(4))
    with pytest.raises(ValueError, match=r"Target size \(\(4,\)\) must be the same as input size \(\(4, 5\)\)"):
        losses.binary_cross_entropy_with_logits(X, lamella.zeros(4))
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        losses.binary_cross_entropy(X + 2, X)
    with pytest.raises(RuntimeError, match="Found target dtype lamella.int64 but expected lamella.float32"):
        losses.binary_cross_entropy(X, X.long())
