"""Inputs at the edge, as PyTorch 2.13 takes or refuses them: empty batches, wrong channels, ranks and classes."""

from __future__ import annotations

import math
from typing import Any

import pytest

import lamella
from lamella import nn

nan = math.nan
x = lamella.ones


def i(values: Any) -> lamella.Tensor:
    return lamella.tensor(values, dtype=lamella.int64)


#: What works: a module, its arguments, and the shape of its result, or its value where that is a number.
ACCEPTED: list[tuple[nn.Module, tuple[Any, ...], Any]] = [
    (nn.Linear(3, 4), (x(0, 3),), (0, 4)),
    (nn.Linear(3, 4), (x(2, 0, 3),), (2, 0, 4)),
    (nn.Bilinear(2, 3, 4), (x(0, 2), x(0, 3)), (0, 4)),
    (nn.Conv1d(3, 4, 3), (x(0, 3, 8),), (0, 4, 6)),
    (nn.Conv2d(3, 4, 3), (x(0, 3, 8, 8),), (0, 4, 6, 6)),
    (nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), (x(0, 3, 8, 8),), (0, 4, 8, 8)),
    (nn.Conv3d(3, 4, 2), (x(0, 3, 4, 4, 4),), (0, 4, 3, 3, 3)),
    (nn.ConvTranspose1d(3, 4, 2), (x(0, 3, 4),), (0, 4, 5)),
    (nn.ConvTranspose2d(3, 4, 2), (x(0, 3, 4, 4),), (0, 4, 5, 5)),
    (nn.MaxPool1d(2), (x(0, 3, 4),), (0, 3, 2)),
    (nn.MaxPool2d(2), (x(0, 3, 4, 4),), (0, 3, 2, 2)),
    (nn.MaxPool3d(2), (x(0, 3, 4, 4, 4),), (0, 3, 2, 2, 2)),
    (nn.AvgPool1d(2), (x(0, 3, 4),), (0, 3, 2)),
    (nn.AvgPool2d(2), (x(0, 3, 4, 4),), (0, 3, 2, 2)),
    (nn.LPPool2d(2.0, 2), (x(0, 3, 4, 4),), (0, 3, 2, 2)),
    (nn.AdaptiveAvgPool1d(2), (x(0, 3, 4),), (0, 3, 2)),
    (nn.AdaptiveAvgPool2d(2), (x(0, 3, 4, 4),), (0, 3, 2, 2)),
    (nn.AdaptiveAvgPool2d(1), (x(0, 3, 4, 4),), (0, 3, 1, 1)),
    (nn.AdaptiveAvgPool3d(2), (x(0, 3, 4, 4, 4),), (0, 3, 2, 2, 2)),
    (nn.AdaptiveMaxPool1d(2), (x(0, 3, 4),), (0, 3, 2)),
    (nn.AdaptiveMaxPool2d(2), (x(0, 3, 4, 4),), (0, 3, 2, 2)),
    (nn.AdaptiveMaxPool3d(2), (x(0, 3, 4, 4, 4),), (0, 3, 2, 2, 2)),
    (nn.BatchNorm1d(3), (x(0, 3),), (0, 3)),
    (nn.BatchNorm1d(3), (x(1, 3, 2),), (1, 3, 2)),
    (nn.BatchNorm1d(3).eval(), (x(1, 3),), (1, 3)),
    (nn.BatchNorm1d(3).eval(), (x(0, 3),), (0, 3)),
    (nn.BatchNorm2d(3), (x(0, 3, 2, 2),), (0, 3, 2, 2)),
    (nn.BatchNorm2d(3), (x(1, 3, 1, 2),), (1, 3, 1, 2)),
    (nn.BatchNorm2d(3).eval(), (x(1, 3, 1, 1),), (1, 3, 1, 1)),
    (nn.BatchNorm2d(3, affine=False, track_running_stats=False), (x(2, 5, 2, 2),), (2, 5, 2, 2)),
    (nn.BatchNorm3d(3), (x(0, 3, 1, 2, 2),), (0, 3, 1, 2, 2)),
    (nn.BatchNorm3d(3).eval(), (x(1, 3, 1, 1, 1),), (1, 3, 1, 1, 1)),
    (nn.InstanceNorm1d(3), (x(0, 3, 4),), (0, 3, 4)),
    (nn.InstanceNorm1d(3, track_running_stats=True).eval(), (x(1, 3, 1),), (1, 3, 1)),
    (nn.InstanceNorm2d(3), (x(0, 3, 2, 2),), (0, 3, 2, 2)),
    (nn.GroupNorm(2, 4), (x(0, 4, 3),), (0, 4, 3)),
    (nn.GroupNorm(2, 4), (x(1, 4),), (1, 4)),
    (nn.LayerNorm(3), (x(0, 3),), (0, 3)),
    (nn.RMSNorm(3), (x(0, 3),), (0, 3)),
    (nn.LocalResponseNorm(2), (x(0, 3, 4),), (0, 3, 4)),
    (nn.Embedding(3, 4), (i([]),), (0, 4)),
    (nn.EmbeddingBag(3, 4), (i([]).reshape(0, 2),), (0, 4)),
    (nn.RNN(3, 4), (x(5, 0, 3),), ((5, 0, 4), (1, 0, 4))),
    (nn.LSTM(3, 4), (x(5, 0, 3),), ((5, 0, 4), ((1, 0, 4), (1, 0, 4)))),
    (nn.GRU(3, 4), (x(5, 0, 3),), ((5, 0, 4), (1, 0, 4))),
    (nn.RNNCell(3, 4), (x(0, 3),), (0, 4)),
    (nn.GRUCell(3, 4), (x(0, 3),), (0, 4)),
    (nn.LSTMCell(3, 4), (x(0, 3),), ((0, 4), (0, 4))),
    (nn.MultiheadAttention(4, 2), (x(3, 0, 4), x(3, 0, 4), x(3, 0, 4)), ((3, 0, 4), (0, 3, 3))),
    (nn.MultiheadAttention(4, 2), (x(0, 2, 4), x(3, 2, 4), x(3, 2, 4)), ((0, 2, 4), (2, 0, 3))),
    (nn.TransformerEncoderLayer(4, 2, 8), (x(3, 0, 4),), (3, 0, 4)),
    (nn.TransformerDecoderLayer(4, 2, 8), (x(3, 0, 4), x(3, 0, 4)), (3, 0, 4)),
    (nn.PReLU(3), (x(0, 3),), (0, 3)),
    (nn.Softmax(1), (x(0, 3),), (0, 3)),
    (nn.LogSoftmax(1), (x(0, 3),), (0, 3)),
    (nn.Dropout(), (x(0, 3),), (0, 3)),
    (nn.Dropout2d(), (x(0, 3, 2, 2),), (0, 3, 2, 2)),
    (nn.AlphaDropout(), (x(0, 3),), (0, 3)),
    (nn.ReflectionPad2d(1), (x(0, 3, 4, 4),), (0, 3, 6, 6)),
    (nn.ReplicationPad1d(1), (x(0, 3, 4),), (0, 3, 6)),
    (nn.ZeroPad2d(1), (x(0, 3, 4, 4),), (0, 3, 6, 6)),
    (nn.PixelShuffle(2), (x(0, 4, 3, 3),), (0, 1, 6, 6)),
    (nn.Fold(4, 2), (x(0, 4, 9),), (0, 1, 4, 4)),
    (nn.Unfold(2), (x(0, 3, 4, 4),), (0, 12, 9)),
    (nn.Upsample(scale_factor=2), (x(0, 3, 4),), (0, 3, 8)),
    (nn.Upsample(scale_factor=2, mode="bilinear"), (x(0, 3, 4, 4),), (0, 3, 8, 8)),
    (nn.Flatten(), (x(0, 3, 2),), (0, 6)),
    (nn.Unflatten(1, (2, 3)), (x(0, 6),), (0, 2, 3)),
    (nn.CosineSimilarity(), (x(0, 3), x(0, 3)), (0,)),
    (nn.PairwiseDistance(), (x(0, 3), x(0, 3)), (0,)),
    (nn.CrossEntropyLoss(), (x(0, 3), i([])), nan),
    (nn.CrossEntropyLoss(reduction="sum"), (x(0, 3), i([])), 0.0),
    (nn.CrossEntropyLoss(reduction="none"), (x(0, 3), i([])), (0,)),
    (nn.CrossEntropyLoss(), (x(2, 3), i([0, -100])), 1.098612),
    (nn.CrossEntropyLoss(), (x(3), i(1)), 1.098612),
    (nn.NLLLoss(), (x(0, 3), i([])), nan),
    (nn.MSELoss(), (x(0, 3), x(0, 3)), nan),
    (nn.L1Loss(), (x(0, 3), x(0, 3)), nan),
    (nn.SmoothL1Loss(), (x(0, 3), x(0, 3)), nan),
    (nn.HuberLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.BCELoss(), (x(0, 3), x(0, 3)), nan),
    (nn.BCEWithLogitsLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.KLDivLoss(reduction="batchmean"), (x(0, 3), x(0, 3)), nan),
    (nn.PoissonNLLLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.GaussianNLLLoss(), (x(0, 3), x(0, 3), x(0, 3)), nan),
    (nn.HingeEmbeddingLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.CosineEmbeddingLoss(), (x(0, 3), x(0, 3), x(0)), nan),
    (nn.MarginRankingLoss(), (x(0), x(0), x(0)), nan),
    (nn.MultiLabelSoftMarginLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.SoftMarginLoss(), (x(0, 3), x(0, 3)), nan),
    (nn.TripletMarginLoss(), (x(0, 3), x(0, 3), x(0, 3)), nan),
]

#: What does not, by the type of the error.
REFUSED: dict[type[Exception], list[tuple[nn.Module, tuple[Any, ...]]]] = {
    AssertionError: [
        (nn.MultiheadAttention(4, 2), (x(3, 2, 5), x(3, 2, 5), x(3, 2, 5))),
        (nn.MultiheadAttention(4, 2), (x(4), x(4), x(4))),
        (nn.TransformerEncoderLayer(4, 2, 8), (x(3, 2, 5),)),
    ],
    IndexError: [
        (nn.Embedding(3, 4), (i([3]),)),
        (nn.Embedding(3, 4), (i([-1]),)),
        (nn.Softmax(2), (x(2, 3),)),
        (nn.Flatten(), (x(3),)),
        (nn.CrossEntropyLoss(), (x(2, 3), i([0, 3]))),
        (nn.CrossEntropyLoss(), (x(2, 3), i([0, -1]))),
        (nn.CrossEntropyLoss(), (x(3), i(3))),
        (nn.NLLLoss(), (x(2, 3), i([0, 3]))),
        (nn.NLLLoss(), (x(1, 3, 2, 2), i([[[0, 1], [2, 3]]]))),
        (nn.LazyLinear(3), (x(()),)),
        (nn.LazyBatchNorm1d(), (x(3),)),
    ],
    NotImplementedError: [
        (nn.ReflectionPad1d(1), (x(4),)),
        (nn.ReflectionPad2d(1), (x(4, 4),)),
        (nn.ReplicationPad2d(1), (x(4, 4),)),
        (nn.Upsample(scale_factor=2), (x(3, 4),)),
        (nn.Upsample(scale_factor=2, mode="bilinear"), (x(2, 3, 4),)),
    ],
    RuntimeError: [
        (nn.Linear(3, 4), (x(2, 5),)),
        (nn.Linear(3, 4), (x(()),)),
        (nn.Linear(3, 4), (i([[1, 2, 3]]),)),
        (nn.Bilinear(2, 3, 4), (x(2, 2), x(3, 3))),
        (nn.Bilinear(2, 3, 4), (x(2, 3), x(2, 3))),
        (nn.Conv1d(3, 4, 3), (x(2, 5, 8),)),
        (nn.Conv1d(3, 4, 3), (x(8),)),
        (nn.Conv1d(3, 4, 3), (x(1, 2, 3, 8),)),
        (nn.Conv1d(3, 4, 3), (x(2, 3, 2),)),
        (nn.Conv2d(3, 4, 3), (x(2, 5, 8, 8),)),
        (nn.Conv2d(3, 4, 3), (x(8, 8),)),
        (nn.Conv2d(3, 4, 3), (x(3, 0, 8),)),
        (nn.Conv2d(3, 4, 3), (x(1, 1, 3, 8, 8),)),
        (nn.Conv2d(3, 4, 3), (x(1, 3, 2, 8),)),
        (nn.Conv2d(4, 4, 3, groups=2), (x(1, 2, 8, 8),)),
        (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (x(1, 2, 8, 8),)),
        (nn.Conv3d(3, 4, 2), (x(2, 4, 4, 4),)),
        (nn.Conv3d(3, 4, 2), (x(4, 4),)),
        (nn.ConvTranspose1d(3, 4, 2), (x(1, 2, 4),)),
        (nn.ConvTranspose2d(3, 4, 2), (x(1, 2, 4, 4),)),
        (nn.ConvTranspose2d(3, 4, 2), (x(4, 4),)),
        (nn.ConvTranspose3d(3, 4, 2), (x(1, 2, 4, 4, 4),)),
        (nn.MaxPool1d(2), (x(4),)),
        (nn.MaxPool1d(2), (x(2, 3, 1),)),
        (nn.MaxPool2d(2), (x(2, 0, 4, 4),)),
        (nn.MaxPool2d(2), (x(4, 4),)),
        (nn.MaxPool2d(2), (x(1, 3, 1, 4),)),
        (nn.MaxPool3d(2), (x(4, 4, 4),)),
        (nn.AvgPool1d(2), (x(4),)),
        (nn.AvgPool2d(2), (x(2, 0, 4, 4),)),
        (nn.AvgPool3d(2), (x(4, 4, 4),)),
        (nn.AdaptiveAvgPool1d(2), (x(4),)),
        (nn.AdaptiveAvgPool2d(2), (x(4, 4),)),
        (nn.AdaptiveAvgPool2d(2), (x(1, 3, 0, 4),)),
        (nn.AdaptiveMaxPool2d(2), (x(4, 4),)),
        (nn.MaxUnpool1d(2), (x(1, 2, 2), i([[[0, 9], [0, 2]]]))),
        (nn.MaxUnpool1d(2), (x(2), i([0, 1]))),
        (nn.MaxUnpool2d(2), (x(2, 2), i([[0, 1], [2, 3]]))),
        (nn.BatchNorm1d(3), (x(2, 5),)),
        (nn.BatchNorm2d(3), (x(2, 5, 2, 2),)),
        (nn.BatchNorm2d(3).eval(), (x(2, 5, 2, 2),)),
        (nn.GroupNorm(2, 4), (x(2, 6, 3),)),
        (nn.GroupNorm(2, 4), (x(2, 5, 3),)),
        (nn.GroupNorm(2, 4), (x(4),)),
        (nn.LayerNorm(3), (x(2, 5),)),
        (nn.LayerNorm(3), (x(()),)),
        (nn.LayerNorm([2, 3]), (x(3),)),
        (nn.RMSNorm(3), (x(2, 5),)),
        (nn.Embedding(3, 4), (x(2),)),
        (nn.EmbeddingBag(3, 4), (i([[0, 3]]),)),
        (nn.EmbeddingBag(3, 4), (i([0, 1]), i([1]))),
        (nn.EmbeddingBag(3, 4), (x(2, 2),)),
        (nn.RNN(3, 4), (x(0, 2, 3),)),
        (nn.RNN(3, 4), (x(5, 2, 7),)),
        (nn.RNN(3, 4), (x(5, 2, 3), x(1, 3, 4))),
        (nn.LSTM(3, 4), (x(0, 2, 3),)),
        (nn.LSTM(3, 4), (x(5, 2, 7),)),
        (nn.LSTM(3, 4), (x(5, 2, 3), (x(1, 3, 4), x(1, 3, 4)))),
        (nn.LSTM(3, 4), (x(5, 2, 3), (x(3, 4), x(3, 4)))),
        (nn.GRU(3, 4), (x(0, 2, 3),)),
        (nn.GRU(3, 4), (x(5, 2, 7),)),
        (nn.RNNCell(3, 4), (x(2, 5),)),
        (nn.GRUCell(3, 4), (x(2, 3), x(3, 4))),
        (nn.LSTMCell(3, 4), (x(2, 5),)),
        (nn.LSTMCell(3, 4), (x(2, 3), (x(2, 5), x(2, 5)))),
        (nn.MultiheadAttention(4, 2), (x(3, 2, 4), x(3, 3, 4), x(3, 3, 4))),
        (nn.Transformer(4, 2, 1, 1, 8), (x(3, 2, 4), x(3, 3, 4))),
        (nn.Transformer(4, 2, 1, 1, 8), (x(3, 2, 5), x(3, 2, 5))),
        (nn.PReLU(3), (x(2, 5),)),
        (nn.PReLU(3), (x(3),)),
        (nn.GLU(), (x(2, 3),)),
        (nn.GLU(), (x(()),)),
        (nn.Dropout1d(), (x(3),)),
        (nn.ReflectionPad1d(2), (x(1, 1, 2),)),
        (nn.CircularPad1d(3), (x(1, 1, 2),)),
        (nn.ZeroPad2d(1), (x(4),)),
        (nn.ConstantPad1d(1, 2.0), (x(()),)),
        (nn.PixelShuffle(2), (x(1, 5, 3, 3),)),
        (nn.PixelShuffle(2), (x(3, 3),)),
        (nn.PixelUnshuffle(2), (x(1, 2, 3, 4),)),
        (nn.PixelUnshuffle(2), (x(4, 4),)),
        (nn.ChannelShuffle(2), (x(1, 3, 2),)),
        (nn.ChannelShuffle(2), (x(4, 2),)),
        (nn.Fold(4, 2), (x(1, 4, 8),)),
        (nn.Fold(4, 2), (x(1, 5, 9),)),
        (nn.Fold(4, 2), (x(9),)),
        (nn.Unfold(5), (x(1, 3, 4, 4),)),
        (nn.Upsample(size=0), (x(1, 3, 4),)),
        (nn.Unflatten(1, (2, 3)), (x(2, 5),)),
        (nn.CosineSimilarity(), (x(2, 3), x(2, 4))),
        (nn.PairwiseDistance(), (x(2, 3), x(2, 4))),
        (nn.CrossEntropyLoss(), (x(2, 3), i([[0], [1]]))),
        (nn.CrossEntropyLoss(), (x(2, 3), x(2, 4))),
        (nn.CrossEntropyLoss(), (x(2, 3), x(2))),
        (nn.CrossEntropyLoss(), (x(2, 3, 4), i([[0, 1], [1, 0]]))),
        (nn.CrossEntropyLoss(weight=x(4)), (x(2, 3), i([0, 1]))),
        (nn.NLLLoss(), (x(2, 3), x(2))),
        (nn.MSELoss(), (x(2, 3), x(4, 5))),
        (nn.L1Loss(), (x(2, 3), x(2, 4))),
        (nn.SmoothL1Loss(), (x(2, 3), x(2, 4))),
        (nn.BCELoss(), (2 * x(2), x(2))),
        (nn.KLDivLoss(reduction="batchmean"), (x(2, 3), x(2, 4))),
        (nn.CosineEmbeddingLoss(), (x(2, 3), x(2, 3), x(2, 3))),
        (nn.MarginRankingLoss(), (x(2), x(2, 2), x(2))),
        (nn.MultiMarginLoss(), (x(2, 3), i([0, 3]))),
        (nn.MultiMarginLoss(), (x(2, 3), i([0]))),
        (nn.MultiLabelMarginLoss(), (x(1, 3), i([[0, 3, -1]]))),
        (nn.MultiLabelMarginLoss(), (x(2, 3), i([0, 1]))),
        (nn.TripletMarginLoss(), (x(2, 3), x(2, 3), x(3))),
        (nn.CTCLoss(), (x(3, 0, 4), i([]).reshape(0, 2), i([]), i([]))),
        (nn.CTCLoss(), (x(3, 1, 4), i([[1, 2]]), i([5]), i([2]))),
        (nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 6]), (x(2, 16), i([0, 10]))),
        (nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 6]), (x(2, 16), i([0]))),
        (nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 6]), (x(2, 15), i([0, 1]))),
        (nn.LazyConv2d(3, 2), (x(4, 4),)),
    ],
    ValueError: [
        (nn.BatchNorm1d(3), (x(1, 3),)),
        (nn.BatchNorm1d(3), (x(1, 3, 1),)),
        (nn.BatchNorm1d(3), (x(3),)),
        (nn.BatchNorm1d(3), (x(1, 3, 2, 2),)),
        (nn.BatchNorm1d(3, track_running_stats=False).eval(), (x(1, 3),)),
        (nn.BatchNorm2d(3), (x(1, 3, 1, 1),)),
        (nn.BatchNorm2d(3), (x(3, 2, 2),)),
        (nn.BatchNorm3d(3), (x(2, 3, 2, 2),)),
        (nn.SyncBatchNorm(3), (x(1),)),
        (nn.InstanceNorm1d(3), (x(2, 3, 1),)),
        (nn.InstanceNorm1d(3, affine=True), (x(2, 5, 4),)),
        (nn.InstanceNorm1d(3), (x(3),)),
        (nn.InstanceNorm1d(3).eval(), (x(1, 3, 1),)),
        (nn.InstanceNorm2d(3), (x(2, 2),)),
        (nn.InstanceNorm2d(3, affine=True), (x(1, 2, 4, 4),)),
        (nn.GroupNorm(4, 4), (x(1, 4),)),
        (nn.LocalResponseNorm(2), (x(3, 4),)),
        (nn.LocalResponseNorm(2), (x(4),)),
        (nn.EmbeddingBag(3, 4), (i([0, 1]),)),
        (nn.EmbeddingBag(3, 4), (i([[[0]]]),)),
        (nn.RNN(3, 4), (x(3),)),
        (nn.LSTM(3, 4), (x(1, 5, 2, 3),)),
        (nn.RNNCell(3, 4), (x(1, 2, 3),)),
        (nn.Softmax2d(), (x(2, 3),)),
        (nn.CircularPad2d(1), (x(4),)),
        (nn.CrossEntropyLoss(), (x(2, 3), i([0, 1, 2]))),
        (nn.NLLLoss(), (x(2, 3), i([0, 1, 2]))),
        (nn.BCELoss(), (x(2), x(3))),
        (nn.BCEWithLogitsLoss(), (x(2), x(3))),
        (nn.GaussianNLLLoss(), (x(2, 3), x(2, 3), x(2, 4))),
        (nn.GaussianNLLLoss(), (x(2, 3), x(2, 3), -x(2, 3))),
    ],
}
EVERY_REFUSED = [(error, *row) for error, rows in REFUSED.items() for row in rows]


