"""Optimizers and learning-rate schedulers, with PyTorch's names and results."""

from __future__ import annotations

from lamella.optim import lr_scheduler
from lamella.optim.adagrad import Adagrad
from lamella.optim.adam import Adam
from lamella.optim.adamw import AdamW
from lamella.optim.optimizer import Optimizer
from lamella.optim.rmsprop import RMSprop
from lamella.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
