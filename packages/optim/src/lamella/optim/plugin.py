"""Registers the optimizers and schedulers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl

OPTIMIZERS = (
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Muon",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "SparseAdam",
)
SCHEDULERS = (
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
)


@hookimpl
def register_optimizers(registry: Registrar) -> None:
    """Offer the optimizers, by the words that people write in configuration files."""
    for name in OPTIMIZERS:
        registry.add(name.lower(), f"lamella.optim:{name}")


@hookimpl
def register_schedulers(registry: Registrar) -> None:
    """Offer the learning-rate schedulers, by the names of their classes."""
    for name in SCHEDULERS:
        registry.add(name, f"lamella.optim.lr_scheduler:{name}")
    registry.add("SWALR", "lamella.optim.swa_utils:SWALR")
