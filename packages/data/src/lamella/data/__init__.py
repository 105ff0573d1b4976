"""Datasets, samplers, loaders and transforms, under the names of ``torch.utils.data`` and torchvision."""

from __future__ import annotations

from lamella.data import datasets, transforms
from lamella.data.caching import CachedDataset
from lamella.data.collate import collate, default_collate, default_collate_fn_map, default_convert
from lamella.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from lamella.data.distributed_sampler import DistributedSampler
from lamella.data.images import read_image, write_png
from lamella.data.loader import DataLoader
from lamella.data.mapped import MemoryMappedDataset
from lamella.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from lamella.data.vocabularies import BytePairVocabulary, CharacterVocabulary
from lamella.data.worker_info import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler",
    "BytePairVocabulary",
    "CachedDataset",
    "ChainDataset",
    "CharacterVocabulary",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "MemoryMappedDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "WorkerInfo",
    "collate",
    "datasets",
    "default_collate",
    "default_collate_fn_map",
    "default_convert",
    "get_worker_info",
    "random_split",
    "read_image",
    "transforms",
    "write_png",
]
