"""The names of ``lamella``: PyTorch's, for what the modules of the core hold.

``lamella/__init__.py`` loads this module when it is first asked for one of them.
"""

from __future__ import annotations

from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

import numpy  # noqa: F401  # NumPy imported from here takes 5 ms less than from within lamella.core

from lamella.core import methods, namespaces, ops  # noqa: F401  # methods gives Tensor its methods
from lamella.core.devices import device
from lamella.core.dtypes import (
    TYPE_NAMES,
    bool,
    can_cast,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
)
from lamella.core.keywords import public
from lamella.core.late_imports import import_late
from lamella.core.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from lamella.core.ops.random import get_rng_state, set_rng_state
from lamella.core.random import Generator, default_generator, initial_seed, manual_seed, seed
from lamella.core.tensor import Size, Tensor, is_tensor

if TYPE_CHECKING:
    from lamella.core.backends.memory import release as release_memory
    from lamella.core.backends.threads import get_num_threads, set_num_threads
    from lamella.core.checkpoints import load, save
    from lamella.core.compiling import compile as compile
    from lamella.core.functions import *  # noqa: F403  # the generated stub of them
    from lamella.core.grad_scaler import GradScaler as GradScaler
    from lamella.core.printing import set_printoptions

# PyTorch's other names of the dtypes
half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

newaxis = None

_families = {name: family for family in ops.EAGER for name in family.__all__}

# What a program may never need is imported when it is first asked for: loading this module is to cost little
# more than `import numpy`.
_LATER = {
    **{name: f"lamella.core.legacy:{name}" for name in TYPE_NAMES.values()},
    "GradScaler": "lamella.core.grad_scaler:GradScaler",
    "are_deterministic_algorithms_enabled": "lamella.core.settings:are_deterministic_algorithms_enabled",
    "autocast": "lamella.core.autocast:autocast",
    "bfloat16": "lamella.core.dtypes:bfloat16",
    "channels_last": "lamella.core.layouts:channels_last",
    "channels_last_3d": "lamella.core.layouts:channels_last_3d",
    "compile": "lamella.core.compiling:compile",
    "contiguous_format": "lamella.core.layouts:contiguous_format",
    "from_dlpack": "lamella.core.interchange:from_dlpack",
    "get_autocast_dtype": "lamella.core.autocast:get_autocast_dtype",
    "get_device_module": "lamella.core.settings:get_device_module",
    "get_float32_matmul_precision": "lamella.core.settings:get_float32_matmul_precision",
    "get_num_interop_threads": "lamella.core.settings:get_num_interop_threads",
    "get_num_threads": "lamella.core.backends.threads:get_num_threads",
    "is_anomaly_check_nan_enabled": "lamella.core.anomaly:is_anomaly_check_nan_enabled",
    "is_anomaly_enabled": "lamella.core.anomaly:is_anomaly_enabled",
    "is_autocast_cache_enabled": "lamella.core.autocast:is_autocast_cache_enabled",
    "is_autocast_enabled": "lamella.core.autocast:is_autocast_enabled",
    "is_deterministic_algorithms_warn_only_enabled": (
        "lamella.core.settings:is_deterministic_algorithms_warn_only_enabled"
    ),
    "is_distributed": "lamella.core.tensor_info:is_distributed",
    "is_warn_always_enabled": "lamella.core.settings:is_warn_always_enabled",
    "layout": "lamella.core.layouts:layout",
    "load": "lamella.core.checkpoints:load",
    "memory_format": "lamella.core.layouts:memory_format",
    "preserve_format": "lamella.core.layouts:preserve_format",
    "release_memory": "lamella.core.backends.memory:release",
    "save": "lamella.core.checkpoints:save",
    "set_anomaly_enabled": "lamella.core.anomaly:set_anomaly_enabled",
    "set_float32_matmul_precision": "lamella.core.settings:set_float32_matmul_precision",
    "set_flush_denormal": "lamella.core.settings:set_flush_denormal",
    "set_num_interop_threads": "lamella.core.settings:set_num_interop_threads",
    "set_num_threads": "lamella.core.backends.threads:set_num_threads",
    "set_printoptions": "lamella.core.printing:set_printoptions",
    "set_warn_always": "lamella.core.settings:set_warn_always",
    "strided": "lamella.core.layouts:strided",
    "to_dlpack": "lamella.core.interchange:to_dlpack",
    "use_deterministic_algorithms": "lamella.core.settings:use_deterministic_algorithms",
    "vmap": "lamella.core.transforms:vmap",
}


def eager() -> dict[str, Any]:
    """The public names that are loaded with this module, and ``__all__``."""
    return {name: globals()[name] for name in ("__all__", *__all__) if name in globals()}


def find(name: str) -> Any:
    """Load the value of any other public name: a function of a family, a sub-module, or what few programs need.

    Raises:
        NameMissing: There is no such name, or the package that has it is not installed.
    """
    if name in _families:
        return public(_families[name], name)
    if name in ops.index.FUNCTIONS:
        return public(ops.load(ops.index.FUNCTIONS[name]), name)
    if name in _LATER:
        module, _, attribute = _LATER[name].partition(":")
        return getattr(import_late(module), attribute)
    return namespaces.lookup(name)


__all__ = [  # noqa: PLE0604  # the op families name their own public functions
    "Generator",
    "Size",
    "Tensor",
    "bool",
    "can_cast",
    "cdouble",
    "cfloat",
    "complex64",
    "complex128",
    "default_generator",
    "device",
    "double",
    "dtype",
    "e",
    "enable_grad",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "get_num_threads",
    "get_rng_state",
    "half",
    "iinfo",
    "inf",
    "inference_mode",
    "initial_seed",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_tensor",
    "load",
    "long",
    "manual_seed",
    "nan",
    "newaxis",
    "no_grad",
    "pi",
    "promote_types",
    "release_memory",
    "save",
    "seed",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "set_rng_state",
    "short",
    "uint8",
    *_families,
    *ops.index.FUNCTIONS,
]
