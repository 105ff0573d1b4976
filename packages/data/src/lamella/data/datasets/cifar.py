"""CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import DataError
from lamella.data.datasets.archives import read_tar_gz
from lamella.data.datasets.cifar_pickle import read_batch
from lamella.data.datasets.labelled import LabelledImages

_PIXELS = 3 * 32 * 32

# The largest file, CIFAR-100's train, has 155 MB.
_MAX_FILE_BYTES = 1 << 28

Batch = tuple[NDArray[np.uint8], list[int]]


class CIFAR10(LabelledImages):
    """Small colour photographs: 50,000 training and 10,000 test images, 32×32 pixels, in ten classes.

    A sample is ``(image, label)``: the image a ``uint8`` tensor (3, 32, 32), a view of :attr:`data`, and the label an
    ``int``, each passed through its transform. (torchvision gives a Pillow image; we do not depend on Pillow.)

    Both versions that the authors publish are read, the binary and the Python one, the latter without executing
    its pickles. Archives are read as they are and never unpacked.

    Args:
        root: Folder with one of: ``cifar-10-batches-bin``, ``cifar-10-binary.tar.gz``, ``cifar-10-batches-py`` (where
            torchvision unpacks to), ``cifar-10-python.tar.gz``. The first that is there is taken.
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download the binary version into ``root``, if none is there.

    Attributes:
        data: All images, a NumPy array ``uint8`` (N, 32, 32, 3), as torchvision has it.
        targets: All labels, a list.

    Raises:
        DataError: If files are missing or damaged, or cannot be downloaded.

    Reference:
        A. Krizhevsky: Learning multiple layers of features from tiny images. 2009,
        https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf. The files and their checksums:
        https://www.cs.toronto.edu/~kriz/cifar.html.
    """

    #: Where the archive is, in the order in which to try them.
    mirrors: ClassVar[list[str]] = ["https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"]
    #: The archive to download, with its published MD5 checksum.
    resource: ClassVar[tuple[str, str]] = ("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
    #: Names of the classes, by label.
    classes: ClassVar[list[str]] = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]

    data: NDArray[np.uint8]
    targets: list[int]

    # The two versions: folder, archive, training files, test files.
    _binary: ClassVar[tuple[str, str, list[str], list[str]]] = (
        "cifar-10-batches-bin",
        "cifar-10-binary.tar.gz",
        [f"data_batch_{i}.bin" for i in range(1, 6)],
        ["test_batch.bin"],
    )
    _python: ClassVar[tuple[str, str, list[str], list[str]]] = (
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
        [f"data_batch_{i}" for i in range(1, 6)],
        ["test_batch"],
    )
    # In the binary version, label bytes before each image, of which the last is the label; in the other, the list.
    _label_bytes: ClassVar[int] = 1
    _label_key: ClassVar[bytes] = b"labels"

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(str(root), "Train" if train else "Test", transform, target_transform)
        self.root = root
        self.train = train
        if download:
            self.download()
        batches = [self._checked(origin, *batch) for origin, batch in self._batches()]
        images = np.concatenate([pixels for pixels, _ in batches])
        # The files hold a plane for each channel; the view leaves them where they are.
        self.data = images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 32, 32, 3)
        self.targets = [label for _, labels in batches for label in labels]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        """Download the binary archive, unless one of the two versions is there."""
        from lamella.data.datasets.download import download_file  # here for the reason given in MNIST.download

        if self._found() is None:
            name, md5 = self.resource
            download_file(name, self.mirrors, md5, self.root)

    def _image(self, index: Any) -> Tensor:
        return lamella.from_numpy(self.data[index].transpose(2, 0, 1))

    def _images(self, indices: Sequence[Any]) -> Tensor:
        return lamella.from_numpy(self.data.transpose(0, 3, 1, 2)[[int(index) for index in indices]])

    def _labels(self, indices: Sequence[Any]) -> Tensor:
        return lamella.tensor([self.targets[index] for index in indices], dtype=lamella.int64)

    def _found(self) -> tuple[Path, bool] | None:
        """The folder or archive to read, and whether it is the binary version."""
        for binary, (folder, archive, *_) in ((True, self._binary), (False, self._python)):
            for name in (folder, archive):
                if (path := Path(self.root) / name).exists():
                    return path, binary
        return None

    def _batches(self) -> list[tuple[str, Batch]]:
        """What each file holds: its name, pixels (N, 3072) and labels."""
        found = self._found()
        if found is None:
            name, md5 = self.resource
            raise DataError(
                f"Dataset not found. {type(self).__name__}: expected {self._binary[0]}, {self._binary[1]}, "
                f"{self._python[0]} or {self._python[1]} in {self.root}; found none. You can use download=True to "
                f"download it, or put {name} (MD5 checksum {md5}, from {self.mirrors[0]}) there."
            )
        path, binary = found
        folder, _, train, test = self._binary if binary else self._python
        names = train if self.train else test
        if path.is_dir():
            contents = {name: _read_file(path / name) for name in names}
        else:
            contents = read_tar_gz(path, {f"{folder}/{name}": _MAX_FILE_BYTES for name in names})
        read = self._parse_binary if binary else self._parse_python
        return [(f"{path}: {name}", read(f"{path}: {name}", content)) for name, content in contents.items()]

    def _parse_binary(self, origin: str, content: bytes) -> Batch:
        record = self._label_bytes + _PIXELS
        if not content or len(content) % record:
            raise DataError(
                f"{origin}: expected records of {record} bytes, found {len(content)} bytes: the file is cut short or "
                "something else."
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, record)
        return records[:, self._label_bytes :], records[:, self._label_bytes - 1].tolist()

    def _parse_python(self, origin: str, content: bytes) -> Batch:
        batch = read_batch(content, origin)
        pixels, labels = batch.get(b"data"), batch.get(self._label_key)
        if not isinstance(pixels, np.ndarray) or pixels.shape[1] != _PIXELS or not isinstance(labels, list):
            raise DataError(f"{origin}: expected an array data (N, {_PIXELS}) and a list {self._label_key.decode()}.")
        return pixels, labels

    def _checked(self, origin: str, pixels: NDArray[np.uint8], labels: list[int]) -> Batch:
        if len(pixels) != len(labels):
            raise DataError(f"{origin}: expected as many labels as images, {len(pixels)}; found {len(labels)}.")
        for index, label in enumerate(labels):
            if type(label) is not int or not 0 <= label < len(self.classes):
                found = label if type(label) is int else f"a {type(label).__name__}"
                raise DataError(
                    f"{origin}: expected labels from 0 to {len(self.classes) - 1}, found {found} at index {index}."
                )
        return pixels, labels


class CIFAR100(CIFAR10):
    """Small colour photographs: 50,000 training and 10,000 test images, 32×32 pixels, in 100 classes.

    All else is as for :class:`CIFAR10`; the labels are the fine ones.

    Args:
        root: Folder with one of: ``cifar-100-binary``, ``cifar-100-binary.tar.gz``, ``cifar-100-python``,
            ``cifar-100-python.tar.gz``. The first that is there is taken.
        train: The training images, not the test images.
        transform: Called with each image.
        target_transform: Called with each label.
        download: First download the binary version into ``root``, if none is there.

    Raises:
        DataError: As for :class:`CIFAR10`.
    """

    resource: ClassVar[tuple[str, str]] = ("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8")
    classes: ClassVar[list[str]] = """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
        castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
        elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
        man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
        pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
        skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
        tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()  # noqa: SIM905  # a name a line would bury the class

    _binary: ClassVar[tuple[str, str, list[str], list[str]]] = (
        "cifar-100-binary",
        "cifar-100-binary.tar.gz",
        ["train.bin"],
        ["test.bin"],
    )
    _python: ClassVar[tuple[str, str, list[str], list[str]]] = (
        "cifar-100-python",
        "cifar-100-python.tar.gz",
        ["train"],
        ["test"],
    )
    _label_bytes: ClassVar[int] = 2
    _label_key: ClassVar[bytes] = b"fine_labels"


def _read_file(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"{path}: expected a file, found none. Copy or download the dataset again.")
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise DataError(f"{path}: expected at most {_MAX_FILE_BYTES} bytes, found {path.stat().st_size}.")
    return path.read_bytes()
