"""MNIST and the datasets published in its form."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, DataError
from lamella.data.bulk import positions
from lamella.data.datasets.idx import read_idx
from lamella.data.datasets.labelled import LabelledImages


class MNIST(LabelledImages):
    """Handwritten digits, 28×28 pixels, in ten classes.

    A sample is ``(image, label)``: the image a ``uint8`` tensor (28, 28), a view of :attr:`data`, and the
    label an ``int``, each passed through its transform. (torchvision gives a Pillow image; we do not depend
    on Pillow.) A loader fetches whole batches at once where the transform can treat a stack of images, as
    ``ToTensor`` and ``Normalize`` can.

    Args:
        root: Folder with the published IDX files, plain or gzipped: in it, or in ``MNIST/raw`` below it,
            where torchvision keeps them. ``None`` means the 6,000 training and 1,000 test digits inside this
            package, 600 and 100 of each class.
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download what is missing into ``MNIST/raw`` below ``root``.

    Attributes:
        data: All images, ``uint8`` (N, 28, 28).
        targets: All labels, ``int64`` (N,).

    Raises:
        DataError: If files are missing, damaged, do not belong together, or cannot be downloaded.
        ArgumentError: If ``download=True`` comes without ``root``.

    Example:
        >>> digits = MNIST(train=False)
        >>> image, label = digits[0]
        >>> len(digits), image.shape, label
        (1000, lamella.Size([28, 28]), 7)

    Reference:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition.
        Proceedings of the IEEE 86 (11), 1998, https://doi.org/10.1109/5.726791. The files: Y. LeCun, C.
        Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
    """

    #: Where the files are, in the order in which to try them.
    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    #: The files with their published MD5 checksums.
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    #: Names of the classes, by label.
    classes: ClassVar[list[str]] = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]
    #: Folder used when no root is given; scripts/embed_digits.py made it.
    embedded: ClassVar[Path | None] = Path(__file__).parent / "digits"

    data: Tensor
    targets: Tensor

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        name = type(self).__name__
        if root is None and download:
            raise ArgumentError(f"{name}: download=True needs a folder to download into. Pass root.")
        if root is None and self.embedded is None:
            raise DataError(
                f"{name}: no root was given, and this dataset has no images inside the package. Pass the "
                "folder with its files, or the folder to download them into with download=True."
            )
        place = "inside lamella-data" if root is None else str(root)
        super().__init__(place, "Train" if train else "Test", transform, target_transform)
        self.root = root
        self.train = train
        if download:
            self.download()
        prefix = self._file_prefix()
        self.data, self.targets = self._read(f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")

    @property
    def raw_folder(self) -> str:
        """Where downloaded files go: ``root/MNIST/raw``, with the name of the class."""
        return os.path.join(self.root or "", type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        """Download the files that are not there yet, for training and test."""
        # Imported here: the HTTP client and the progress bar would double the time that importing us takes.
        from lamella.data.datasets.download import download_file

        for name, md5 in self.resources:
            if self._find(name.removesuffix(".gz")) is None:
                download_file(name, self.mirrors, md5, self.raw_folder)

    def _image(self, index: Any) -> Tensor:
        return self.data[index]

    def _images(self, indices: Sequence[Any]) -> Tensor:
        return self.data[positions(indices)]

    def _labels(self, indices: Sequence[Any]) -> Tensor:
        return self.targets[positions(indices)]

    def _file_prefix(self) -> str:
        return "train" if self.train else "t10k"

    def _folders(self) -> list[Path]:
        if self.root is None:
            return [self.embedded] if self.embedded else []
        return [Path(self.raw_folder), Path(self.root)]

    def _find(self, name: str) -> Path | None:
        for folder in self._folders():
            for path in (folder / name, folder / f"{name}.gz"):
                if path.is_file():
                    return path
        return None

    def _read(self, images_name: str, labels_name: str) -> tuple[Tensor, Tensor]:
        images_path, labels_path = self._find(images_name), self._find(labels_name)
        if images_path is None or labels_path is None:
            missing = images_name if images_path is None else labels_name
            raise DataError(
                f"Dataset not found. {type(self).__name__}: expected {missing}, plain or with .gz, in "
                f"{' or '.join(map(str, self._folders()))}; found none. "
                "You can use download=True to download it."
            )
        images = _read_uint8(images_path, ndim=3)
        labels = _read_uint8(labels_path, ndim=1)
        if len(images) != len(labels):
            raise DataError(
                f"{labels_path}: expected as many labels as {images_path} has images, {len(images)}; "
                f"found {len(labels)}."
            )
        outside = np.flatnonzero(labels >= len(self.classes))
        if len(outside):
            raise DataError(
                f"{labels_path}: expected labels from 0 to {len(self.classes) - 1}, "
                f"found {labels[outside[0]]} at index {outside[0]}."
            )
        return lamella.from_numpy(images), lamella.from_numpy(labels.astype(np.int64))


class FashionMNIST(MNIST):
    """Clothes, in MNIST's format: 60,000 training and 10,000 test images, 28×28 pixels, in ten classes.

    No image of it is inside this package: ``root`` is needed. All else is as for :class:`MNIST`.

    Args:
        root: Folder with the published IDX files, or ``FashionMNIST/raw`` below it.
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download what is missing into ``FashionMNIST/raw`` below ``root``.

    Raises:
        DataError: If ``root`` is not given; otherwise as for :class:`MNIST`.

    Reference:
        H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning
        algorithms. 2017, https://arxiv.org/abs/1708.07747.
    """

    mirrors: ClassVar[list[str]] = [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: ClassVar[list[str]] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]
    embedded: ClassVar[Path | None] = None


class KMNIST(MNIST):
    """Cursive Japanese characters, in MNIST's format: 60,000 training and 10,000 test images, 28×28, in ten classes.

    No image of it is inside this package: ``root`` is needed. All else is as for :class:`MNIST`.

    Args:
        root: Folder with the published IDX files, or ``KMNIST/raw`` below it.
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download what is missing into ``KMNIST/raw`` below ``root``.

    Raises:
        DataError: If ``root`` is not given; otherwise as for :class:`MNIST`.

    Reference:
        T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha: Deep learning for classical Japanese
        literature. 2018, https://arxiv.org/abs/1812.01718.
    """

    mirrors: ClassVar[list[str]] = [
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    embedded: ClassVar[Path | None] = None


def _read_uint8(path: Path, ndim: int) -> NDArray[np.uint8]:
    array = read_idx(path)
    if array.dtype != np.uint8 or array.ndim != ndim:
        raise DataError(
            f"{path}: expected uint8 elements in {ndim} dimensions, "
            f"found {array.dtype} in {array.ndim} (shape {array.shape})."
        )
    return array
