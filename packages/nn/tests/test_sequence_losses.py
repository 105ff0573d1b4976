"""The CTC loss against all alignments one by one, and what it refuses."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.errors import ArgumentError, ArgumentRangeError, DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

STEPS, CLASSES = 5, 4
LABELS = [[1, 2, 3], [1, 1, 2], [3], []]
FRAMES = [5, 5, 3, 4]
SIZES = [3, 3, 1, 0]
PADDED = lamella.tensor([[1, 2, 3], [1, 1, 2], [3, 0, 0], [0, 0, 0]])
JOINED = lamella.tensor([1, 2, 3, 1, 1, 2, 3])


def scores(*shape, seed=0):
    return lamella.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def without_repeats_and_blanks(way, blank):
    return [label for label, _ in itertools.groupby(way) if label != blank]


def by_enumeration(log_probs, labels, frames, blank):
    """The loss as its definition says: over every way to give each step a class."""
    total = 0.0
    for way in itertools.product(range(log_probs.shape[1]), repeat=frames):
        if without_repeats_and_blanks(way, blank) == labels:
            total += math.exp(sum(log_probs[t, c] for t, c in enumerate(way)))
    return -math.log(total) if total else math.inf


LOG_PROBS = scores(STEPS, len(LABELS), CLASSES).log_softmax(2)
EXPECTED = [by_enumeration(LOG_PROBS[:, n].numpy(), LABELS[n], FRAMES[n], 0) for n in range(len(LABELS))]


@pytest.mark.parametrize("targets", [PADDED, JOINED])
@pytest.mark.parametrize("lengths", [lambda n: n, lamella.tensor])
def test_loss_is_the_sum_over_all_alignments(targets, lengths):
    loss = F.ctc_loss(LOG_PROBS, targets, lengths(FRAMES), lengths(SIZES), reduction="none")
    np.testing.assert_allclose(loss.numpy(), EXPECTED, rtol=1e-12)


def test_reductions():
    total = nn.CTCLoss(reduction="sum")(LOG_PROBS, PADDED, FRAMES, SIZES)
    assert total.item() == pytest.approx(sum(EXPECTED))
    mean = nn.CTCLoss()(LOG_PROBS, PADDED, FRAMES, SIZES)
    assert mean.item() == pytest.approx(np.mean([e / max(n, 1) for e, n in zip(EXPECTED, SIZES, strict=True)]))


def test_another_blank_and_no_batch():
    targets = lamella.tensor([0, 1])
    loss = F.ctc_loss(LOG_PROBS[:, 0], targets, 4, 2, blank=3, reduction="none")
    assert loss.shape == ()
    assert loss.item() == pytest.approx(by_enumeration(LOG_PROBS[:, 0].numpy(), [0, 1], 4, 3))


def test_single_precision_is_exact_to_it():
    loss = F.ctc_loss(LOG_PROBS.float(), PADDED, FRAMES, SIZES, reduction="none")
    assert loss.dtype is lamella.float32
    np.testing.assert_allclose(loss.numpy(), EXPECTED, rtol=1e-6)


def test_first_and_second_derivatives_by_scores():
    weight = scores(len(LABELS), seed=1)

    def loss(x):
        return F.ctc_loss(x.log_softmax(2), PADDED, FRAMES, SIZES, reduction="none") @ weight

    x = scores(STEPS, len(LABELS), CLASSES, seed=2).requires_grad_()
    assert gradcheck(loss, x)
    assert gradgradcheck(loss, x)


def test_gradient_by_log_probabilities_is_that_by_scores():
    x = LOG_PROBS.clone().requires_grad_()
    y = LOG_PROBS.clone().requires_grad_()
    F.ctc_loss(x, PADDED, FRAMES, SIZES).backward()
    F.ctc_loss(y.log_softmax(2), PADDED, FRAMES, SIZES).backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), atol=1e-12)
    assert not x.grad[3:, 2].any()  # behind the end of its frames


def test_scores_of_minus_infinity():
    x = LOG_PROBS.clone()
    x[1, :, 0] = -math.inf
    x[2, 0, 2] = -math.inf
    x.requires_grad_()
    found = F.ctc_loss(x[:, :1], PADDED[:1], [5], [3], reduction="none")
    assert found.item() == pytest.approx(by_enumeration(x[:, 0].detach().numpy(), [1, 2, 3], 5, 0))
    found.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_labels_that_do_not_fit():
    x = LOG_PROBS.clone().requires_grad_()
    frames = [5, 3, 0, 0]  # 1, 1, 2 takes four steps; without a step there is but one way to say nothing
    loss = F.ctc_loss(x, PADDED, frames, SIZES, reduction="none")
    assert loss.tolist() == pytest.approx([EXPECTED[0], math.inf, math.inf, 0.0])
    loss = F.ctc_loss(x, PADDED, frames, SIZES, reduction="none", zero_infinity=True)
    assert loss.tolist() == pytest.approx([EXPECTED[0], 0.0, 0.0, 0.0])
    loss.sum().backward()
    assert x.grad[:, 0].any()
    assert not x.grad[:, 1:].any()


def test_what_lies_behind_the_labels_does_not_count():
    filled = lamella.tensor([[1, 2, 3], [1, 1, 2], [3, -1, 99], [7, 7, 7]])
    loss = F.ctc_loss(LOG_PROBS, filled, FRAMES, SIZES, reduction="none")
    np.testing.assert_allclose(loss.numpy(), EXPECTED, rtol=1e-12)


def call(log_probs=LOG_PROBS, targets=PADDED, frames=FRAMES, sizes=SIZES, **options):
    return F.ctc_loss(log_probs, targets, frames, sizes, **options)


REFUSED = [
    (lambda: call(reduction="foo"), ArgumentError, "foo is not a valid value"),
    (lambda: call(LOG_PROBS.half()), DtypeError, "not defined for dtype lamella.float16"),
    (lambda: call(LOG_PROBS[0, 0]), ShapeError, "expected log_probs"),
    (lambda: call(LOG_PROBS[:0]), ShapeError, "must not be empty"),
    (lambda: call(blank=4), ArgumentRangeError, "blank must be in label range, 0 to 3, got 4"),
    (lambda: call(frames=FRAMES[1:]), ShapeError, "input_lengths must be of size batch_size, 4, got 3"),
    (lambda: call(sizes=SIZES[1:]), ShapeError, "target_lengths must be of size batch_size, 4, got 3"),
    (lambda: call(frames=[6, 5, 5, 5]), ArgumentRangeError, "at least 0 and at most 5, got"),
    (lambda: call(sizes=[-1, 3, 1, 0]), ArgumentRangeError, "values of at least 0, got"),
    (lambda: call(frames=lamella.tensor(FRAMES).float()), DtypeError, "input_lengths must be integral"),
    (lambda: call(sizes=[4, 3, 1, 0]), ShapeError, "at least 4 at dimension 1"),
    (lambda: call(targets=PADDED[:2]), ShapeError, "Expected targets of size 4 at dimension 0"),
    (lambda: call(targets=JOINED[1:]), ShapeError, "the 7 labels that target_lengths tells of"),
    (lambda: call(targets=PADDED + 1), ArgumentRangeError, "targets must be classes, 0 to 3"),
]


@pytest.mark.parametrize(("action", "error", "message"), REFUSED)
def test_refuses_what_does_not_fit(action, error, message):
    with pytest.raises(error, match=message):
        action()
