"""Datasets, samplers, loaders and transforms, under the names of ``torch.utils.data`` and torchvision."""

from __future__ import annotations

from lamella.data import datasets, transforms
from lamella.data.collate import default_collate, default_convert
from lamella.data.dataset import Dataset, Subset, TensorDataset, random_split
from lamella.data.loader import DataLoader
from lamella.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = [
    "BatchSampler",
    "DataLoader",
    "Dataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "TensorDataset",
    "datasets",
    "default_collate",
    "default_convert",
    "random_split",
    "transforms",
]
