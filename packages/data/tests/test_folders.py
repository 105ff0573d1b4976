"""Folders of files and of images, and single images."""

from __future__ import annotations

import pickle
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, DataError
from lamella.data import read_image, write_png
from lamella.data.datasets import DatasetFolder, ImageFolder

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def picture(mode: str = "RGB") -> PIL.Image.Image:
    pixels = PIXELS[..., : CHANNELS[mode]]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels[..., 0] if mode == "L" else pixels))


def read_text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    root = tmp_path / "sounds"
    for name in ("dog/b.txt", "dog/a.TXT", "cat/old/x.txt", "cat/y.txt", "cat/y.wav", "cow/moo.wav"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (root / "README.txt").write_text("no class")
    return root


def test_classes_are_sorted_folders(sounds):
    dataset = DatasetFolder(sounds, read_text, extensions=(".txt", ".wav"))
    assert dataset.classes == ["cat", "cow", "dog"]
    assert dataset.class_to_idx == {"cat": 0, "cow": 1, "dog": 2}
    assert [dataset[i] for i in range(len(dataset))] == [
        ("cat/y.txt", 0),
        ("cat/y.wav", 0),
        ("cat/old/x.txt", 0),
        ("cow/moo.wav", 1),
        ("dog/a.TXT", 2),
        ("dog/b.txt", 2),
    ]
    assert dataset.targets == [0, 0, 0, 1, 2, 2]
    assert dataset.samples[3] == (str(sounds / "cow" / "moo.wav"), 1)


def test_which_files_count(sounds):
    def names(**kwargs):
        return [Path(path).name for path, _ in DatasetFolder(sounds, read_text, **kwargs).samples]

    assert names(extensions=".txt", allow_empty=True) == ["y.txt", "x.txt", "a.TXT", "b.txt"]
    assert names(is_valid_file=lambda path: path.endswith(("wav", "b.txt"))) == ["y.wav", "moo.wav", "b.txt"]


def test_transforms_are_applied(sounds):
    dataset = DatasetFolder(sounds, read_text, (".wav", ".txt"), str.upper, lambda label: -label)
    assert dataset[3] == ("COW/MOO.WAV", -1)


def test_subclasses_choose_their_classes(sounds):
    class Two(DatasetFolder):
        def find_classes(self, directory):
            return ["dog", "cat"], {"dog": 0, "cat": 1}

    assert Two(sounds, read_text, ".txt").targets == [1, 1, 0, 0]


def test_what_is_missing_is_named(sounds, tmp_path):
    with pytest.raises(FileNotFoundError, match="Found no valid file for the classes cow in .*extensions are: .txt"):
        DatasetFolder(sounds, read_text, ".txt")
    with pytest.raises(DataError, match="Found no valid file for the classes cat, cow, dog"):
        DatasetFolder(sounds, read_text, is_valid_file=lambda path: False)
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        DatasetFolder(sounds / "dog", read_text, ".txt")
    with pytest.raises(FileNotFoundError):
        DatasetFolder(tmp_path / "nowhere", read_text, ".txt")
    for kwargs in ({}, {"extensions": ".txt", "is_valid_file": bool}):
        with pytest.raises(ArgumentError, match="Both extensions and is_valid_file cannot be None or not None"):
            DatasetFolder(sounds, read_text, **kwargs)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for i, (name, ending) in enumerate([("a", "png"), ("b", "bmp"), ("b", "PNG")]):
        (tmp_path / "pictures" / name).mkdir(parents=True, exist_ok=True)
        picture("RGBA" if i == 2 else "RGB").save(tmp_path / "pictures" / name / f"{i}.{ending}")
    return tmp_path / "pictures"


def test_images_come_as_pillows_in_rgb(pictures):
    dataset = ImageFolder(pictures)
    assert (len(dataset), dataset.classes, dataset.targets) == (3, ["a", "b"], [0, 1, 1])
    assert dataset.imgs == dataset.samples
    for image, _ in (dataset[i] for i in range(3)):
        assert (image.mode, image.size) == ("RGB", (7, 5))
        np.testing.assert_array_equal(np.asarray(image), PIXELS[..., :3])


def test_images_come_as_tensors_by_another_loader(pictures):
    image, _ = ImageFolder(pictures, loader=read_image, transform=lambda image: image[:3])[2]
    np.testing.assert_array_equal(image.numpy(), np.moveaxis(PIXELS[..., :3], -1, 0))


def test_image_folders_pickle(pictures):
    copy = pickle.loads(pickle.dumps(ImageFolder(pictures)))
    np.testing.assert_array_equal(np.asarray(copy[1][0]), PIXELS[..., :3])


@pytest.mark.parametrize("mode", CHANNELS)
def test_png_files_come_back_the_same(tmp_path, mode):
    tensor = lamella.from_numpy(np.moveaxis(PIXELS[..., : CHANNELS[mode]], -1, 0))
    write_png(tensor, tmp_path / "image.png")
    with PIL.Image.open(tmp_path / "image.png") as image:
        assert image.mode == mode
    found = read_image(tmp_path / "image.png")
    assert found.dtype == lamella.uint8
    np.testing.assert_array_equal(found.numpy(), tensor.numpy())


@pytest.mark.parametrize(
    ("mode", "pillows"), [("GRAY", "L"), ("GRAY_ALPHA", "LA"), ("RGB", "RGB"), ("RGB_ALPHA", "RGBA")]
)
@pytest.mark.parametrize("own", CHANNELS)
def test_modes_are_converted_as_pillow_does(tmp_path, mode, pillows, own):
    picture(own).save(tmp_path / "image.png")
    found = read_image(tmp_path / "image.png", mode)
    expected = np.asarray(picture(own).convert(pillows)).reshape(5, 7, -1)
    np.testing.assert_array_equal(found.numpy(), np.moveaxis(expected, -1, 0))


@pytest.mark.parametrize(
    ("convert", "channels", "ending"),
    [
        (lambda image: image.convert("1"), 1, "png"),
        (lambda image: image.quantize(4), 3, "png"),
        (lambda image: image.convert("CMYK"), 3, "tiff"),
        (lambda image: image, 3, "jpg"),
        (lambda image: image, 3, "webp"),
        (lambda image: image.convert("L"), 1, "pgm"),
    ],
)
def test_rarer_images_are_shown_as_they_look(tmp_path, convert, channels, ending):
    image = convert(picture())
    image.save(tmp_path / f"image.{ending}")
    found = read_image(tmp_path / f"image.{ending}")
    assert tuple(found.shape) == (channels, 5, 7)
    with PIL.Image.open(tmp_path / f"image.{ending}") as image:
        saved = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    np.testing.assert_array_equal(found.numpy(), np.moveaxis(saved.reshape(5, 7, channels), -1, 0))


def test_a_palette_may_be_transparent(tmp_path):
    picture().quantize(4).save(tmp_path / "image.png", transparency=0)
    assert tuple(read_image(tmp_path / "image.png").shape) == (4, 5, 7)


def test_images_of_other_depths_are_refused(tmp_path):
    PIL.Image.fromarray(np.arange(6, dtype=np.uint16).reshape(2, 3) * 9000).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match="deep.png: expected 8 bits a channel, found an image of Pillow's mode I"):
        read_image(tmp_path / "deep.png")


