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
VOLUME = number([2, 2, 3, 5, 4])
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
    case("Hardtanh", [], [number([2, 3])]),
    case("Hardtanh", [-0.5, 0.7], [number([2, 3])], inplace=True),
    case("ReLU6", [], [number([2, 3])]),
    case("PReLU", [], [number([2, 3])]),
    case("PReLU", [3], [number([2, 3, 2])], init=0.5),
    case("RReLU", [0.2, 0.2], [number([2, 3])]),
    case("Threshold", [0.3, -2.0], [number([2, 3])]),
    case("Threshold", [0.3, -2.0, True], [number([2, 3])]),
    case("Hardshrink", [], [number([2, 3])]),
    case("Softshrink", [0.3], [number([2, 3])]),
    case("Hardsigmoid", [], [number([2, 3])]),
    case("Hardswish", [True], [number([2, 3])]),
    case("LogSigmoid", [], [number([2, 3])]),
    case("Softsign", [], [number([2, 3])]),
    case("Tanhshrink", [], [number([2, 3])]),
    case("ELU", [0.7], [number([2, 3])]),
    case("CELU", [0.7, True], [number([2, 3])]),
    case("SELU", [], [number([2, 3])]),
    case("Mish", [], [number([2, 3])]),
    case("GLU", [1], [number([2, 4, 3])]),
    case("Softmin", [1], [number([2, 3])]),
    case("Softmax2d", [], [IMAGE]),
    case("Dropout1d", [1.0], [number([2, 3])]),
    case("Dropout3d", [0.0], [number([2, 3, 2, 2, 2])]),
    case("AlphaDropout", [0.0], [number([2, 3])]),
    case("FeatureAlphaDropout", [1.0], [number([2, 3])]),
    case("Bilinear", [3, 4, 2], [number([2, 3]), number([2, 4], 1.0)]),
    case("Bilinear", [3, 4, 2], [number([3]), number([4], 1.0)], bias=False),
    case("CosineSimilarity", [], [number([2, 3]), number([2, 3], 1.0)]),
    case("PairwiseDistance", [3.0], [number([2, 3]), number([3], 1.0)], keepdim=True),
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
    case("MaxPool1d", [3, 2], [number([2, 2, 7])], padding=1, return_indices=True),
    case("MaxPool3d", [2], [VOLUME], ceil_mode=True, return_indices=True),
    case("MaxPool3d", [[1, 2, 2], 1], [VOLUME], dilation=2),
    case("AvgPool1d", [3, 2, 1], [number([2, 2, 7])], count_include_pad=False),
    case("AvgPool3d", [2, 1], [VOLUME], padding=1),
    case("AvgPool3d", [2], [VOLUME], divisor_override=3),
    case("LPPool1d", [2.0, 3], [number([2, 2, 7])]),
    case("LPPool2d", [3.0, 2], [number([2, 2, 5, 4], 0.0, True)]),
    case("LPPool3d", [2.0, 2, 1], [VOLUME]),
    case("AdaptiveAvgPool1d", [3], [number([2, 2, 7])]),
    case("AdaptiveAvgPool3d", [[2, None, 1]], [VOLUME]),
    case("AdaptiveMaxPool1d", [3], [number([2, 2, 7])], return_indices=True),
    case("AdaptiveMaxPool2d", [[3, None]], [IMAGE]),
    case("AdaptiveMaxPool3d", [2], [VOLUME], return_indices=True),
    case("MaxUnpool1d", [2], [number([2, 1, 1]), classes([2, 1, 1], 2)]),
    case("MaxUnpool2d", [2], [number([2, 1, 1, 1]), classes([2, 1, 1, 1], 4)]),
    case("MaxUnpool3d", [2], [number([2, 1, 1, 1, 1]), classes([2, 1, 1, 1, 1], 8)]),
    case("Upsample", [], [IMAGE], scale_factor=1.7, mode="bicubic", align_corners=True),
    case("Upsample", [[3, 5, 4]], [VOLUME], mode="trilinear"),
    case("UpsamplingNearest2d", [[7, 3]], [IMAGE]),
    case("UpsamplingBilinear2d", [], [IMAGE], scale_factor=2),
    case("ConstantPad1d", [[1, -2], 1.5], [number([2, 2, 7])]),
    case("ConstantPad2d", [2, 1.5], [IMAGE]),
    case("ConstantPad3d", [1, 1.5], [VOLUME]),
    case("ZeroPad1d", [2], [number([2, 2, 7])]),
    case("ZeroPad2d", [[1, 0, 2, -1]], [IMAGE]),
    case("ZeroPad3d", [1], [VOLUME]),
    case("ReflectionPad1d", [[3, 1]], [number([2, 2, 7])]),
    case("ReflectionPad2d", [[1, 2, -1, 2]], [IMAGE]),
    case("ReflectionPad3d", [1], [VOLUME]),
    case("ReplicationPad1d", [[3, 1]], [number([2, 2, 7])]),
    case("ReplicationPad2d", [[1, 9, 0, 2]], [IMAGE]),
    case("ReplicationPad3d", [2], [VOLUME]),
    case("CircularPad1d", [[3, 1]], [number([2, 2, 7])]),
    case("CircularPad2d", [[1, 2, -1, 2]], [IMAGE]),
    case("CircularPad3d", [1], [VOLUME]),
    case("BatchNorm1d", [3], [number([4, 3])]),
    case("BatchNorm1d", [3, 1e-3, None], [number([4, 3, 2])], affine=False),
    case("BatchNorm1d", [3], [number([4, 3])], bias=False),
    case("BatchNorm2d", [2], [IMAGE]),
    case("BatchNorm2d", [2], [IMAGE], track_running_stats=False, momentum=0.3),
    case("BatchNorm3d", [2], [number([3, 2, 2, 1, 2])]),
    case("SyncBatchNorm", [3], [number([4, 3])]),
    case("InstanceNorm1d", [3], [number([2, 3, 4])]),
    case("InstanceNorm1d", [3], [number([3, 4])], affine=True),
    case("InstanceNorm2d", [2], [IMAGE], affine=True, track_running_stats=True),
    case("InstanceNorm3d", [2], [number([3, 2, 2, 1, 2])], track_running_stats=True, momentum=None),
    case("GroupNorm", [2, 4], [number([3, 4, 3])]),
    case("GroupNorm", [1, 2, 1e-3], [IMAGE], affine=False),
    case("RMSNorm", [4], [IMAGE]),
    case("RMSNorm", [[5, 4], 1e-3], [IMAGE], elementwise_affine=False),
    case("LocalResponseNorm", [3, 0.5], [number([2, 5, 3])]),
    case("CrossMapLRN2d", [5, 0.5], [IMAGE]),
    case("LayerNorm", [4], [IMAGE]),
    case("LayerNorm", [[5, 4], 1e-3], [IMAGE], bias=False),
    case("LayerNorm", [[4]], [IMAGE], elementwise_affine=False),
    case("Embedding", [7, 3], [classes([2, 4], 7)]),
    case("Embedding", [7, 3], [classes([5], 7)], padding_idx=-2),
    case("EmbeddingBag", [7, 3], [classes([2, 4], 7)]),
    case("EmbeddingBag", [7, 3], [classes([2, 4], 7)], mode="sum"),
    case("EmbeddingBag", [7, 3], [classes([2, 4], 7)], mode="max"),
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
    case("SmoothL1Loss", [], [number([2, 3]), number([2, 3], 0.5)], beta=0.7),
    case("HuberLoss", [], [number([2, 3]), number([2, 3], 0.5)], reduction="sum", delta=0.6),
    case("KLDivLoss", [], [number([2, 3]), number([2, 3], 0.5, True)], reduction="batchmean"),
    case("PoissonNLLLoss", [], [number([2, 3]), number([2, 3], 0.5, True)], full=True),
    case("GaussianNLLLoss", [], [number([2, 3]), number([2, 3], 0.5), number([2, 3], 1.0, True)]),
    case("HingeEmbeddingLoss", [], [number([2, 3]), number([2, 3], 0.5)], margin=0.4),
    case("CosineEmbeddingLoss", [], [number([2, 3]), number([2, 3], 0.5), number([2], 0.1)], margin=0.1),
    case("MarginRankingLoss", [], [number([4]), number([4], 0.5), number([4], 0.1)], margin=0.2),
    case("MultiMarginLoss", [], [number([4, 3]), classes([4], 3)], margin=0.8),
    case("MultiLabelMarginLoss", [], [number([2, 4]), classes([2, 4], 4)]),
    case("MultiLabelSoftMarginLoss", [], [number([2, 3]), number([2, 3], 0.5, True)]),
    case("TripletMarginLoss", [], [number([2, 3]), number([2, 3], 0.5), number([2, 3], 1.5)], margin=0.5),
    case("Conv3d", [2, 4, 2], [VOLUME], stride=[1, 2, 1], padding=1, groups=2),
    case("ConvTranspose1d", [2, 3, 3], [number([2, 2, 5])], stride=2, output_padding=1, padding=1),
    case("ConvTranspose2d", [2, 4, 3], [IMAGE], stride=2, groups=2, dilation=2),
    case("ConvTranspose3d", [2, 2, 2], [VOLUME], bias=False),
    case("PixelShuffle", [2], [number([2, 4, 2, 3])]),
    case("PixelUnshuffle", [2], [number([2, 1, 4, 6])]),
    case("ChannelShuffle", [2], [number([2, 4, 3])]),
    case("Unfold", [[2, 3]], [IMAGE], stride=2, padding=1),
    case("Fold", [[4, 5], [2, 2]], [number([2, 8, 12])]),
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
