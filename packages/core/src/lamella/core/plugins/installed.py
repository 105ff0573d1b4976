"""The plugins of this process: its one manager, with the manager's registries under their own names."""

from __future__ import annotations

from lamella.core.plugins.manager import Manager

_manager = Manager()

backends = _manager.registries["backends"]
kernels = _manager.registries["kernels"]
ops = _manager.registries["ops"]
layers = _manager.registries["layers"]
losses = _manager.registries["losses"]
activations = _manager.registries["activations"]
optimizers = _manager.registries["optimizers"]
schedulers = _manager.registries["schedulers"]
datasets = _manager.registries["datasets"]
transforms = _manager.registries["transforms"]
compressors = _manager.registries["compressors"]
loggers = _manager.registries["loggers"]
exporters = _manager.registries["exporters"]
process_groups = _manager.registries["process_groups"]
commands = _manager.registries["commands"]

configure = _manager.configure
load = _manager.load
records = _manager.records
reset = _manager.reset
unregister = _manager.unregister
