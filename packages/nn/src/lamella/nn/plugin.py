"""Registers the layers, activations and losses. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl

LAYERS = """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    AlphaDropout AvgPool1d AvgPool2d AvgPool3d BatchNorm1d BatchNorm2d BatchNorm3d Bilinear ChannelShuffle
    CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d
    ConvTranspose1d ConvTranspose2d ConvTranspose3d CosineSimilarity CrossMapLRN2d Dropout Dropout1d Dropout2d
    Dropout3d Embedding EmbeddingBag FeatureAlphaDropout Flatten Fold GRU GRUCell GroupNorm Identity InstanceNorm1d
    InstanceNorm2d InstanceNorm3d LPPool1d LPPool2d LPPool3d LSTM LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d
    LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
    LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear Linear LocalResponseNorm MaxPool1d MaxPool2d
    MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d MultiheadAttention PairwiseDistance PixelShuffle PixelUnshuffle
    RMSNorm RNN RNNCell ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d
    ReplicationPad3d SyncBatchNorm Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
    TransformerEncoderLayer Unflatten Unfold Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d
    ZeroPad3d
""".split()  # noqa: SIM905  # a name a line would bury the hooks
ACTIVATIONS = """
    CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish PReLU RReLU ReLU
    ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold
""".split()  # noqa: SIM905  # a name a line would bury the hooks
LOSSES = """
    AdaptiveLogSoftmaxWithLoss BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss
    GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss
    TripletMarginLoss TripletMarginWithDistanceLoss
""".split()  # noqa: SIM905  # a name a line would bury the hooks


@hookimpl
def register_layers(registry: Registrar) -> None:
    """Offer the layers, by the names of their classes."""
    for name in LAYERS:
        registry.add(name, f"lamella.nn:{name}")


@hookimpl
def register_activations(registry: Registrar) -> None:
    """Offer the activations, by the names of their classes."""
    for name in ACTIVATIONS:
        registry.add(name, f"lamella.nn:{name}")


@hookimpl
def register_losses(registry: Registrar) -> None:
    """Offer the losses, by the names of their classes."""
    for name in LOSSES:
        registry.add(name, f"lamella.nn:{name}")
