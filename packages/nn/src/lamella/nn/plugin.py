"""Registers the layers and losses. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl

LAYERS = (
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GELU",
    "Identity",
    "LSTM",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "MultiheadAttention",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
)
LOSSES = (
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
)


@hookimpl
def register_layers(registry: Registrar) -> None:
    """Offer the layers, by the names of their classes."""
    for name in LAYERS:
        registry.add(name, f"lamella.nn:{name}")


@hookimpl
def register_losses(registry: Registrar) -> None:
    """Offer the losses, by the names of their classes."""
    for name in LOSSES:
        registry.add(name, f"lamella.nn:{name}")
