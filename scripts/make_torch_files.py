"""Writes the files of PyTorch's that the tests read, and what PyTorch finds in them. To run it, install torch 2.13.

python scripts/make_torch_files.py

- ``packages/core/tests/data/torch_files/``: values of all kinds, in both formats, and files that are refused.
  (Files of the old format differ from run to run: their storages are called by their addresses.)
- ``packages/nn/tests/data/modules.*``: the state dict of every module.
- ``packages/optim/tests/data/states.*``: those of every optimizer and scheduler, and what their next step does.
"""

from __future__ import annotations

import collections
import copy
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

PACKAGES = Path(__file__).parents[1] / "packages"
CORE = PACKAGES / "core/tests/data/torch_files"
NN = PACKAGES / "nn/tests/data"
OPTIM = PACKAGES / "optim/tests/data"

#: Arguments of every module: positional ones, then others.
MODULES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "AdaptiveLogSoftmaxWithLoss": ([16, 8, [2, 4]], {}),
    "BatchNorm1d": ([3], {}),
    "BatchNorm2d": ([3], {"affine": False}),
    "BatchNorm3d": ([3], {"momentum": None}),
    "SyncBatchNorm": ([3], {}),
    "Bilinear": ([2, 3, 2], {}),
    "Conv1d": ([2, 3, 2], {}),
    "Conv2d": ([2, 4, 3], {"groups": 2}),
    "Conv3d": ([1, 2, 2], {"bias": False}),
    "ConvTranspose1d": ([2, 3, 2], {}),
    "ConvTranspose2d": ([2, 4, 3], {"groups": 2}),
    "ConvTranspose3d": ([1, 2, 2], {}),
    "Embedding": ([5, 3], {"padding_idx": 1}),
    "EmbeddingBag": ([5, 3], {}),
    "GRU": ([2, 3], {"num_layers": 2, "bidirectional": True}),
    "GRUCell": ([2, 3], {}),
    "GroupNorm": ([2, 4], {}),
    "InstanceNorm1d": ([3], {"affine": True, "track_running_stats": True}),
    "InstanceNorm2d": ([3], {"track_running_stats": True}),
    "InstanceNorm3d": ([3], {}),
    "LSTM": ([2, 3], {"proj_size": 2}),
    "LSTMCell": ([2, 3], {}),
    "LayerNorm": ([[2, 3]], {}),
    "Linear": ([3, 2], {}),
    "MultiheadAttention": ([4, 2], {"kdim": 3, "vdim": 5}),
    "PReLU": ([3], {}),
    "RMSNorm": ([3], {}),
    "RNN": ([2, 3], {}),
    "RNNCell": ([2, 3], {}),
    "Transformer": ([4, 2, 1, 1, 6], {}),
    "TransformerDecoderLayer": ([4, 2, 6], {}),
    "TransformerEncoderLayer": ([4, 2, 6], {}),
    "CrossEntropyLoss": ([], {}),
    "MultiMarginLoss": ([], {}),
    "AdaptiveAvgPool2d": ([2], {}),
    "AdaptiveMaxPool2d": ([2], {}),
    "AvgPool2d": ([2], {}),
    "ChannelShuffle": ([2], {}),
    "ConstantPad1d": ([1, 0.5], {}),
    "CrossMapLRN2d": ([3], {}),
    "Dropout": ([], {}),
    "Fold": ([[2, 2], 2], {}),
    "MaxPool2d": ([2], {}),
    "MaxUnpool2d": ([2], {}),
    "PixelShuffle": ([2], {}),
    "ReLU": ([], {}),
    "Softmax": ([0], {}),
    "Threshold": ([0.1, 2.0], {}),
    "Upsample": ([], {"scale_factor": 2}),
}

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "ASGD": {},
    "Adadelta": {},
    "Adafactor": {},
    "Adagrad": {"lr": 0.1},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Adamax": {},
    "LBFGS": {"max_iter": 3},
    "Muon": {},
    "NAdam": {},
    "RAdam": {},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "Rprop": {},
    "SGD": {"lr": 0.1, "momentum": 0.9},
}

