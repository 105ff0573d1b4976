"""Mixing batches, and the policies that draw operations."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data import DataLoader, default_collate, transforms
from lamella.data.transforms import draws
from lamella.data.transforms.policy_tables import POLICIES

IMAGES = lamella.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 10, 12)
LABELS = lamella.tensor([0, 1, 2, 3])
PHOTO = lamella.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 20, 30), dtype=np.uint8))


@pytest.mark.parametrize("mix", [transforms.MixUp, transforms.CutMix])
def test_images_and_labels_are_mixed_alike(mix):
    lamella.manual_seed(0)
    shares = []
    for _ in range(40):
        images, labels = mix(num_classes=4)(IMAGES, LABELS)
        assert images.shape == IMAGES.shape and tuple(labels.shape) == (4, 4)
        share = labels[0, 0].item()
        shares.append(share)
        np.testing.assert_allclose(
            labels.numpy(), share * np.eye(4) + (1 - share) * np.roll(np.eye(4), 1, 0), atol=1e-6
        )
        # Image i holds nothing but i and what is before it, so its mean tells the share.
        np.testing.assert_allclose(images.mean((1, 2, 3)).numpy(), labels.numpy() @ np.arange(4.0), atol=1e-5)
    assert np.std(shares) > 0.15


def test_cutmix_puts_one_rectangle_over_all():
    lamella.manual_seed(1)
    images, _ = transforms.CutMix(num_classes=4)(IMAGES, LABELS)
    covered = images[1, 0].numpy() == 0
    rows, columns = covered.any(1).nonzero()[0], covered.any(0).nonzero()[0]
    assert 0 < covered.sum() < 120
    assert covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert ((images[2, 0].numpy() == 1) == covered).all()


def test_batches_of_any_structure():
    soft = lamella.eye(4)
    mixup = transforms.MixUp()
    assert set(mixup({"images": IMAGES, "labels": soft, "names": "abcd"})) == {"images", "labels", "names"}
    images, rest = transforms.MixUp(num_classes=4, labels_getter=lambda batch: batch[1]["y"])((IMAGES, {"y": LABELS}))
    assert tuple(rest["y"].shape) == (4, 4) and images.dtype == lamella.float32
    assert mixup(IMAGES, soft.long())[1].dtype == lamella.float32


def test_as_a_step_of_collating():
    mixup = transforms.MixUp(num_classes=4)
    samples = list(zip(IMAGES, LABELS, strict=True))
    loader = DataLoader(samples, batch_size=2, collate_fn=lambda batch: mixup(*default_collate(batch)))
    assert [tuple(labels.shape) for _, labels in loader] == [(2, 4), (2, 4)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: transforms.MixUp(alpha=0), ArgumentError, "alpha should be positive, got 0"),
        (lambda: transforms.MixUp(labels_getter="second"), ArgumentError, "'default' or a function, got 'second'"),
        (lambda: transforms.MixUp()(IMAGES), ArgumentError, "found no labels"),
        (lambda: transforms.MixUp()({"images": IMAGES}), ArgumentError, "found no labels"),
        (lambda: transforms.MixUp()(IMAGES, [1, 2]), ArgumentError, "labels must be a tensor, but got list"),
        (lambda: transforms.MixUp()(IMAGES, LABELS), ArgumentError, "num_classes must be passed"),
        (lambda: transforms.MixUp(num_classes=3)(IMAGES, lamella.eye(4)), ArgumentError, "columns: 4 != 3"),
        (lambda: transforms.MixUp()(IMAGES, IMAGES), ArgumentError, r"indices \(N,\) or probabilities"),
        (lambda: transforms.MixUp(num_classes=4)(LABELS, LABELS), ArgumentError, "found no images"),
        (lambda: transforms.MixUp(num_classes=4)(IMAGES[0], LABELS), ArgumentError, "4 dims, but got 3"),
        (lambda: transforms.MixUp(num_classes=4)(IMAGES[:2], LABELS), ArgumentError, "does not match .*: 2 != 4"),
        (lambda: transforms.MixUp(num_classes=4)(IMAGES.int(), LABELS), ArgumentTypeError, "images of floats"),
        (lambda: transforms.AutoAugment("mnist"), ArgumentError, "policy should be one of"),
        (lambda: transforms.RandAugment(-1), ArgumentError, "num_ops should be a non-negative integer, got -1"),
        (lambda: transforms.RandAugment(magnitude=31), ArgumentError, "magnitude should be from 0 to .* = 30"),
        (lambda: transforms.TrivialAugmentWide(1), ArgumentError, "num_magnitude_bins should be at least 2, got 1"),
        (lambda: transforms.AugMix(11), ArgumentError, r"severity must be between \[1, 10\]. Got 11"),
        (lambda: transforms.AugMix(mixture_width=0), ArgumentError, "mixture_width should be at least 1"),
        (lambda: transforms.AugMix(alpha=0), ArgumentError, "alpha should be positive"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("alpha", [0.05, 0.4, 1.0, 5.0])
def test_shares_have_the_mean_and_variance_of_their_distribution(alpha):
    lamella.manual_seed(0)
    shares = np.array([draws.dirichlet(alpha, 3) for _ in range(2000)])
    np.testing.assert_allclose(shares.sum(1), 1)
    variance = (1 / 3) * (2 / 3) / (3 * alpha + 1)
    np.testing.assert_allclose(shares.mean(0), 1 / 3, atol=0.05)
    np.testing.assert_allclose(shares.var(0), variance, rtol=0.15)


def test_policies_are_whole():
    for pairs in POLICIES.values():
        assert len(pairs) == 25
        for name, probability, magnitude in (step for pair in pairs for step in pair):
            assert transforms.AutoAugment()._step(PHOTO, name, 0.0).shape == PHOTO.shape
            assert 0 <= probability <= 1 and 0 <= magnitude <= 9


def test_auto_augment_takes_the_steps_of_a_pair():
    lamella.manual_seed(0)
    augment = transforms.AutoAugment()
    possible = {(a[0], b[0]) for a, b in POLICIES[augment.policy]}
    for _ in range(100):
        names = tuple(name for name, _ in augment.make_params([PHOTO])["steps"])
        assert any(names == tuple(name for name in pair if name in names) for pair in possible)


@pytest.mark.parametrize(
    ("transform", "strongest"),
    [
        (
            transforms.RandAugment(magnitude=30),
            {
                "ShearX": 0.3,
                "TranslateX": 150 / 331 * 30,
                "TranslateY": 150 / 331 * 20,
                "Rotate": 30,
                "Color": 0.9,
                "Posterize": 4,
                "Solarize": 0,
                "Equalize": 0,
                "Identity": 0,
            },
        ),
        (
            transforms.TrivialAugmentWide(num_magnitude_bins=2),
            {"ShearY": 0.99, "TranslateX": 32, "Rotate": 135, "Sharpness": 0.99, "Posterize": 2, "Solarize": 0},
        ),
    ],
    ids=["RandAugment", "TrivialAugmentWide"],
)
def test_magnitudes_at_their_strongest(transform, strongest):
    lamella.manual_seed(0)
    steps = [step for _ in range(400) for step in transform.make_params([PHOTO])["steps"]]
    for name, magnitude in strongest.items():
        drawn = {round(value, 4) for drawn_name, value in steps if drawn_name == name}
        assert round(magnitude, 4) in drawn
        signed = name not in ("Posterize", "Solarize", "Equalize", "Identity")
        assert (round(-magnitude, 4) in drawn) is signed or magnitude == 0
    assert len({name for name, _ in steps}) == 14


def test_aug_mix_is_a_mixture_of_image_and_chains():
    augment = transforms.AugMix(mixture_width=2, chain_depth=3, all_ops=False)
    lamella.manual_seed(0)
    params = augment.make_params([PHOTO])
    assert params["kept"] + sum(share for share, _ in params["chains"]) == pytest.approx(1)
    assert [len(steps) for _, steps in params["chains"]] == [3, 3]
    steps = [[("Identity", 0.0)], [("Invert", 0.0)]]
    chains = list(zip((0.25, 0.25), steps, strict=True))
    mixed = augment.transform(PHOTO, {"kept": 0.5, "chains": chains}).numpy()
    np.testing.assert_array_equal(mixed, (0.75 * PHOTO.numpy() + 0.25 * (255 - PHOTO.numpy())).astype(np.uint8))
    photo = transforms.ToPILImage()(PHOTO)
    assert isinstance(augment(photo), Image.Image)
    assert transforms.AugMix()((photo, 3))[1] == 3
