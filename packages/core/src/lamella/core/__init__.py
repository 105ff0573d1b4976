"""The core of Lamella: Tensor, autograd, ops, backends and plugins. See ``docs/architecture.md``."""
