"""The hooks: public API, each with its contract.

All are of the kind *collect once*. **When**: the first look-up in any registry imports every plugin's registration
module and calls all its hooks, one plugin after the other; Lamella's own packages first, then by the name of the
distribution, but no plugin should count on an order. **How often**: once; and once more at the next look-up after a
user has changed which plugins load (``configure``, ``unregister``) or a test has called ``reset``.
**What a hook does**: it calls ``registry.add(name, "package.module:attribute")``, as often as it has something to
offer; the target is imported when a user asks for it. **What it must not do**: import an array library, allocate
memory, touch a device, start a thread or look something up in a registry. **What it returns** is ignored; None is what
it should. A generator or a coroutine, which would not have run, is refused.

A name that already stands for something else raises, and names both packages, unless the user prefers one of them
(``lamella.core.plugins.policy``). If a hook raises, everything its plugin has added is taken back, and the plugin is
set aside with the exception.

The one parameter, ``registry``, takes what a plugin adds and remembers which package added it; its name is part of the
contract. Registration modules are imported without the package around them, so
``from lamella.core.plugins import hookimpl`` is all that one needs.
"""

from __future__ import annotations

from lamella.core.plugins.markers import hookspec
from lamella.core.plugins.registry import Registrar


@hookspec
def register_backends(registry: Registrar) -> None:
    """Offer array backends, such as one for GPUs.

    Called once, at the first look-up in any registry. The name is the device type that the backend serves, as
    in ``lamella.device("cuda")``. The target is an instance of ``lamella.core.backends.protocol.Backend``;
    importing it must work where the device is missing, so that its ``unavailable()`` can say why.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_kernels(registry: Registrar) -> None:
    """Offer kernels: faster implementations of single ops on a device type that exists already.

    Called once, at the first look-up in any registry. The name is the provider of a whole set of kernels, by
    which users prefer or forbid it. The target is the set: an iterable of
    ``lamella.core.backends.kernels.Kernel``, each with its op, device type and priority.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_ops(registry: Registrar) -> None:
    """Offer ops: differentiable functions with a record of their own.

    Called once, at the first look-up in any registry. The name is the op's. The target is what ``define_op``
    made, with its gradients, samples and errors; anything that works on every op finds it here.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_layers(registry: Registrar) -> None:
    """Offer layers: subclasses of ``lamella.nn.Module``.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"Conv2d"``; it is found as
    ``lamella.nn.Conv2d`` too. Activations and losses have hooks of their own.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_losses(registry: Registrar) -> None:
    """Offer losses: modules that are called with a prediction and a target.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"MSELoss"``; it is found as
    ``lamella.nn.MSELoss`` too.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_activations(registry: Registrar) -> None:
    """Offer activations: modules that map each element of a tensor, or the elements along a dim, to a tensor.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"GELU"``; it is found as
    ``lamella.nn.GELU`` too.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_optimizers(registry: Registrar) -> None:
    """Offer optimizers: subclasses of ``lamella.optim.Optimizer``.

    Called once, at the first look-up in any registry. The name is the class's in lower case, as in
    ``"adam"``: the word that people write in a configuration file.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_schedulers(registry: Registrar) -> None:
    """Offer learning-rate schedulers: subclasses of ``lamella.optim.lr_scheduler.LRScheduler``.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"StepLR"``.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_datasets(registry: Registrar) -> None:
    """Offer datasets: subclasses of ``lamella.data.Dataset``.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"MNIST"``. Importing
    the target must neither read nor download the data.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_transforms(registry: Registrar) -> None:
    """Offer transforms: callables that turn one sample of a dataset into another.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"Normalize"``.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_compressors(registry: Registrar) -> None:
    """Offer compressors: functions that make a model smaller or faster.

    Called once, at the first look-up in any registry. The name is a word such as ``"magnitude"``. The target is a
    ``lamella.core.plugins.Compressor``: ``compressor(model, **options)`` gives the smaller model and leaves ``model``
    as it was.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_loggers(registry: Registrar) -> None:
    """Offer loggers: classes that take the numbers of a training run.

    Called once, at the first look-up in any registry. The name is a word for where the numbers go, such as
    ``"tensorboard"``. The target is a ``lamella.core.plugins.Logger``, called with ``log_dir``. Importing it must open
    no file and no connection.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_exporters(registry: Registrar) -> None:
    """Offer exporters: functions that write a model in another format.

    Called once, at the first look-up in any registry. The name is the format's, as in ``"onnx"``. The target is a
    ``lamella.core.plugins.Exporter``: ``exporter(model, example_inputs, path)``.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_process_groups(registry: Registrar) -> None:
    """Offer process groups: how the processes of a distributed run exchange arrays.

    Called once, at the first look-up in any registry. The name is that of the way, as in ``"mpi"``. The target is a
    ``lamella.core.plugins.ProcessGroup``. Importing it must open no connection: calling it does.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_commands(registry: Registrar) -> None:
    """Offer commands: ``lamella NAME`` on the command line.

    Called once, at the first look-up in any registry. The name is the word that users type. The target is a
    ``lamella.core.plugins.Command``: a function from the arguments after the name to an exit status. A command of the
    core's own comes before one of the same name here.

    Args:
        registry: Where to add. Remembers which package added what.
    """