def test_an_unknown_mode_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="expected a mode among UNCHANGED, GRAY, .*; found 'CMYK'"):
        read_image(tmp_path / "image.png", "CMYK")


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((1, 2, 2), np.uint8), ArgumentTypeError, "expected a uint8 tensor, found ndarray"),
        (lamella.zeros(1, 2, 2), ArgumentTypeError, "expected a uint8 tensor, found lamella.float32"),
        (lamella.zeros(2, 2, dtype=lamella.uint8), ArgumentError, r"expected \(C, H, W\).*found shape \(2, 2\)"),
        (lamella.zeros(5, 2, 2, dtype=lamella.uint8), ArgumentError, r"1 to 4 channels, found shape \(5, 2, 2\)"),
        (lamella.zeros(1, 0, 2, dtype=lamella.uint8), ArgumentError, r"found shape \(1, 0, 2\)"),
    ],
)
def test_what_is_no_image_is_not_written(tmp_path, image, error, message):
    with pytest.raises(error, match=message):
        write_png(image, tmp_path / "image.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "webp", "tiff", "ppm"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about damage that it gets over
def test_damaged_images_are_refused_or_read(tmp_path, ending, damage):
    path = tmp_path / f"image.{ending}"
    picture().save(path)
    refused = 0
    for mutant in damage(path.read_bytes(), mutations=200):
        path.write_bytes(mutant)
        try:
            assert read_image(path, "RGB").shape[0] == 3
        except DataError:
            refused += 1
    assert refused > 20


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path):
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
    with pytest.raises(DataError, match=re.escape(str(path)) + ".*DecompressionBombError"):
        read_image(path)


def test_formats_that_call_other_programs_are_not_tried(tmp_path):
    (tmp_path / "image.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 2 2\n")
    with pytest.raises(DataError, match="UnidentifiedImageError"):
        read_image(tmp_path / "image.png")


def test_without_pillow_the_error_says_what_to_install(tmp_path):
    program = (
        "import sys; sys.modules['PIL'] = None\n"  # what an absent package looks like to an import
        "from lamella.data import read_image\n"
        "try: read_image('image.png')\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "Images need Pillow. Install it with: pip install lamella-data[images]\n"
