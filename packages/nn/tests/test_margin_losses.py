"""Margin losses against their formulas, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

REDUCTIONS = {"none": lambda x: x, "mean": np.mean, "sum": np.sum}
each_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def check(loss, arrays, losses, reduction):
    """The loss is that of the formula, and its first two derivatives are those of finite differences."""
    tensors = [lamella.from_numpy(a).requires_grad_() for a in arrays]
    np.testing.assert_allclose(loss(*tensors).detach().numpy(), REDUCTIONS[reduction](losses), rtol=1e-10)
    assert gradcheck(loss, tensors)
    assert gradgradcheck(loss, tensors)


SIGNS = np.array([1, -1, 1, -1, -1, 1])
LABELS = lamella.from_numpy(SIGNS)


@each_reduction
def test_hinge_embedding(reduction):
    x = np.array([0.3, 0.2, 2.0, 0.9, 3.0, -1.0])
    losses = np.where(SIGNS == 1, x, np.maximum(0.7 - x, 0))
    loss = nn.HingeEmbeddingLoss(0.7, reduction=reduction)
    check(lambda t: loss(t, LABELS), [x], losses, reduction)


@each_reduction
def test_soft_margin(reduction):
    x = numbers(6)
    check(lambda t: nn.SoftMarginLoss(reduction=reduction)(t, LABELS), [x], np.log(1 + np.exp(-SIGNS * x)), reduction)


@each_reduction
def test_margin_ranking(reduction):
    a, b = numbers(6), numbers(6, seed=1)
    losses = np.maximum(0.4 - SIGNS * (a - b), 0)
    loss = nn.MarginRankingLoss(0.4, reduction=reduction)
    check(lambda s, t: loss(s, t, LABELS), [a, b], losses, reduction)


@each_reduction
def test_cosine_embedding(reduction):
    a, b = numbers(6, 3), numbers(6, 3, seed=1)
    cosines = (a * b).sum(1) / np.sqrt(((a * a).sum(1) + 1e-12) * ((b * b).sum(1) + 1e-12))
    losses = np.where(SIGNS == 1, 1 - cosines, np.maximum(cosines - 0.1, 0))
    loss = nn.CosineEmbeddingLoss(0.1, reduction=reduction)
    check(lambda s, t: loss(s, t, LABELS), [a, b], losses, reduction)


def test_cosine_embedding_of_one_pair_and_of_zeros():
    assert F.cosine_embedding_loss(lamella.ones(3), lamella.ones(3), lamella.tensor(1)).item() == pytest.approx(0)
    assert F.cosine_embedding_loss(lamella.zeros(3), lamella.ones(3), lamella.tensor(1)).item() == 1


@each_reduction
@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
def test_triplets(p, swap, reduction):
    anchor, positive, negative = (numbers(5, 3, seed=seed) for seed in range(3))

    def distance(x, y):
        return np.linalg.norm(x - y + 1e-6, p, axis=-1)

    far = distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    losses = np.maximum(distance(anchor, positive) - far + 1.5, 0)
    loss = nn.TripletMarginLoss(1.5, p, swap=swap, reduction=reduction)
    check(loss, [anchor, positive, negative], losses, reduction)


@each_reduction
def test_triplets_with_another_distance(reduction):
    anchor, positive, negative = (numbers(5, 3, seed=seed) for seed in range(3))

    def squared(x, y):
        return ((x - y) ** 2).sum(-1)

    losses = np.maximum(squared(anchor, positive) - squared(anchor, negative) + 1, 0)
    loss = nn.TripletMarginWithDistanceLoss(distance_function=squared, reduction=reduction)
    check(loss, [anchor, positive, negative], losses, reduction)
    tensors = [lamella.from_numpy(a) for a in (anchor, positive, negative)]
    assert F.triplet_margin_with_distance_loss(*tensors) == F.triplet_margin_loss(*tensors)


@each_reduction
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_multi_margin(p, weighted, reduction):
    x, target, weight = numbers(4, 5), np.array([0, 4, 2, 2]), np.array([0.5, 1, 2, 0.25, 1.5])
    terms = np.maximum(0.8 - x[np.arange(4), target][:, None] + x, 0) ** p
    terms[np.arange(4), target] = 0
    losses = terms.mean(1) * (weight[target] if weighted else 1)
    given = lamella.from_numpy(weight) if weighted else None
    loss = nn.MultiMarginLoss(p, 0.8, given, reduction=reduction)
    check(lambda t: loss(t, lamella.from_numpy(target)), [x], losses, reduction)


@each_reduction
def test_multi_label_margin(reduction):
    x, target = numbers(3, 4), np.array([[2, 0, -1, 1], [-1, 0, 1, 2], [3, 1, 2, 0]])
    losses = np.zeros(3)
    for n, right in enumerate([[2, 0], [], [3, 1, 2, 0]]):
        losses[n] = sum(max(1 - (x[n, r] - x[n, w]), 0) for r in right for w in range(4) if w not in right) / 4
    loss = nn.MultiLabelMarginLoss(reduction=reduction)
    check(lambda t: loss(t, lamella.from_numpy(target)), [x], losses, reduction)


@each_reduction
def test_multi_label_soft_margin(reduction):
    x, y, weight = numbers(3, 4), np.random.default_rng(1).integers(0, 2, (3, 4)), np.array([0.5, 1, 2, 0.25])
    s = 1 / (1 + np.exp(-x))
    losses = -(weight * (y * np.log(s) + (1 - y) * np.log(1 - s))).mean(1)
    loss = nn.MultiLabelSoftMarginLoss(lamella.from_numpy(weight), reduction=reduction)
    check(lambda t: loss(t, lamella.from_numpy(y).double()), [x], losses, reduction)


def test_single_samples():
    x, label = lamella.tensor([0.1, 0.2, 0.4]), lamella.tensor([1, -1, 0])
    assert F.multi_margin_loss(x, lamella.tensor(2), reduction="none").shape == ()
    assert F.multi_margin_loss(x, lamella.tensor([2]), reduction="none").shape == (1,)
    assert F.multilabel_margin_loss(x, label, reduction="none").shape == ()


X = lamella.zeros(2, 3)
CLASSES = lamella.tensor([0, 1])
REFUSED = [
    (lambda: F.margin_ranking_loss(X, X, CLASSES), ShapeError, "should have same dimension"),
    (lambda: F.cosine_embedding_loss(X, X, X), ShapeError, "multi-target not supported"),
    (lambda: F.cosine_embedding_loss(X, X, lamella.tensor(1)), ShapeError, "0D target tensor expects 1D input"),
    (lambda: F.triplet_margin_loss(X, X, X[0]), ShapeError, "positive 2D, and negative 1D"),
    (lambda: F.triplet_margin_loss(X, X, X, margin=0.0), ArgumentError, "margin must be greater than 0, got 0.0"),
    (lambda: nn.TripletMarginLoss(margin=-1.0), ArgumentError, "margin must be greater than 0"),
    (lambda: nn.TripletMarginWithDistanceLoss(margin=-1.0), ArgumentError, "margin must be greater than 0"),
    (
        lambda: F.soft_margin_loss(CLASSES, CLASSES),
        DtypeError,
        "soft_margin_loss: not defined for dtypes lamella.int64",
    ),
    (lambda: F.hinge_embedding_loss(X, X, reduction="foo"), ArgumentError, "foo is not a valid value"),
    (lambda: F.multi_margin_loss(X, CLASSES, p=3), ArgumentError, "only p == 1 and p == 2 supported, got 3"),
    (lambda: nn.MultiMarginLoss(p=3), ArgumentError, "only p == 1 and p == 2 supported, got 3"),
    (lambda: F.multi_margin_loss(X, CLASSES, weight=X), ArgumentError, "weight must be one-dimensional"),
    (lambda: nn.MultiMarginLoss(weight=X), ArgumentError, "weight must be one-dimensional"),
    (lambda: F.multi_margin_loss(X, CLASSES, weight=X[0, :2]), DtypeError, r"expected 3 .* but got \[2\]"),
    (lambda: F.multi_margin_loss(X, CLASSES[:1]), ShapeError, r"Expected target size \[2\], but got \[1\]"),
    (lambda: F.multi_margin_loss(X, CLASSES.int()), DtypeError, "expected target of dtype lamella.int64"),
    (lambda: F.multi_margin_loss(X, CLASSES + 2), RuntimeError, "out of bounds"),
    (lambda: F.multi_margin_loss(X.half(), CLASSES), DtypeError, "not defined for dtype lamella.float16"),
    (lambda: F.multi_margin_loss(lamella.zeros(2, 0), CLASSES), ShapeError, r"non-empty vector .*\[2, 0\]"),
    (lambda: F.multilabel_margin_loss(X, CLASSES), ShapeError, r"inconsistent target size: \[2\]"),
    (lambda: F.multilabel_margin_loss(X, X.long() + 3), RuntimeError, "target 3 is out of range"),
    (lambda: F.multilabel_soft_margin_loss(X[0, 0], X[0, 0]), IndexError, "no dimension of classes"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refuses_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_older_name_of_a_loss_warns():
    with pytest.warns(FutureWarning, match="Please use NLLLoss"):
        loss = nn.NLLLoss2d()
    assert loss(lamella.zeros(1, 2, 1, 1), lamella.zeros(1, 1, 1, dtype=lamella.int64)).item() == 0
