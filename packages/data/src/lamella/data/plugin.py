"""Registers the datasets and transforms. Nothing else happens here."""

from __future__ import annotations

from lamella.core.plugins import Registrar, hookimpl

DATASETS = """
    CIFAR10 CIFAR100 DatasetFolder EMNIST FakeData FashionMNIST ImageFolder KMNIST MNIST TableDataset TextCorpus
""".split()  # noqa: SIM905  # a name a line would bury the hooks
TRANSFORMS = """
    AugMix AutoAugment CenterCrop ColorJitter Compose ConvertImageDtype CutMix ElasticTransform FiveCrop GaussianBlur
    GaussianNoise Grayscale Identity Lambda LinearTransformation MixUp Normalize PILToTensor Pad RandAugment
    RandomAdjustSharpness RandomAffine RandomApply RandomAutocontrast RandomChoice RandomCrop RandomEqualize
    RandomErasing RandomGrayscale RandomHorizontalFlip RandomInvert RandomOrder RandomPerspective RandomPosterize
    RandomResizedCrop RandomRotation RandomSolarize RandomVerticalFlip Resize TenCrop ToDtype ToImage ToPILImage
    ToTensor TrivialAugmentWide
""".split()  # noqa: SIM905  # a name a line would bury the hooks


@hookimpl
def register_datasets(registry: Registrar) -> None:
    """Offer the datasets, by the names of their classes."""
    for name in DATASETS:
        registry.add(name, f"lamella.data.datasets:{name}")


@hookimpl
def register_transforms(registry: Registrar) -> None:
    """Offer the transforms, by the names of their classes."""
    for name in TRANSFORMS:
        registry.add(name, f"lamella.data.transforms:{name}")
