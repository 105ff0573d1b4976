"""What a plugin's targets must be, for the kinds whose base class or record stands nowhere else.

They are protocols: a target needs their methods, not their names among its bases. Layers, optimizers, datasets and
so on have a base class in their own package; backends, kernels and ops in the core. The hook of each kind
(``lamella.core.plugins.hookspecs``) says which.

Example:
    >>> from lamella.core.plugins import Command
    >>> def greet(arguments: list[str]) -> int:
    ...     print("Hello,", *arguments)
    ...     return 0
    >>> command: Command = greet  # a type checker compares the two
"""

from __future__ import annotations

from typing import Any, Literal, Protocol


class Command(Protocol):
    """A sub-command of ``lamella``: a function."""

    def __call__(self, arguments: list[str], /) -> int | None:
        """Run the command.

        Args:
            arguments: What follows the command's name on the command line. ``--help`` among them is the command's
                to answer.

        Returns:
            The exit status; None means 0. An exception of ``lamella.core.errors`` ends the command with its message
            and the status 1.
        """


class Logger(Protocol):
    """Takes the numbers of a training run: a class, made by calling it with ``log_dir``.

    The methods and their arguments are those of PyTorch's ``SummaryWriter``, so that either can stand for the other.
    A logger may have more of them (``add_image``, ``add_histogram``, …) under the same names.
    """

    def __init__(self, log_dir: str) -> None:
        """Start a log.

        Args:
            log_dir: The folder to write to, made if need be.
        """

    def add_scalar(
        self, tag: str, scalar_value: float, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Log one number.

        Args:
            tag: What it is, as in ``"loss/train"``.
            scalar_value: The number: a Python number, or anything that ``float`` takes, such as a Tensor.
            global_step: The training step; None where there is none.
            walltime: Seconds since the epoch; None means now.
        """

    def flush(self) -> None:
        """Make everything logged so far readable by others."""

    def close(self) -> None:
        """Write what is left, and let go of files and connections. Again changes nothing."""


class Exporter(Protocol):
    """Writes a model in another format: a function. Its name in the registry is the format's, as in ``"onnx"``."""

    def __call__(self, model: Any, example_inputs: tuple[Any, ...], path: str) -> None:
        """Write the model.

        Args:
            model: A ``lamella.nn.Module``, which is left as it was.
            example_inputs: Arguments that ``model`` can be called with: their shapes and dtypes, and the ops that run
                on them, are what is exported.
            path: The file to write, replaced if it exists.
        """


class Compressor(Protocol):
    """Makes a model smaller or faster: a function. Pruning, quantization and distillation are compressors."""

    def __call__(self, model: Any, **options: Any) -> Any:
        """Compress.

        Args:
            model: A ``lamella.nn.Module``, which is left as it was.
            options: The compressor's own, such as ``sparsity=0.5``; each has a default or is required by name.

        Returns:
            The smaller model: it is called with what ``model`` is called with.
        """


class ProcessGroup(Protocol):
    """Processes that exchange arrays: a class, made in each of them with the same ``world_size`` and ``init_method``.

    These are the collectives that data-parallel training is made of, under the names of ``torch.distributed``. Every
    process must make the same calls in the same order, with arrays of the same shape and dtype. Each call returns when
    its result is there. Arrays are those of the backend that the group serves (NumPy's, where it says nothing else),
    C-contiguous, and are changed in place: a caller decides where memory comes from.
    """

    def __init__(self, rank: int, world_size: int, init_method: str, timeout_s: float = 1800.0) -> None:
        """Join the group; returns once all have.

        Args:
            rank: This process's number, from 0.
            world_size: How many processes there are.
            init_method: Where they meet, as in ``"tcp://127.0.0.1:29500"`` or ``"file:///tmp/meeting"``; which forms
                there are is the group's to say.
            timeout_s: Seconds that joining, and every call after it, may take until it raises.
        """

    def all_reduce(self, array: Any, op: Literal["sum", "mean", "min", "max", "product"] = "sum") -> None:
        """Put the sum (or mean, …) of everyone's ``array``, element by element, into everyone's ``array``.

        The result has the same bits everywhere.
        """

    def broadcast(self, array: Any, src: int) -> None:
        """Copy the ``array`` of the process with rank ``src`` into everyone's."""

    def all_gather(self, output: Any, array: Any) -> None:
        """Copy everyone's ``array`` into everyone's ``output``, of shape ``(world_size, *array.shape)``, by rank."""

    def barrier(self) -> None:
        """Wait until every process has come here."""

    def close(self) -> None:
        """Leave the group. Again changes nothing."""