class Model(nn.Module):
    """A model with a module inside, which it calls."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.head = nn.ModuleList([module])

    def forward(self, *args: Any) -> Any:
        return self.head[0](*args)


def shapes(result: Any) -> Any:
    """The shape of ``result``, its value if that is one number, or those of its parts."""
    if isinstance(result, lamella.Tensor):
        return tuple(result.shape) if result.ndim else result.item()
    return None if result is None else tuple(shapes(part) for part in result)


def tensors(value: Any) -> list[lamella.Tensor]:
    if isinstance(value, lamella.Tensor):
        return [value]
    return [] if value is None else [tensor for part in value for tensor in tensors(part)]


def named(value: Any) -> str | None:
    return repr(value).partition("(")[0] if isinstance(value, nn.Module) else None


@pytest.mark.parametrize(("module", "args", "expected"), ACCEPTED, ids=named)
def test_accepted(module: nn.Module, args: tuple[Any, ...], expected: Any) -> None:
    found = shapes(module(*args))
    assert found == (pytest.approx(expected, rel=1e-5, nan_ok=True) if isinstance(expected, float) else expected)


#: Those of them that have parameters and are given nothing.
EMPTY = [(module, args) for module, args, _ in ACCEPTED if not args[0].numel() and list(module.parameters())]


@pytest.mark.parametrize(("module", "args"), EMPTY, ids=named)
def test_an_empty_batch_gives_gradients_of_zero(module: nn.Module, args: tuple[Any, ...]) -> None:
    sum(result.sum() for result in tensors(module(*args))).backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is None or not parameter.grad.any(), name


@pytest.mark.parametrize(("error", "module", "args"), EVERY_REFUSED, ids=named)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_refused(error: type[Exception], module: nn.Module, args: tuple[Any, ...]) -> None:
    with pytest.raises(error, match="[0-9]") as caught:  # what was given, or what was expected
        Model(module)(*args)
    assert caught.value.__notes__[0].startswith("in module 'head.0"), "it says where in the model"
