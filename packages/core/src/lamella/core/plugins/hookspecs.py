"""The hooks: public API, each with its contract.

All are of the kind *collect once*. The first look-up in any registry imports every plugin's registration
module and calls all its hooks, one plugin after the other; ours first, then by the name of the distribution,
but no plugin should count on an order. A hook does nothing but call ``registry.add(name,
"package.module:attribute")``: the target is imported on first use. It must not import an array library,
allocate memory, touch a device, start a thread or look something up in a registry. What it returns is
ignored. A name that already stands for something else raises, and names both packages. If a hook raises,
everything its plugin has added is taken back, and the plugin is set aside with the exception.

The parameter's name is part of the contract.
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

    Called once, at the first look-up in any registry. The name is the class's, as in ``"Conv2d"``.
    Activations are layers; losses have a hook of their own.

    Args:
        registry: Where to add. Remembers which package added what.
    """


@hookspec
def register_losses(registry: Registrar) -> None:
    """Offer losses: modules that are called with a prediction and a target.

    Called once, at the first look-up in any registry. The name is the class's, as in ``"MSELoss"``.

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
