"""Images of noise."""

from __future__ import annotations

import pickle

import pytest

import lamella
from lamella.core.errors import IndexRangeError
from lamella.data import DataLoader
from lamella.data.datasets import FakeData
from lamella.data.transforms import ToTensor


def test_a_sample_is_the_same_at_each_look_up():
    fake = FakeData(20, (3, 8, 8), num_classes=4)
    assert len(fake) == 20
    image, label = fake[5]
    assert (image.dtype, tuple(image.shape), type(label)) == (lamella.uint8, (3, 8, 8), int)
    assert image.tolist() == fake[5][0].tolist() == fake[-15][0].tolist()
    assert image.tolist() != fake[6][0].tolist()
    assert {fake[i][1] for i in range(20)} == {0, 1, 2, 3}


def test_the_default_generator_is_left_alone():
    lamella.manual_seed(3)
    first = lamella.rand(2).tolist()
    lamella.manual_seed(3)
    FakeData(2, (1, 2, 2))[0]
    assert lamella.rand(2).tolist() == first


def test_the_offset_moves_the_seeds():
    assert FakeData(9, (1, 4, 4), random_offset=2)[3][0].tolist() == FakeData(9, (1, 4, 4))[5][0].tolist()


def test_transforms_are_applied_and_it_pickles():
    fake = pickle.loads(pickle.dumps(FakeData(4, (1, 2, 2), transform=ToTensor(), target_transform=str)))
    assert fake[0][0].dtype == lamella.float32
    assert fake[0][1] == str(FakeData(4, (1, 2, 2))[0][1])
    assert tuple(next(iter(DataLoader(fake, batch_size=4)))[0].shape) == (4, 1, 2, 2)


@pytest.mark.parametrize("index", [4, -5])
def test_an_index_outside_is_refused(index):
    with pytest.raises(IndexRangeError, match=f"expected an index below 4, found {index}"):
        FakeData(4, (1, 2, 2))[index]
