"""The CTC loss: a sequence of labels, at unknown places in a longer sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core.autocast_policy import autocast_as
from lamella.core.errors import ArgumentRangeError, DtypeError, ShapeError
from lamella.core.ops.creation import arange, tensor
from lamella.core.ops.selection import where
from lamella.core.ops.transcendental import logaddexp
from lamella.core.tensor import Tensor
from lamella.nn.functional.reductions import check_reduction, reduced
from lamella.nn.ops.alignments import alignment_scores

Lengths = Tensor | Sequence[int] | int


@autocast_as("float32")
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-probability of label sequences, over all ways to place them; see ``nn.CTCLoss``.

    Args:
        log_probs: Log-probabilities of ``log_softmax``, ``(T, N, C)`` or ``(T, C)``.
        targets: Labels ``(N, S)``, or those of all sequences one after the other.
        input_lengths, target_lengths: How much of each sequence counts.
        blank: The class between labels.
        reduction: ``"mean"`` (over the batch, of losses divided by their numbers of labels), ``"sum"`` or ``"none"``.
        zero_infinity: Whether 0 stands for the infinite loss, and its gradient, of labels that do not fit.

    Returns:
        The loss. Its gradient is that by the scores which ``log_probs`` is the ``log_softmax`` of, as PyTorch's is.

    Raises:
        ValueError: ``reduction`` is not known.
        RuntimeError: Lengths, labels, ``blank`` or shapes do not fit, or ``log_probs`` is not float32 or float64.

    Reference:
        Graves et al., "Connectionist Temporal Classification", 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf.
    """
    check_reduction(reduction)
    batched = log_probs.ndim == 3
    steps, count, classes = _checked(log_probs if batched else log_probs.unsqueeze(1), blank)
    log_probs = log_probs.reshape(steps, count, classes)
    frames = _lengths("input_lengths", input_lengths, count, steps)
    sizes = _lengths("target_lengths", target_lengths, count)
    states = _states(_rows(targets, sizes), sizes, blank, classes)

    # in float64, because what is needed are small differences of sums over all steps
    emissions = log_probs.gather(2, states.reshape(1, count, -1).expand(steps, count, states.shape[1])).double()
    skippable = states.ne(blank)
    skippable[:, 2:] &= states[:, 2:].ne(states[:, :-2])
    skips = emissions.new_zeros(states.shape).masked_fill(~skippable, -np.inf)
    scores = alignment_scores(emissions, skips) + emissions

    log_likelihood, possible = _totals(scores, frames, sizes, zero_infinity)
    losses = _with_softmax_gradient(-log_likelihood.to(log_probs.dtype), log_probs, frames)
    if zero_infinity:
        losses = where(possible, losses, 0.0)
    if reduction == "mean":
        losses = losses / log_probs.new_tensor(sizes).clamp(min=1)
    return reduced(losses if batched else losses.reshape(()), reduction)


def _checked(log_probs: Tensor, blank: int) -> tuple[int, int, int]:
    """The numbers of steps, sequences and classes."""
    shape = tuple(log_probs.shape)
    if len(shape) != 3:
        raise ShapeError(f"ctc_loss: expected log_probs (T, N, C) or (T, C), got {len(shape) - 1} dimensions")
    if log_probs.array.dtype not in (np.float32, np.float64):
        raise DtypeError(f"ctc_loss: not defined for dtype {log_probs.dtype}; expected float32 or float64")
    if not log_probs.numel():
        raise ShapeError("ctc_loss: log_probs tensor must not be empty")
    if not 0 <= blank < shape[2]:
        raise ArgumentRangeError(f"ctc_loss: blank must be in label range, 0 to {shape[2] - 1}, got {blank}")
    return shape[0], shape[1], shape[2]


def _lengths(name: str, given: Lengths, count: int, most: int | None = None) -> list[int]:
    """Lengths as ints, one for each sequence."""
    found: Any = given
    if isinstance(given, Tensor):
        if given.array.dtype.kind not in "iu":
            raise DtypeError(f"ctc_loss: {name} must be integral, got {given.dtype}")
        found = given.reshape(-1).tolist()
    found = [found] if isinstance(found, int) else list(found)
    if len(found) != count:
        raise ShapeError(f"ctc_loss: {name} must be of size batch_size, {count}, got {len(found)}")
    if any(n < 0 or (most is not None and n > most) for n in found):
        bound = "" if most is None else f" and at most {most}"
        raise ArgumentRangeError(f"ctc_loss: Expected {name} to have values of at least 0{bound}, got {found}")
    return found


def _rows(targets: Tensor, sizes: list[int]) -> Tensor:
    """Labels as ``(N, longest)``; what lies behind those of a shorter sequence is of no account."""
    longest = max(sizes)
    if targets.ndim == 2:
        if targets.shape[0] != len(sizes) or targets.shape[1] < longest:
            raise ShapeError(
                f"ctc_loss: Expected targets of size {len(sizes)} at dimension 0 and at least {longest} at dimension "
                f"1, got {tuple(targets.shape)}"
            )
        return targets[:, :longest].long()
    if targets.ndim != 1 or targets.shape[0] != sum(sizes):
        raise ShapeError(
            f"ctc_loss: Expected targets (N, S), or the {sum(sizes)} labels that target_lengths tells of, got shape "
            f"{tuple(targets.shape)}"
        )
    starts = np.cumsum([0, *sizes[:-1]])
    places = np.minimum(starts[:, None] + np.arange(longest), max(sum(sizes) - 1, 0))
    return targets.long()[tensor(places)]


def _states(labels: Tensor, sizes: list[int], blank: int, classes: int) -> Tensor:
    """``(N, 2 longest + 1)``: the labels with a blank before, between and behind them."""
    count, longest = labels.shape
    states = labels.new_full((count, 2 * longest + 1), blank)
    states[:, 1::2] = labels.masked_fill(arange(longest) >= tensor(sizes).reshape(-1, 1), blank)
    if bool(((states < 0) | (states >= classes)).any()):
        raise ArgumentRangeError(f"ctc_loss: targets must be classes, 0 to {classes - 1}")
    return states


def _totals(scores: Tensor, frames: list[int], sizes: list[int], masked: bool) -> tuple[Tensor, Tensor]:
    """The log-likelihoods, and which of them are possible at all; ``masked`` keeps the others out of the gradient."""
    last = tensor(frames).clamp(min=1) - 1
    rows, ends = arange(len(sizes)), 2 * tensor(sizes)
    in_blank = scores[last, rows, ends]
    in_label = where(ends > 0, scores[last, rows, (ends - 1).clamp(min=0)], -np.inf)
    none = tensor(frames).eq(0)  # without a step there is one way to say nothing, and none to say something
    in_blank = where(none, where(ends > 0, -np.inf, 0.0).to(scores.dtype), in_blank)
    in_label = where(none, -np.inf, in_label)
    possible = (in_blank > -np.inf) | (in_label > -np.inf)
    if masked:
        in_blank, in_label = where(possible, in_blank, 0.0), where(possible, in_label, 0.0)
    return logaddexp(in_blank, in_label), possible


def _with_softmax_gradient(losses: Tensor, log_probs: Tensor, frames: list[int]) -> Tensor:
    """``losses``, with the gradient of a ``log_softmax`` in front: nothing is added but the gradient of a sum of 1."""
    counted = arange(log_probs.shape[0]).reshape(-1, 1) < tensor(frames)
    mass = where(counted, log_probs.exp().sum(2), 0.0).sum(0)
    return losses + (mass - mass.detach())


__all__ = ["ctc_loss"]
