"""Registers the optimizers and schedulers. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl


@hookimpl
def register_optimizers(registry: Registrar) -> None:
    """Offer the optimizers, by the words that people write in configuration files."""
    registry.add("sgd", "lamella.optim:SGD")
    registry.add("adam", "lamella.optim:Adam")
    registry.add("adamw", "lamella.optim:AdamW")
    registry.add("rmsprop", "lamella.optim:RMSprop")
    registry.add("adagrad", "lamella.optim:Adagrad")


@hookimpl
def register_schedulers(registry: Registrar) -> None:
    """Offer the learning-rate schedulers, by the names of their classes."""
    registry.add("StepLR", "lamella.optim.lr_scheduler:StepLR")
    registry.add("CosineAnnealingLR", "lamella.optim.lr_scheduler:CosineAnnealingLR")
