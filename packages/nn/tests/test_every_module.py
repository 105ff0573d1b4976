"""Every module class of the package: its state goes into another one, and copies and pickles are whole and apart."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn.parameter import is_lazy

#: What to make a class with, where it needs anything: positional arguments.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"), (2,)),
    **dict.fromkeys(("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"), (2,)),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"), (2,)),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "PixelShuffle", "PixelUnshuffle"), (2,)),
    **dict.fromkeys(("LPPool1d", "LPPool2d", "LPPool3d"), (2.0, 2)),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"), (3,)),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), (2, 3, 2)),
    **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"), (2, 3, 2)),
    **dict.fromkeys(("LazyConv1d", "LazyConv2d", "LazyConv3d"), (3, 2)),
    **dict.fromkeys(("LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d"), (3, 2)),
    **{f"{kind}Pad{n}d": (1,) for kind in ("Circular", "Reflection", "Replication", "Zero") for n in (1, 2, 3)},
    **dict.fromkeys(("ConstantPad1d", "ConstantPad2d", "ConstantPad3d"), (1, 2.0)),
    **dict.fromkeys(("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"), (3, 1e-5, 0.1, True, True)),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), (2, 3)),
    "AdaptiveLogSoftmaxWithLoss": (16, 10, [3, 6]),
    "Bilinear": (2, 3, 4),
    "ChannelShuffle": (2,),
    "CrossMapLRN2d": (2,),
    "DataParallel": (nn.Linear(2, 3),),
    "Embedding": (5, 3),
    "EmbeddingBag": (5, 3),
    "Fold": (4, 2),
    "GroupNorm": (2, 4),
    "LayerNorm": (3,),
    "LazyLinear": (3,),
    "Linear": (2, 3),
    "LinearCrossEntropyLoss": (3, 4),
    "LocalResponseNorm": (2,),
    "ModuleDict": ({"a": nn.Linear(2, 3)},),
    "ModuleList": ([nn.Linear(2, 3)],),
    "MultiheadAttention": (4, 2),
    "ParameterDict": ({"a": lamella.ones(2)},),
    "ParameterList": ([lamella.ones(2), 3],),
    "RMSNorm": (3,),
    "RNNBase": ("LSTM", 2, 3),
    "RNNCellBase": (2, 3, True, 4),
    "Sequential": (nn.Linear(2, 3), nn.BatchNorm1d(3)),
    "Threshold": (0.1, 20.0),
    "Transformer": (4, 2, 1, 1, 8),
    "TransformerDecoderLayer": (4, 2, 8),
    "TransformerEncoderLayer": (4, 2, 8),
    "Unflatten": (1, (2, 3)),
    "Unfold": (2,),
}
NAMES = sorted(n for n in nn.__all__ if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), nn.Module))


def make(name: str) -> nn.Module:
    arguments = ARGUMENTS.get(name, ())
    if name == "TransformerEncoder":
        arguments = (nn.TransformerEncoderLayer(4, 2, 8), 2)
    elif name == "TransformerDecoder":
        arguments = (nn.TransformerDecoderLayer(4, 2, 8), 2)
    made: nn.Module = getattr(nn, name)(*copy.deepcopy(arguments))
    return made


def assert_same_state(one: nn.Module, other: nn.Module) -> None:
    left, right = one.state_dict(), other.state_dict()
    assert list(left) == list(right)
    for name, value in left.items():
        if is_lazy(value):
            assert is_lazy(right[name]), name
        else:
            assert value.dtype is right[name].dtype, name
            np.testing.assert_array_equal(value.numpy(), right[name].numpy(), err_msg=name)


@pytest.mark.filterwarnings("ignore:NLLLoss2d has been deprecated")
@pytest.mark.parametrize("name", NAMES)
def test_state_copies_and_pickles(name: str) -> None:
    module, other = make(name).eval(), make(name)
    for parameter in module.parameters():
        if not is_lazy(parameter):
            parameter.data.uniform_()
    assert repr(other.load_state_dict(module.state_dict())) == "<All keys matched successfully>"
    assert_same_state(module, other)
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(copied) is type(module)
        assert repr(copied) == repr(module)
        assert not copied.training
        assert_same_state(module, copied)
        for mine, theirs in zip(module.parameters(), copied.parameters(), strict=True):
            assert type(mine) is type(theirs)
            assert mine.requires_grad is theirs.requires_grad
            assert mine is not theirs
            if not is_lazy(mine):
                assert not np.shares_memory(mine.detach().numpy(), theirs.detach().numpy())
