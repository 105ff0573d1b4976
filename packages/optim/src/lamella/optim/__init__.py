"""Optimizers and learning-rate schedulers, with PyTorch's names and results."""

from __future__ import annotations

from lamella.optim import lr_scheduler, swa_utils
from lamella.optim.adadelta import Adadelta
from lamella.optim.adafactor import Adafactor
from lamella.optim.adagrad import Adagrad
from lamella.optim.adam import Adam
from lamella.optim.adamax import Adamax
from lamella.optim.adamw import AdamW
from lamella.optim.asgd import ASGD
from lamella.optim.lbfgs import LBFGS
from lamella.optim.muon import Muon
from lamella.optim.nadam import NAdam
from lamella.optim.optimizer import Optimizer
from lamella.optim.radam import RAdam
from lamella.optim.rmsprop import RMSprop
from lamella.optim.rprop import Rprop
from lamella.optim.sgd import SGD
from lamella.optim.sparse_adam import SparseAdam

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "swa_utils",
]
