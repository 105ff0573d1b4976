"""A model whose parameters are an average over training. This module needs the package lamella-nn."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import chain
from typing import Any

import lamella
from lamella import Tensor, nn, no_grad
from lamella.core.errors import ConditionError
from lamella.optim.swa_utils.averages import Average, MultiAverage, get_swa_multi_avg_fn


class AveragedModel(nn.Module):
    """A copy of a model whose parameters are the average of the model's at each :meth:`update_parameters`.

    Args:
        model: What to average; it is copied, and may be trained on.
        device: Where to keep the average; None: where the model is.
        avg_fn: How a value enters the average, such as :func:`get_ema_avg_fn` gives. Without it and ``multi_avg_fn``,
            the average is the mean.
        multi_avg_fn: The same for all parameters at once, such as :func:`get_ema_multi_avg_fn` gives.
        use_buffers: Average the buffers too. If not, they are copied at each update; statistics of batch norm are then
            those of the last model, and :func:`update_bn` computes those of the average.

    Attributes:
        module: The averaged model.
        n_averaged: How many models are in the average.

    Raises:
        AssertionError: Both functions are given.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = AveragedModel(model)
        >>> for value in [1.0, 2.0, 6.0]:
        ...     _ = nn.init.constant_(model.weight, value)
        ...     average.update_parameters(model)
        >>> average.module.weight.tolist()
        [[3.0]]

    Reference:
        P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. G. Wilson: Averaging weights leads to wider optima and
        better generalization, 2018, https://arxiv.org/abs/1803.05407.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: nn.Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ConditionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", lamella.tensor(0, dtype=lamella.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = get_swa_multi_avg_fn() if multi_avg_fn is None else multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take ``model``'s parameters as they are now into the average; the first time, copy them."""
        averages, currents = self._averaged(self.module), self._averaged(model)
        if self.n_averaged == 0:
            _copy_all(averages, currents)
        elif self.avg_fn is None:
            self.multi_avg_fn(averages, currents, self.n_averaged)
        else:
            count = self.n_averaged
            values = [self.avg_fn(a, c, count) for a, c in zip(averages, currents, strict=True)]
            _copy_all(averages, values)
        if not self.use_buffers:
            _copy_all(list(self.module.buffers()), list(model.buffers()))
        self.n_averaged += 1

    def _averaged(self, model: nn.Module) -> list[Tensor]:
        """What is averaged of a model, on the average's device."""
        buffers = model.buffers() if self.use_buffers else ()
        return [tensor.detach().to(self.n_averaged.device) for tensor in chain(model.parameters(), buffers)]


def _copy_all(targets: list[Tensor], sources: list[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.detach().copy_(source)


@no_grad()
def update_bn(loader: Iterable[Any], model: nn.Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch norms anew, in one pass over data.

    Args:
        loader: Gives batches: tensors, or lists or tuples that begin with the model's input.
        model: Whose statistics to compute, such as an :class:`AveragedModel`.
        device: Where to move the batches first; None: they stay.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> model = nn.BatchNorm1d(1)
        >>> update_bn([lamella.tensor([[1.0], [3.0]]), lamella.tensor([[5.0], [7.0]])], model)
        >>> model.running_mean
        tensor([4.])
    """
    kinds = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d
    norms = [module for module in model.modules() if isinstance(module, kinds)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    for batch in loader:
        input = batch[0] if isinstance(batch, list | tuple) else batch
        model(input if device is None else input.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(training)
