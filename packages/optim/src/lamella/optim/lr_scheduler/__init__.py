"""Learning-rate schedulers: they set the ``lr`` of an optimizer's groups, once an epoch or once a step.

The formulas are PyTorch's chainable ones: each new rate is computed from the one in force, so that several schedulers,
or a person who changes a rate by hand, add up.
"""

from __future__ import annotations

from lamella.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from lamella.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from lamella.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from lamella.optim.lr_scheduler.lambdas import LambdaLR, MultiplicativeLR
from lamella.optim.lr_scheduler.plateau import ReduceLROnPlateau
from lamella.optim.lr_scheduler.ramps import ConstantLR, ExponentialLR, LinearLR, PolynomialLR
from lamella.optim.lr_scheduler.scheduler import LRScheduler
from lamella.optim.lr_scheduler.steps import MultiStepLR, StepLR

_LRScheduler = LRScheduler  # what it was called before PyTorch 2.0: programs still derive their own from it

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
