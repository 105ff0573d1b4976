"""Layers, losses and the Module that holds them: what ``torch.nn`` has."""

from __future__ import annotations

from lamella.nn import functional, init
from lamella.nn.activations import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from lamella.nn.attention import MultiheadAttention
from lamella.nn.containers import ModuleDict, ModuleList, Sequential
from lamella.nn.conv import Conv1d, Conv2d
from lamella.nn.dropout import Dropout, Dropout2d
from lamella.nn.embedding import Embedding
from lamella.nn.linear import Identity, Linear
from lamella.nn.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from lamella.nn.module import Module
from lamella.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from lamella.nn.parameter import Buffer, Parameter
from lamella.nn.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from lamella.nn.recurrent import LSTM
from lamella.nn.shaping import Flatten, Unflatten
from lamella.nn.transformer import TransformerEncoder, TransformerEncoderLayer

__all__ = [
    "GELU",
    "LSTM",
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
    "functional",
    "init",
]
