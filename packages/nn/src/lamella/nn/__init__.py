"""Layers, losses and the Module that holds them: what ``torch.nn`` has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lamella.nn import functional, init, modules, utils
from lamella.nn.activations import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    Sigmoid,
    SiLU,
    Softmax,
    Softmax2d,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from lamella.nn.adaptive_pooling import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
)
from lamella.nn.adaptive_softmax import AdaptiveLogSoftmaxWithLoss
from lamella.nn.attention import MultiheadAttention
from lamella.nn.batch_normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm
from lamella.nn.cells import GRUCell, LSTMCell, RNNCell, RNNCellBase
from lamella.nn.class_losses import CrossEntropyLoss, NLLLoss, NLLLoss2d
from lamella.nn.containers import ModuleDict, ModuleList, Sequential
from lamella.nn.conv import Conv1d, Conv2d, Conv3d
from lamella.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lamella.nn.distance import CosineSimilarity, PairwiseDistance
from lamella.nn.distance_losses import HuberLoss, L1Loss, MSELoss, SmoothL1Loss
from lamella.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from lamella.nn.embedding import Embedding, EmbeddingBag
from lamella.nn.fold import Fold, Unfold
from lamella.nn.instance_normalization import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from lamella.nn.lazy_conv import (
    LazyConv1d,
    LazyConv2d,
    LazyConv3d,
    LazyConvTranspose1d,
    LazyConvTranspose2d,
    LazyConvTranspose3d,
)
from lamella.nn.lazy_normalization import (
    LazyBatchNorm1d,
    LazyBatchNorm2d,
    LazyBatchNorm3d,
    LazyInstanceNorm1d,
    LazyInstanceNorm2d,
    LazyInstanceNorm3d,
)
from lamella.nn.likelihood_losses import BCELoss, BCEWithLogitsLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss
from lamella.nn.linear import Bilinear, Identity, LazyLinear, Linear
from lamella.nn.linear_cross_entropy_options import LinearCrossEntropyOptions
from lamella.nn.margin_losses import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from lamella.nn.module import Module
from lamella.nn.normalization import CrossMapLRN2d, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from lamella.nn.padding import (
    CircularPad1d,
    CircularPad2d,
    CircularPad3d,
    ConstantPad1d,
    ConstantPad2d,
    ConstantPad3d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReflectionPad3d,
    ReplicationPad1d,
    ReplicationPad2d,
    ReplicationPad3d,
    ZeroPad1d,
    ZeroPad2d,
    ZeroPad3d,
)
from lamella.nn.parallel import DataParallel
from lamella.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from lamella.nn.parameter_containers import ParameterDict, ParameterList
from lamella.nn.pooling import (
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    LPPool1d,
    LPPool2d,
    LPPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)
from lamella.nn.rectifiers import (
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Softshrink,
    Threshold,
)
from lamella.nn.recurrent import GRU, LSTM, RNN
from lamella.nn.recurrent_base import RNNBase
from lamella.nn.sequence_losses import CTCLoss
from lamella.nn.shaping import Flatten, Unflatten
from lamella.nn.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from lamella.nn.transformer import Transformer, TransformerDecoder, TransformerEncoder
from lamella.nn.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from lamella.nn.unpooling import MaxUnpool1d, MaxUnpool2d, MaxUnpool3d
from lamella.nn.upsampling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one of a plugin's

    def __getattr__(name: str) -> Any:
        """Find a layer, activation or loss that another package has registered, imported now."""
        from lamella.core import plugins
        from lamella.core.errors import NameMissing
        from lamella.core.plugins.suggestions import did_you_mean

        unknown = f"module {__name__!r} has no attribute {name!r}."
        if name.startswith("_"):  # Python asks for such names by itself; plugins are not to be loaded for that
            raise NameMissing(unknown)
        registries = (plugins.layers, plugins.activations, plugins.losses)
        for registry in registries:
            if name in registry:
                return registry.load(name)
        set_aside = [record for record in plugins.records() if record.cause is not None]
        for record in set_aside:
            if any(name in record.offers.get(registry.kind, ()) for registry in registries):
                raise NameMissing(f"{unknown} It comes with the {record.story}, which was set aside.") from record.cause
        hint = did_you_mean(name, {*__all__, *(known for registry in registries for known in registry)})
        if not set_aside:
            raise NameMissing(unknown + hint)
        stories = "; ".join(record.story for record in set_aside)  # one that failed at import may have had the name
        raise NameMissing(f"{unknown}{hint} Set aside, so what they offer is missing: {stories}.") from set_aside[
            0
        ].cause


__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveLogSoftmaxWithLoss",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "Buffer",
    "CTCLoss",
    "ChannelShuffle",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "CrossMapLRN2d",
    "DataParallel",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Fold",
    "GRUCell",
    "GaussianNLLLoss",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "KLDivLoss",
    "L1Loss",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "LSTMCell",
    "LayerNorm",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LeakyReLU",
    "Linear",
    "LinearCrossEntropyOptions",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "NLLLoss2d",
    "PReLU",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "PoissonNLLLoss",
    "RMSNorm",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "RReLU",
    "ReLU",
    "ReLU6",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "SyncBatchNorm",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "Unflatten",
    "Unfold",
    "UninitializedBuffer",
    "UninitializedParameter",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
    "functional",
    "init",
    "modules",
    "utils",
]
