"""Ready-made datasets, and readers of the formats in which people keep theirs."""

from __future__ import annotations

from lamella.data.datasets.cifar import CIFAR10, CIFAR100
from lamella.data.datasets.emnist import EMNIST
from lamella.data.datasets.fake import FakeData
from lamella.data.datasets.folders import DatasetFolder, ImageFolder
from lamella.data.datasets.mnist import KMNIST, MNIST, FashionMNIST
from lamella.data.datasets.tables import TableDataset
from lamella.data.datasets.text import TextCorpus

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "EMNIST",
    "KMNIST",
    "MNIST",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "TableDataset",
    "TextCorpus",
]
