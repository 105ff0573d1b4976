"""Where a loader stands, and going on from there.

The order of an epoch is not kept but drawn again: a state holds where the generators stood at its beginning. So
it is small, whatever the dataset's length, and batches that workers had fetched ahead do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lamella import Generator, Tensor, from_numpy
from lamella.core.errors import ArgumentError, CheckpointError
from lamella.core.random import current_generator

if TYPE_CHECKING:
    from lamella.data.loader import DataLoader


@dataclass
class Stream:
    """What a worker has given of an iterable dataset: batches, and where the dataset stands, if it can tell."""

    taken: int = 0
    dataset_state: Any = None


@dataclass
class Progress:
    """Where an epoch stands.

    Attributes:
        generators: Where the generators of loader and samplers stood when it began.
        default: Where the default generator stood then.
        batches: How many have been given.
        turns: The workers that have more, beginning with the next one.
        streams: What each worker has given.
        finished: Whether there are no more batches.
    """

    generators: list[Tensor]
    default: Tensor
    turns: list[int]
    streams: list[Stream]
    batches: int = 0
    finished: bool = field(default=False)

    @classmethod
    def beginning(cls, loader: DataLoader[Any]) -> Progress:
        """An epoch that begins now."""
        workers = loader.num_workers or 1
        return cls(
            [_state(generator) for generator in _generators(loader)],
            _state(current_generator()),
            list(range(workers)),
            [Stream() for _ in range(workers)],
        )

    def advance(self, worker: int, turns: Iterable[int], dataset_state: Any) -> None:
        """Note that a worker has given a batch."""
        self.batches += 1
        self.turns = list(turns)
        stream = self.streams[worker]
        stream.taken += 1
        stream.dataset_state = dataset_state


def state_of(loader: DataLoader[Any], progress: Progress | None) -> dict[str, Any]:
    """Return what :func:`restored` needs to go on in another loader: plain values and tensors."""
    if loader.num_workers > 1 and not loader.in_order:
        raise ArgumentError(
            "DataLoader.state_dict: with in_order=False and several workers, the batches that were given are not the "
            "first ones of the epoch. Use in_order=True."
        )
    begun = progress is not None and not progress.finished
    if progress is None or progress.finished:
        progress = Progress.beginning(loader)
    return {
        "batches": progress.batches,
        "batch_size": loader.batch_size,
        "generators": list(progress.generators),
        "default_generator_at_start": progress.default if begun else None,
        "default_generator": _state(current_generator()),
        "turns": list(progress.turns) if loader.streams else None,
        "streams": [[s.taken, s.dataset_state] for s in progress.streams] if loader.streams else None,
    }


def restored(loader: DataLoader[Any], state: dict[str, Any]) -> Progress | None:
    """Put the generators to where they stood, and return where the next epoch is to go on.

    None means that it is to begin: nothing of it had been drawn.

    Raises:
        CheckpointError: If the state is not one of a loader like this.
    """
    fresh = Progress.beginning(loader)
    missing = sorted(state_of(loader, fresh).keys() - state.keys())
    if missing:
        raise CheckpointError(f"DataLoader.load_state_dict: expected the dict of state_dict(); {missing} are missing.")
    workers = len(fresh.streams)
    for what, found, expected in (
        ("batch_size", state["batch_size"], loader.batch_size),
        ("number of generators", len(state["generators"]), len(fresh.generators)),
        ("number of streams", len(state["streams"] or ()), workers if loader.streams else 0),
    ):
        if found != expected:
            raise CheckpointError(
                f"DataLoader.load_state_dict: the state has {what} {found}, this loader {expected}. Make the loader "
                "with the arguments of the one that gave the state."
            )
    for generator, saved in zip(_generators(loader), state["generators"], strict=True):
        generator.set_state_array(saved.numpy())
    current_generator().set_state_array(state["default_generator"].numpy())
    if state["default_generator_at_start"] is None:
        return None
    turns, streams = fresh.turns, fresh.streams
    if loader.streams:
        turns, streams = list(state["turns"]), [Stream(*stream) for stream in state["streams"]]
    return Progress(
        list(state["generators"]), state["default_generator_at_start"], turns, streams, int(state["batches"])
    )


def standing_at(state: Tensor) -> Generator:
    """Make a generator that stands where another stood."""
    generator = Generator()
    generator.set_state_array(state.numpy())
    return generator


def _state(generator: Generator) -> Tensor:
    return from_numpy(generator.state_array())


def _generators(loader: DataLoader[Any]) -> list[Generator]:
    """The generators that the order is drawn from, besides the default one."""
    owners = (loader, loader.sampler, loader.batch_sampler, getattr(loader.batch_sampler, "sampler", None))
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(generator): generator for generator in found if isinstance(generator, Generator)}.values())