SCHEDULERS: dict[str, dict[str, Any]] = {
    "ConstantLR": {"factor": 0.3, "total_iters": 4},
    "CosineAnnealingLR": {"T_max": 11},
    "CosineAnnealingWarmRestarts": {"T_0": 5},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 4, "cycle_momentum": False},
    "ExponentialLR": {"gamma": 0.9},
    "LinearLR": {"start_factor": 0.2},
    "MultiStepLR": {"milestones": [1, 4, 4]},
    "OneCycleLR": {"max_lr": 0.5, "total_steps": 45},
    "PolynomialLR": {"total_iters": 9},
    "ReduceLROnPlateau": {"patience": 0},
    "StepLR": {"step_size": 2},
}
STEPS_AFTER = 4


def tensors() -> dict[str, torch.Tensor]:
    """A tensor of every dtype and arrangement."""
    base = torch.arange(24.0).reshape(4, 6)
    kinds = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
    made = {kind: torch.tensor([0, 1, 1]).to(getattr(torch, kind)) for kind in (*kinds, "complex64", "complex128")}
    made |= {
        "base": base,
        "transposed": base.t(),
        "column": base[:, 2],
        "every second": base[::2, 1::2],
        "repeated": base[2].expand(5, 6),
        "scalar": torch.tensor(3.5),
        "empty": torch.empty(0, 3),
        "conjugate scalar": torch.tensor(1 + 2j).conj(),
        "conjugate": torch.tensor([1 + 2j, 3 - 4j]).conj(),
        "negative": torch.tensor([1 + 2j, 3 - 4j]).conj().imag,
        "wants grad": torch.ones(2, requires_grad=True),
        "parameter": nn.Parameter(torch.tensor([1.0, 2.0])),
        "last channels": torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    }
    made["the same"] = made["parameter"]
    made["special"] = torch.tensor([float("nan"), float("inf"), -0.0])
    return made


def values() -> dict[str, Any]:
    """Everything that is no tensor and can be in a file."""
    return {
        "plain": [None, True, False, 0, -1, 255, 65536, 2**31, -(2**70), 0.5, float("inf"), 1 + 2j, "text", "ä€😀", ""],
        "bytes": [b"", b"abc\xff", bytearray(b"x"), bytearray()],
        "torch": [torch.float32, torch.bfloat16, torch.bool, torch.Size([2, 0]), torch.device("cpu")],
        "cuda": torch.device("cuda", 1),
        "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {1: "a", (2, "b"): None}],
        "ordered": collections.OrderedDict(b=1, a=2),
        "default": collections.defaultdict(dict, {1: {2: 3}}),
        "counter": collections.Counter({3: 2}),
        "sets": [{1, 2}, frozenset("a"), set()],
        "numpy": [np.float64(1.5), np.float32(0.25), np.int64(-3), np.bool_(True), np.complex64(1j)],
    }


def training_checkpoint() -> dict[str, Any]:
    """A checkpoint the way training programs write it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 4])
    for _ in range(2):
        optimizer.zero_grad()
        loss = model(torch.randn(5, 4)).square().mean()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return {
        "epoch": 2,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": scheduler.state_dict(),
        "loss": loss.detach(),
        "best": np.float64(0.25),
        "args": {"lr": 1e-3, "layers": (3, 2), "name": "first"},
    }


class Scripted(nn.Module):
    """A module that becomes code."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


