"""Datasets whose classes are folders of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lamella.core.errors import ArgumentError, DataError
from lamella.data.dataset import Dataset
from lamella.data.images import open_image

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(Dataset[tuple[Any, Any]]):
    """Files of any kind, in a folder for each class: ``root/<class>/…/<file>``.

    Classes are numbered in the order of their names; a class's files come sorted by folder and name. A sample is
    ``(loader(path), label)``, each passed through its transform.

    Args:
        root: The folder.
        loader: Makes a sample of a file's path.
        extensions: Endings of the files that count, in any case. Either this or ``is_valid_file``.
        transform: Called with each sample.
        target_transform: Called with each label.
        is_valid_file: Says of a path whether that file counts.
        allow_empty: Classes without a file are no error.

    Attributes:
        classes: Names of the classes, sorted.
        class_to_idx: The label of each.
        samples: Path and label of each sample.
        targets: The labels.

    Raises:
        ArgumentError: If both of ``extensions`` and ``is_valid_file`` are given, or neither.
        FileNotFoundError: If ``root`` is no folder, holds none, or a class has no file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     for name, sound in (("cat", "meow"), ("dog", "woof")):
        ...         Path(root, name).mkdir()
        ...         _ = Path(root, name, "sound.txt").write_text(sound)
        ...     sounds = DatasetFolder(root, lambda path: Path(path).read_text(), extensions=(".txt",))
        ...     sounds.classes, sounds[1]
        (['cat', 'dog'], ('woof', 1))
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        loader: Callable[[Any], Any],
        extensions: str | Sequence[str] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        if (extensions is None) == (is_valid_file is None):
            raise ArgumentError(
                f"{type(self).__name__}: Both extensions and is_valid_file cannot be None or not None at the same "
                f"time; found {extensions!r} and {is_valid_file!r}."
            )
        self.root = root
        self.loader = loader
        self.extensions = extensions
        self.transform = transform
        self.target_transform = target_transform
        self.classes, self.class_to_idx = self.find_classes(root)
        self.samples = self.make_dataset(root, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [label for _, label in self.samples]

    def find_classes(self, directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
        """Find the classes; override it to take only some, or to number them otherwise."""
        classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        if not classes:
            raise ClassesMissing(f"Couldn't find any class folder in {os.fspath(directory)}.")
        return classes, {name: label for label, name in enumerate(classes)}

    @staticmethod
    def make_dataset(
        directory: str | os.PathLike[str],
        class_to_idx: dict[str, int],
        extensions: str | Sequence[str] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """List path and label of each file that counts."""
        endings = (extensions,) if isinstance(extensions, str) else tuple(extensions or ())
        counts = is_valid_file or (lambda path: path.lower().endswith(tuple(map(str.lower, endings))))
        samples: list[tuple[str, int]] = []
        empty = []
        for name in sorted(class_to_idx):
            before = len(samples)
            for folder, _, files in sorted(os.walk(Path(directory) / name, followlinks=True)):
                paths = (os.path.join(folder, file) for file in sorted(files))
                samples.extend((path, class_to_idx[name]) for path in paths if counts(path))
            if len(samples) == before:
                empty.append(name)
        if empty and not allow_empty:
            raise ClassesMissing(
                f"Found no valid file for the classes {', '.join(empty)} in {os.fspath(directory)}. "
                + (f"Supported extensions are: {', '.join(endings)}. " if endings else "")
                + "Pass allow_empty=True to keep classes without files."
            )
        return samples

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        path, label = self.samples[index]
        sample: Any = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        return sample, label if self.target_transform is None else self.target_transform(label)

    def __len__(self) -> int:
        return len(self.samples)


class ClassesMissing(DataError, FileNotFoundError):
    """A folder lacks classes, or a class lacks files. torchvision raises FileNotFoundError."""


class ImageFolder(DatasetFolder):
    """Images in a folder for each class: ``root/<class>/…/<image>``.

    A sample is ``(image, label)``, the image a Pillow image in RGB unless ``loader`` makes another. It needs
    Pillow: ``pip install lamella-data[images]``. All else is as for :class:`DatasetFolder`.

    Args:
        root: The folder.
        transform: Called with each image.
        target_transform: Called with each label.
        loader: Makes an image of a file's path, such as :func:`lamella.data.read_image` for tensors.
        is_valid_file: Says of a path whether that file counts; ``None`` takes the usual endings of image files.
        allow_empty: Classes without a file are no error.

    Attributes:
        imgs: The same as ``samples``.

    Raises:
        DataError: If an image is damaged, when it is looked up; otherwise as for :class:`DatasetFolder`.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[Any], Any] = open_image,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
