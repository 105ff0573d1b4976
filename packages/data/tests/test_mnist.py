"""MNIST and FashionMNIST: the digits inside, folders of files, and files that are wrong."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

import lamella
from lamella.core.errors import DataError
from lamella.data import DataLoader, Subset
from lamella.data.datasets import KMNIST, MNIST, FashionMNIST
from lamella.data.transforms import Compose, Lambda, Normalize, ToTensor


@pytest.mark.parametrize(("train", "per_class"), [(True, 600), (False, 100)])
def test_the_digits_inside_are_stratified(train, per_class):
    digits = MNIST(train=train)
    assert len(digits) == 10 * per_class
    assert digits.data.dtype == lamella.uint8
    assert tuple(digits.data.shape) == (10 * per_class, 28, 28)
    assert digits.targets.dtype == lamella.int64
    assert np.bincount(digits.targets.numpy()).tolist() == [per_class] * 10


def test_the_digits_inside_look_like_mnist():
    pixels = MNIST().data.numpy() / 255
    # The mean and deviation that everyone normalizes the whole of MNIST with.
    assert abs(pixels.mean() - 0.1307) < 0.005
    assert abs(pixels.std() - 0.3081) < 0.005
    assert len(np.unique(MNIST().data.numpy(), axis=0)) == 6000


def test_the_digits_inside_are_small():
    files = list(MNIST.embedded.glob("*.gz"))
    assert len(files) == 4
    assert sum(file.stat().st_size for file in files) < 1_300_000


def test_a_sample():
    digits = MNIST(train=False)
    image, label = digits[-1]
    assert type(label) is int
    assert label == digits.targets[-1].item()
    assert image.dtype == lamella.uint8
    assert tuple(image.shape) == (28, 28)
    assert image.tolist() == digits.data[-1].tolist()
    with pytest.raises(IndexError):
        digits[1000]


def test_transforms_are_applied():
    digits = MNIST(train=False, transform=ToTensor(), target_transform=lambda label: f"digit {label}")
    image, label = digits[0]
    assert tuple(image.shape) == (1, 28, 28)
    assert image.dtype == lamella.float32
    assert label == f"digit {digits.targets[0].item()}"


@pytest.mark.parametrize("place", ["", "MNIST/raw"])
@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_folders(tmp_path, digit_files, place, pack):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, content in digit_files.items():
        plain = gzip.decompress(content)
        (tmp_path / place / (name if pack is gzip.compress else name.removesuffix(".gz"))).write_bytes(pack(plain))
    assert len(MNIST(tmp_path)) == 12
    test = MNIST(str(tmp_path), train=False)
    assert test.targets.tolist() == [0, 1, 2, 3, 4]
    expected = gzip.decompress(digit_files["t10k-images-idx3-ubyte.gz"])[16:]
    assert test.data.numpy().tobytes() == expected


def test_torchvisions_place_comes_before_the_folder_itself(digits_folder, digit_files):
    raw = digits_folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for kind in ("images-idx3", "labels-idx1"):
        (raw / f"train-{kind}-ubyte.gz").write_bytes(digit_files[f"t10k-{kind}-ubyte.gz"])
    assert len(MNIST(digits_folder)) == 5


@pytest.mark.parametrize("dataset", [FashionMNIST, KMNIST])
def test_its_relatives_read_their_own_folders(tmp_path, digits_folder, dataset):
    (tmp_path / dataset.__name__).mkdir()
    digits_folder.rename(tmp_path / dataset.__name__ / "raw")
    assert len(dataset(tmp_path)) == 12
    with pytest.raises(DataError, match=r"Dataset not found\. MNIST: expected train-images-idx3-ubyte"):
        MNIST(tmp_path)


@pytest.mark.parametrize("dataset", [FashionMNIST, KMNIST])
def test_its_relatives_need_a_folder(dataset):
    with pytest.raises(DataError, match=f"{dataset.__name__}: no root was given.*Pass the folder"):
        dataset()


def test_missing_files_are_named(tmp_path):
    places = re.escape(f"{tmp_path / 'MNIST' / 'raw'} or {tmp_path}")
    with pytest.raises(
        DataError, match=f"Dataset not found.*expected train-images-idx3-ubyte.*{places}.*download=True"
    ):
        MNIST(tmp_path)


def test_missing_labels_are_named(digits_folder):
    (digits_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"expected t10k-labels-idx1-ubyte, plain or with \.gz"):
        MNIST(digits_folder, train=False)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("labels-idx1", np.zeros(11, np.uint8), "expected as many labels as .*images.*12; found 11"),
        ("labels-idx1", np.full(12, 10, np.uint8), "expected labels from 0 to 9, found 10 at index 0"),
        (
            "labels-idx1",
            np.array([3] * 7 + [255] * 5, np.uint8),
            "expected labels from 0 to 9, found 255 at index 7",
        ),
        ("labels-idx1", np.zeros(12, np.int8), "expected uint8 elements in 1 dimensions, found int8 in 1"),
        (
            "labels-idx1",
            np.zeros((12, 1), np.uint8),
            r"in 1 dimensions, found uint8 in 2 \(shape \(12, 1\)\)",
        ),
        (
            "images-idx3",
            np.zeros((12, 784), np.uint8),
            r"in 3 dimensions, found uint8 in 2 \(shape \(12, 784\)\)",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused(digits_folder, to_idx, name, array, message):
    path = digits_folder / f"train-{name}-ubyte.gz"
    path.write_bytes(to_idx(array))
    with pytest.raises(DataError, match=re.escape(str(path)) + ": .*" + message):
        MNIST(digits_folder)


def test_a_damaged_file_is_refused(digits_folder):
    path = digits_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=re.escape(str(path)) + ": expected a whole gzip file"):
        MNIST(digits_folder)


@pytest.mark.parametrize("dataset", [MNIST, FashionMNIST, KMNIST])
def test_classes(dataset, digits_folder):
    instance = dataset(digits_folder)
    assert len(set(instance.classes)) == 10
    assert [instance.class_to_idx[name] for name in instance.classes] == list(range(10))


def test_repr_is_torchvisions(digits_folder):
    transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
    assert repr(MNIST(digits_folder, transform=transform, target_transform=Lambda(str))) == (
        "Dataset MNIST\n"
        "    Number of datapoints: 12\n"
        f"    Root location: {digits_folder}\n"
        "    Split: Train\n"
        "    StandardTransform\n"
        "Transform: Compose(\n"
        "               ToTensor()\n"
        "               Normalize(mean=(0.1307,), std=(0.3081,))\n"
        "           )\n"
        "Target transform: Lambda()"
    )


def test_repr_of_the_digits_inside():
    assert repr(MNIST(train=False)) == (
        "Dataset MNIST\n    Number of datapoints: 1000\n    Root location: inside lamella-data\n    Split: Test"
    )


def unbatched(dataset: MNIST) -> list[tuple]:
    """The samples as a list, which offers no bulk look-up."""
    return [dataset[i] for i in range(len(dataset))]


@pytest.mark.parametrize(
    "transform",
    [None, ToTensor(), Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]), lambda image: image + 1],
    ids=["none", "ToTensor", "Compose", "function"],
)
@pytest.mark.parametrize("target_transform", [None, lambda label: label % 2 == 0], ids=["label", "even"])
def test_whole_batches_are_what_single_samples_give(digits_folder, transform, target_transform):
    dataset = MNIST(digits_folder, transform=transform, target_transform=target_transform)
    fast = list(DataLoader(dataset, batch_size=5))
    slow = list(DataLoader(unbatched(dataset), batch_size=5))
    assert len(fast) == len(slow) == 3
    for left, right in zip(fast, slow, strict=True):
        assert [type(part) for part in (left, right)] == [list, list]
        for a, b in zip(left, right, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_whole_batches_come_from_one_look_up():
    class Counting(ToTensor):
        calls = 0

        def batched(self):
            form = super().batched()

            def apply(stack):
                Counting.calls += 1
                return form(stack)

            return apply

        def __call__(self, pic):
            raise AssertionError("called for a single image")

    dataset = MNIST(train=False, transform=Counting())
    images, labels = next(iter(DataLoader(Subset(dataset, range(10, 90)), batch_size=64)))
    assert tuple(images.shape) == (64, 1, 28, 28)
    assert tuple(labels.shape) == (64,)
    assert Counting.calls == 1


def test_batches_do_not_alias_the_dataset():
    dataset = MNIST(train=False)
    images, _ = next(iter(DataLoader(dataset, batch_size=8)))
    images.fill_(7)
    assert not (dataset.data[:8].numpy() == 7).all()


def test_a_subclass_that_changes_the_sample_is_heard(digits_folder: Path):
    class Inverted(MNIST):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return 255 - image, label, index

    dataset = Inverted(digits_folder)
    images, _, indices = next(iter(DataLoader(dataset, batch_size=3)))
    assert indices.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(images.numpy(), 255 - dataset.data[:3].numpy())
