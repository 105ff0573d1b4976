"""The exceptions Lamella raises on purpose.

Each also derives from the built-in type that PyTorch raises in the same place, so that an ``except`` clause
ported from PyTorch code keeps working.
"""

from __future__ import annotations


class LamellaError(Exception):
    """Base of every exception that Lamella raises on purpose."""


class ShapeError(LamellaError, RuntimeError):
    """Shapes do not fit each other or the operation."""


class DtypeError(LamellaError, NotImplementedError):
    """An operation is not defined for the dtypes given. PyTorch raises RuntimeError or its NotImplementedError."""


class DeviceError(LamellaError, RuntimeError):
    """Tensors live on different devices, or a device is not available."""


class GradError(LamellaError, RuntimeError):
    """A gradient cannot be computed as asked."""


class ArgumentError(LamellaError, ValueError):
    """An argument has a value outside its range."""


class ArgumentRangeError(ArgumentError, RuntimeError):
    """An argument has a value outside its range, in a place where PyTorch raises RuntimeError."""


class ConditionError(LamellaError, AssertionError):
    """A call comes too early, or a value is out of range, in a place where PyTorch asserts that it isn't."""


class ArgumentTypeError(LamellaError, TypeError):
    """An argument has the wrong type."""


class DtypeTypeError(DtypeError, ArgumentTypeError):
    """An operation is not defined for the dtypes given, in a place where PyTorch raises TypeError."""


class IndexRangeError(LamellaError, IndexError):
    """An index or a dimension is out of range."""


class IndexBoundsError(IndexRangeError, RuntimeError):
    """An index points outside of a tensor, in a place where PyTorch raises RuntimeError."""


class NonFiniteError(LamellaError, RuntimeError):
    """An op gave NaN or Inf inside ``lamella.debug.check_finite``."""


class LinAlgError(LamellaError, RuntimeError):
    """A matrix has no inverse, is not positive-definite, or an iteration does not converge on it."""


class CheckpointError(LamellaError, RuntimeError):
    """A checkpoint is damaged, unsafe or does not fit."""


class DataError(LamellaError, RuntimeError):
    """A data file is damaged or is not what it should be."""


class WorkerError(LamellaError, RuntimeError):
    """A worker of a loader has died, does not answer, or cannot be given its work."""


class ExportError(LamellaError, BufferError):
    """A tensor cannot be handed to another library."""


class PluginError(LamellaError, RuntimeError):
    """A plugin is broken, blocked or clashes with another."""


class PackageMissing(LamellaError, ModuleNotFoundError):
    """The package that would provide a module is not installed."""


class NameMissing(LamellaError, AttributeError):
    """A namespace has no such name, or the package that would provide it is not installed."""


class NameRefused(LamellaError, KeyError):
    """A name cannot be given to a part: it is taken, empty, or holds what names may not."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


class KeyMissing(LamellaError, KeyError):
    """A dict lacks a key that is needed here."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes
