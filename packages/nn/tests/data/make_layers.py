"""Write layers.json: layers, inputs, and what PyTorch makes of them. Run by hand where PyTorch is installed.

Parameters and inputs are not stored: both sides fill them with :func:`wave`. Losses with :func:`wave` as weights give
the gradients.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import torch
from torch import nn


def number(shape: list[int], phase: float = 0.0, positive: bool = False) -> dict[str, Any]:
    """An input of floating-point numbers."""
    return {"shape": shape, "phase": phase, "positive": positive}


def classes(shape: list[int], below: int) -> dict[str, Any]:
    """An input of class numbers."""
    return {"shape": shape, "below": below}


def case(name: str, args: list[Any], inputs: list[Any], /, **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "args": args, "kwargs": kwargs, "inputs": inputs}


IMAGE = number([2, 2, 5, 4])
SEQUENCE = number([3, 2, 4])
CASES = [
    case("Identity", [], [number([2, 3])]),
    case("Linear", [3, 4], [number([2, 3])]),
    case("Linear", [3, 4], [number([2, 5, 3])], bias=False),
    case("Linear", [3, 1], [number([3])]),
    case("Flatten", [], [number([2, 3, 2])]),
    case("Flatten", [0, 1], [number([2, 3, 2])]),
    case("Unflatten", [1, [2, 3]], [number([2, 6])]),
    case("ReLU", [], [number([2, 3])]),
    case("ReLU", [], [number([2, 3])], inplace=True),
    case("LeakyReLU", [], [number([2, 3])]),
    case("LeakyReLU", [0.3], [number([2, 3])], inplace=True),
    case("Sigmoid", [], [number([2, 3])]),
    case("Tanh", [], [number([2, 3])]),
    case("GELU", [], [number([2, 3])]),
    case("GELU", [], [number([2, 3])], approximate="tanh"),
    case("SiLU", [], [number([2, 3])]),
    case("Softmax", [1], [number([2, 3])]),
    case("Softmax", [], [number([2, 3, 2])], dim=0),
    case("LogSoftmax", [-1], [number([2, 3])]),
    case("Softplus", [], [number([2, 3])]),
    case("Softplus", [2.0, 1.5], [number([2, 3])]),
    case("Dropout", [0.0], [number([2, 3])]),
    case("Dropout", [1.0], [number([2, 3])]),
    case("Dropout2d", [0.0], [IMAGE]),
    case("Conv1d", [4, 6, 3], [number([2, 4, 7])]),
    case("Conv1d", [4, 6, 3], [number([4, 7])], stride=2, padding=1, dilation=2, groups=2, bias=False),
    case("Conv1d", [4, 2, 3], [number([2, 4, 7])], padding="same", padding_mode="circular"),
    case("Conv2d", [2, 6, 3], [IMAGE]),
    case("Conv2d", [2, 6, [3, 2]], [IMAGE], stride=[2, 1], padding=[1, 0], groups=2),
    case("Conv2d", [2, 2, 3], [IMAGE], padding="same", dilation=2, bias=False),
    case("Conv2d", [2, 2, 3], [IMAGE], padding="valid"),
    case("Conv2d", [2, 2, 3], [IMAGE], padding=1, padding_mode="reflect"),
    case("Conv2d", [2, 2, 2], [IMAGE], padding="same", padding_mode="replicate"),
    case("MaxPool2d", [2], [IMAGE]),
    case("MaxPool2d", [3, 2], [IMAGE], padding=1, ceil_mode=True),
    case("MaxPool2d", [[2, 1]], [IMAGE], dilation=2, return_indices=True),
    case("AvgPool2d", [2], [IMAGE]),
    case("AvgPool2d", [3, [2, 1]], [IMAGE], padding=1, ceil_mode=True, count_include_pad=False),
    case("AvgPool2d", [2], [number([2, 4, 5])], divisor_override=3),
    case("AdaptiveAvgPool2d", [1], [IMAGE]),
    case("AdaptiveAvgPool2d", [[3, None]], [IMAGE]),
    case("BatchNorm1d", [3], [number([4, 3])]),
    case("BatchNorm1d", [3, 1e-3, None], [number([4, 3, 2])], affine=False),
    case("BatchNorm1d", [3], [number([4, 3])], bias=False),
    case("BatchNorm2d", [2], [IMAGE]),
    case("BatchNorm2d", [2], [IMAGE], track_running_stats=False, momentum=0.3),
    case("LayerNorm", [4], [IMAGE]),
    case("LayerNorm", [[5, 4], 1e-3], [IMAGE], bias=False),
    case("LayerNorm", [[4]], [IMAGE], elementwise_affine=False),
    case("Embedding", [7, 3], [classes([2, 4], 7)]),
    case("Embedding", [7, 3], [classes([5], 7)], padding_idx=-2),
    case("MultiheadAttention", [4, 2], [SEQUENCE] * 3),
    case(
        "MultiheadAttention",
        [4, 2],
        [number([2, 3, 4]), number([2, 5, 3]), number([2, 5, 2])],
        kdim=3,
        vdim=2,
        batch_first=True,
    ),
    case("MultiheadAttention", [4, 2], [number([3, 4])] * 3, bias=False, add_bias_kv=True, add_zero_attn=True),
    case("TransformerEncoderLayer", [4, 2, 6, 0.0], [SEQUENCE]),
    case(
        "TransformerEncoderLayer",
        [4, 2, 6, 0.0, "gelu"],
        [number([2, 3, 4])],
        batch_first=True,
        norm_first=True,
        bias=False,
    ),
    case("LSTM", [4, 3], [SEQUENCE]),
    case("LSTM", [4, 3, 2], [number([2, 3, 4])], batch_first=True, bidirectional=True, bias=False),
    case("LSTM", [4, 3, 2], [number([3, 4])], bidirectional=True),
    case("LSTM", [4, 3], [SEQUENCE], proj_size=2, bidirectional=True, num_layers=2),
    case("MSELoss", [], [number([2, 3]), number([2, 3], 0.5)]),
    case("MSELoss", [], [number([2, 3]), number([2, 3], 0.5)], reduction="none"),
    case("L1Loss", [], [number([2, 3]), number([2, 3], 0.5)], reduction="sum"),
    case("CrossEntropyLoss", [], [number([4, 3]), classes([4], 3)]),
    case("CrossEntropyLoss", [], [number([4, 3, 2]), classes([4, 2], 3)], reduction="sum", ignore_index=1),
    case("CrossEntropyLoss", [], [number([4, 3]), classes([4], 3)], label_smoothing=0.2, ignore_index=0),
    case("CrossEntropyLoss", [], [number([4, 3]), number([4, 3], 0.3, True)], label_smoothing=0.1),
    case("NLLLoss", [], [number([4, 3]), classes([4], 3)]),
    case("NLLLoss", [], [number([3]), classes([], 3)], reduction="none"),
    case("BCELoss", [], [number([2, 3], 0.0, True), number([2, 3], 0.5, True)]),
    case("BCEWithLogitsLoss", [], [number([2, 3]), number([2, 3], 0.5, True)], reduction="sum"),
]

STATES = [
    {},
    {"drop": ["0.bias", "1.running_mean"]},
    {"add": {"extra": [1], "0.deep.extra": [2]}},
    {"reshape": {"0.weight": [4, 4], "1.bias": []}},
    {"drop": ["0.bias"], "add": {"2.weight": [3]}, "reshape": {"1.running_var": [2]}},
    {"drop": ["0.bias"], "add": {"2.weight": [3]}, "strict": False},
    {"reshape": {"0.weight": [4, 4]}, "strict": False},
]


def wave(shape: Any, phase: float = 0.0, positive: bool = False) -> np.ndarray:
    """Numbers between -1 and 1, or between 0.05 and 0.95, none of them near another."""
    values = np.sin(1.7 * np.arange(1, int(np.prod(shape)) + 1) + phase).reshape(shape)
    return 0.5 + 0.45 * values if positive else values


def tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def made_input(given: dict[str, Any]) -> torch.Tensor:
    if "below" in given:
        n = int(np.prod(given["shape"]))
        return torch.tensor((np.arange(n) * 5 % given["below"]).reshape(given["shape"]))
    values = wave(given["shape"], given["phase"], given["positive"])
    return torch.tensor(values, dtype=torch.float64).requires_grad_()


def flat(result: Any) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    return [t for part in result if part is not None for t in flat(part)]


def rounded(tensor: torch.Tensor | None) -> Any:
    if tensor is None:
        return None
    values = tensor.detach().reshape(-1).tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{v:.8g}") for v in values]}


def measured(layer: nn.Module, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    given = [made_input(i) for i in inputs]
    if len(given) == 3 and inputs[0] is inputs[1]:  # attention of a sequence to itself
        given = [given[0]] * 3
    # a copy, because the layer may overwrite its input
    outputs = flat(layer(*((given[0].clone(), *given[1:]) if len(given) < 3 else given)))
    wanted = [o for o in outputs if o.requires_grad]
    sum((o * torch.tensor(wave(o.shape, 0.2))).sum() for o in wanted).backward() if wanted else None
    return {
        "outputs": [rounded(o) for o in outputs],
        "input_grads": [rounded(g.grad) for g in given],
        "grads": {name: rounded(p.grad) for name, p in layer.named_parameters()},
        "buffers": {name: rounded(b.double()) for name, b in layer.named_buffers()},
    }


def filled(layer: nn.Module) -> nn.Module:
    with torch.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(torch.tensor(wave(parameter.shape, i)))
    return layer


def with_results(given: dict[str, Any]) -> dict[str, Any]:
    def make() -> nn.Module:
        kwargs = {k: tuples(v) for k, v in given["kwargs"].items()}
        return filled(getattr(nn, given["class"])(*map(tuples, given["args"]), **kwargs).double())

    layer, inputs = make(), given["inputs"]
    train, evaluated = measured(layer, inputs), measured(make().eval(), inputs)
    return given | {
        "repr": repr(layer),
        "state": {name: list(t.shape) for name, t in layer.state_dict().items()},
        "parameters": sum(p.numel() for p in layer.parameters()),
        "train": train,
        "eval": None if evaluated == train else evaluated,
    }


def with_message(given: dict[str, Any]) -> dict[str, Any]:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = dict(net.state_dict())
    for name in given.get("drop", ()):
        del state[name]
    for name, shape in (given.get("add", {}) | given.get("reshape", {})).items():
        state[name] = torch.zeros(shape)
    try:
        return given | {"result": repr(net.load_state_dict(state, strict=given.get("strict", True)))}
    except RuntimeError as error:
        return given | {"error": str(error)}


if __name__ == "__main__":
    found = {"layers": list(map(with_results, CASES)), "states": list(map(with_message, STATES))}
    path = pathlib.Path(__file__).with_name("layers.json")
    lines = {kind: ",\n".join(json.dumps(c) for c in cases) for kind, cases in found.items()}
    path.write_text('{"layers": [\n' + lines["layers"] + '\n],\n"states": [\n' + lines["states"] + "\n]}\n")
