"""EMNIST: its six selections, from folders; its archive is for test_download."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.core.errors import ArgumentError, DataError
from lamella.data.datasets import EMNIST


@pytest.fixture
def folder(tmp_path, to_idx):
    """Two images for each selection and part, labelled 1 and the selection's last class."""
    for split, names in EMNIST.classes_split_dict.items():
        for part in ("train", "test"):
            images = np.arange(2 * 784, dtype=np.int64).reshape(2, 28, 28).astype(np.uint8)
            labels = np.array([1, len(names) - 1], dtype=np.uint8)
            (tmp_path / f"emnist-{split}-{part}-images-idx3-ubyte").write_bytes(to_idx(images))
            (tmp_path / f"emnist-{split}-{part}-labels-idx1-ubyte").write_bytes(to_idx(labels))
    return tmp_path


@pytest.mark.parametrize(
    ("split", "count", "first", "last"),
    [
        ("byclass", 62, "1", "z"),
        ("bymerge", 47, "1", "t"),
        ("balanced", 47, "1", "t"),
        ("letters", 27, "a", "z"),
        ("digits", 10, "1", "9"),
        ("mnist", 10, "1", "9"),
    ],
)
@pytest.mark.parametrize("train", [True, False])
def test_selections(folder, split, count, first, last, train):
    dataset = EMNIST(folder, split, train=train)
    assert len(dataset.classes) == len(set(dataset.classes)) == count
    assert [dataset.classes[label] for label in dataset.targets.tolist()] == [first, last]
    assert [dataset[1][1], dataset.class_to_idx[last]] == [count - 1, count - 1]
    assert repr(dataset).startswith("Dataset EMNIST\n    Number of datapoints: 2\n")


def test_images_lie_as_they_were_published(folder):
    image, _ = EMNIST(folder, "digits")[0]
    assert image.tolist()[0] == list(range(28))


def test_an_unknown_selection_is_refused(folder):
    with pytest.raises(ArgumentError, match=r"Unknown value 'all' for argument split\. Valid values are byclass, bym"):
        EMNIST(folder, "all")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match="Dataset not found.*expected emnist-letters-train-images-idx3-ubyte"):
        EMNIST(tmp_path, "letters")
    with pytest.raises(DataError, match="EMNIST: no root was given"):
        EMNIST(None, "letters")
