"""The plugins of this process: its one manager, with the manager's registries under their own names."""

from __future__ import annotations

from lamella.core.plugins.manager import Manager

_manager = Manager()

backends = _manager.registries["backends"]
kernels = _manager.registries["kernels"]
ops = _manager.registries["ops"]
layers = _manager.registries["layers"]
losses = _manager.registries["losses"]
optimizers = _manager.registries["optimizers"]
schedulers = _manager.registries["schedulers"]
datasets = _manager.registries["datasets"]
transforms = _manager.registries["transforms"]

load = _manager.load
records = _manager.records
reset = _manager.reset