def arrays_in(value: Any, name: str, found: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The tensors in ``value`` as arrays, each under its place: keys and positions with slashes between."""
    if isinstance(value, torch.Tensor):
        plain = value.detach().resolve_conj().resolve_neg()
        found[name] = (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    elif isinstance(value, dict):
        for key, item in value.items():
            arrays_in(item, f"{name}/{key}" if name else str(key), found)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            arrays_in(item, f"{name}/{i}" if name else str(i), found)
    return found


def write_core() -> None:
    CORE.mkdir(exist_ok=True)
    legacy = {"_use_new_zipfile_serialization": False}
    torch.save(tensors(), CORE / "tensors.pt")
    torch.save(tensors(), CORE / "tensors_legacy.pt", **legacy)
    np.savez_compressed(CORE / "tensors.npz", **arrays_in(tensors(), "", {}))
    torch.save(values(), CORE / "values.pt")
    torch.save(values(), CORE / "values_legacy.pt", **legacy)
    torch.save(values(), CORE / "values_protocol4.pt", pickle_protocol=4)
    torch.save(values(), CORE / "values_protocol5_legacy.pt", pickle_protocol=5, **legacy)
    checkpoint = training_checkpoint()
    torch.save(checkpoint, CORE / "training.pt")
    np.savez_compressed(CORE / "training.npz", **arrays_in(checkpoint, "", {}))
    base = torch.arange(1000.0)
    torch.save(base[3:5], CORE / "slice.pt")
    torch.save([base[i : i + 2] for i in range(3)], CORE / "views.pt")
    torch.serialization.set_crc32_options(False)
    torch.save({"a": torch.arange(3)}, CORE / "no_checksums.pt")
    torch.serialization.set_crc32_options(True)
    torch.save(nn.Linear(2, 1), CORE / "refused_module.pt")
    torch.save(nn.Linear(2, 1), CORE / "refused_module_legacy.pt", **legacy)
    torch.jit.save(torch.jit.script(Scripted()), CORE / "refused_torchscript.pt")
    torch.save(torch.ones(2).to_sparse(), CORE / "refused_sparse.pt")
    torch.save(torch.ones(2).to(torch.uint16), CORE / "refused_uint16.pt")
    torch.save({"storage": torch.ones(2).untyped_storage()}, CORE / "refused_storage.pt")
    torch.save(np.arange(3.0), CORE / "refused_array.pt")
    torch.save(torch.ones(3, device="meta"), CORE / "refused_meta.pt")


def write_nn() -> None:
    torch.manual_seed(0)
    states = {name: getattr(nn, name)(*args, **options).state_dict() for name, (args, options) in MODULES.items()}
    torch.save(states, NN / "modules.pt")
    np.savez_compressed(NN / "modules.npz", **arrays_in(states, "", {}))
    (NN / "modules.json").write_text(json.dumps(MODULES, indent=0) + "\n")


def write_optim() -> None:
    states: dict[str, Any] = {}
    expected: dict[str, Any] = {"optimizers": {}, "schedulers": {}}
    for name, options in OPTIMIZERS.items():
        torch.manual_seed(0)
        shapes = [(3, 2), (2, 2)] if name == "Muon" else [(3, 2), (2,)]
        params = [torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes]
        optimizer = getattr(torch.optim, name)(params, **options)

        def closure(params: Any = params, optimizer: Any = optimizer) -> torch.Tensor:
            optimizer.zero_grad()
            loss = sum((p**4).sum() + p.sum() for p in params)
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)
        before = [p.detach() for p in params]
        states[name] = copy.deepcopy({"state": optimizer.state_dict(), "params": before})
        optimizer.step(closure)
        expected["optimizers"][name] = [options, [p.tolist() for p in params]]
    for name, options in SCHEDULERS.items():
        optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.1)
        scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)

        def step(i: int, name: str = name, optimizer: Any = optimizer, scheduler: Any = scheduler) -> float:
            optimizer.step()
            scheduler.step(*([1.0 + i] if name == "ReduceLROnPlateau" else []))
            return float(optimizer.param_groups[0]["lr"])

        for i in range(2):
            step(i)
        states[name] = copy.deepcopy({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()})
        expected["schedulers"][name] = [options, [step(2 + i) for i in range(STEPS_AFTER)]]
    torch.save(states, OPTIM / "states.pt")
    (OPTIM / "states.json").write_text(json.dumps(expected, indent=0) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write_core()
    write_nn()
    write_optim()
