"""Write printing.json: arrays, options, and what PyTorch prints. Run by hand where PyTorch is installed."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import torch

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 1e-4, 9e-5, -0.001, 3.14159, 1000.0, 1001.0, 123456.0, 1e8]
SPECIAL += [1e9, float("inf"), float("-inf"), float("nan")]
DTYPES = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64", "complex128"]
SHAPES = [
    (),
    (1,),
    (0,),
    (0, 3),
    (2, 0, 2),
    (3,),
    (7,),
    (30,),
    (1, 1),
    (2, 3),
    (4, 9),
    (2, 2, 3),
    (2, 1, 2, 2),
]
OPTIONS = [
    {},
    {"precision": 2},
    {"precision": 0},
    {"sci_mode": True},
    {"sci_mode": False},
    {"linewidth": 20},
    {"threshold": 5},
    {"threshold": 5, "edgeitems": 1},
    {"threshold": 0, "edgeitems": 2, "linewidth": 40},
    {"threshold": 5, "edgeitems": 0},
    {"profile": "short"},
    {"profile": "full"},
]
SUFFIXES = [[], ["requires_grad=True"], ["grad_fn=<AddBackward0>"]]


def draw(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    pool = rng.choice([*SPECIAL, *rng.normal(0, 10 ** rng.uniform(-5, 5), 4)], rng.integers(1, 6))
    values = rng.choice(pool, shape)
    kind = np.dtype(dtype).kind
    with np.errstate(all="ignore"):
        if kind == "c":
            values = values + 1j * rng.choice(pool, shape)
        elif kind in "iu":
            values = np.trunc(np.clip(np.nan_to_num(values), -1000, 1000)) % (256 if kind == "u" else 10**9)
        return np.asarray(values).astype(dtype)


def printed(tensor: torch.Tensor, suffixes: list[str]) -> str:
    """PyTorch's text, with its own line breaks but our name in the dtype, which is longer than its."""
    printer = torch._tensor_str
    shown = []
    if tensor.numel() == 0:
        text = "[]"
        if tensor.dim() != 1:
            shown.append(f"size={tuple(tensor.shape)}")
        is_default = tensor.dtype == torch.float32
    else:
        text = printer._tensor_str(tensor, len("tensor("))
        if printer.PRINT_OPTS.edgeitems == 0:
            shown.append(f"size={tuple(tensor.shape)}")
        is_default = tensor.dtype in (torch.float32, torch.complex64, torch.int64, torch.bool)
    if not is_default:
        shown.append(f"dtype={tensor.dtype}")
    if not suffixes:  # the pieces put together here must be what repr says
        assert printer._add_suffixes("tensor(" + text, shown, 7, False) == repr(tensor)
    shown = [suffix.replace("torch.", "lamella.") for suffix in shown] + suffixes
    return printer._add_suffixes("tensor(" + text, shown, 7, False)


def main() -> None:
    rng = np.random.default_rng(0)
    cases = []
    for number in range(320):
        dtype, shape = DTYPES[number % len(DTYPES)], SHAPES[rng.integers(len(SHAPES))]
        options, suffixes = OPTIONS[rng.integers(len(OPTIONS))], SUFFIXES[rng.integers(len(SUFFIXES))]
        array = draw(rng, dtype, shape)
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        values = array.reshape(-1)
        if values.dtype.kind == "c":
            values = values.view(values.real.dtype)  # pairs
        cases.append(
            {
                "dtype": dtype,
                "shape": shape,
                "values": values.tolist(),
                "options": options,
                "suffixes": suffixes,
                "printed": printed(torch.from_numpy(array), suffixes),
            }
        )
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = f'{{"made_with": "PyTorch {torch.__version__}", "cases": [\n{lines}\n]}}\n'
    pathlib.Path(__file__).with_name("printing.json").write_text(text)


if __name__ == "__main__":
    main()
