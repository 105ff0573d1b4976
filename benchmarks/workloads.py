"""What is measured: workloads written once, for any library with PyTorch's API.

    python benchmarks/workloads.py LIBRARY [CASE ...]

prints a line of JSON for each case as it ends: its name with its milliseconds, or with what went wrong. `run.py` calls
this, and makes a table of two libraries.

A workload is a function of the library. It sets things up and returns a function without arguments, which is timed.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from importlib import import_module
from itertools import pairwise

WARM_UPS = 3
SECONDS = 1.0  # for each case; a case slower than a third of this is run three times
REPEATS = 200  # of a quick case

WORKLOADS = {}


def workload(function):
    """Add a function to the workloads, under its own name."""
    WORKLOADS[function.__name__] = function
    return function


def training_step(net, inputs, targets, optimizer, loss):
    """One step of training, to be timed."""

    def step():
        optimizer.zero_grad()
        loss(net(inputs), targets).backward()
        optimizer.step()

    return step


# --- training small networks


def mlp(lib, make_optimizer):
    nn = lib.nn
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    images, labels = lib.randn(64, 784), lib.randint(10, (64,))
    return training_step(net, images, labels, make_optimizer(net.parameters()), nn.functional.cross_entropy)


@workload
def mlp_sgd(lib):
    """A network with one hidden layer, batches of 64, SGD with momentum."""
    return mlp(lib, lambda parameters: lib.optim.SGD(parameters, lr=0.01, momentum=0.9))


@workload
def mlp_adam(lib):
    """The same with Adam."""
    return mlp(lib, lambda parameters: lib.optim.Adam(parameters, lr=1e-3))


def lenet(lib, batch):
    nn = lib.nn
    net = nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    images, labels = lib.randn(batch, 3, 32, 32), lib.randint(10, (batch,))
    optimizer = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return training_step(net, images, labels, optimizer, nn.functional.cross_entropy)


@workload
def lenet_1(lib):
    """A small conv net, one image at a time: all overhead."""
    return lenet(lib, 1)


@workload
def lenet_64(lib):
    """The same on batches of 64."""
    return lenet(lib, 64)


@workload
def residual_block(lib):
    """Two 3 x 3 convolutions of 64 channels with batch norm, and the way around them."""
    nn = lib.nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside = nn.Sequential(
                nn.Conv2d(64, 64, 3, padding=1, bias=False),
                nn.BatchNorm2d(64),
                nn.ReLU(),
                nn.Conv2d(64, 64, 3, padding=1, bias=False),
                nn.BatchNorm2d(64),
            )

        def forward(self, x):
            return nn.functional.relu(self.inside(x) + x)

    net = Residual()
    images = lib.randn(16, 64, 28, 28)
    optimizer = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return training_step(net, images, lib.zeros(16, 64, 28, 28), optimizer, nn.functional.mse_loss)


@workload
def conv_inference(lib):
    """One 224 x 224 image through a conv net, without gradients."""
    nn = lib.nn
    layers = []
    for width, following in pairwise((3, 32, 64, 128)):
        layers += [nn.Conv2d(width, following, 3, stride=2, padding=1), nn.BatchNorm2d(following), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 1000)).eval()
    image = lib.randn(1, 3, 224, 224)

    def classify():
        with lib.no_grad():
            net(image)

    return classify


# --- sequences


@workload
def tiny_gpt(lib):
    """Two blocks of causal attention and feed-forward over 8 texts of 128 characters, AdamW."""
    nn, F = lib.nn, lib.nn.functional
    characters, length, width, heads = 65, 128, 128, 4

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.to_qkv, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def attention(self, x):
            texts = x.shape[0]
            qkv = self.to_qkv(x).view(texts, length, 3, heads, width // heads)
            q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # each (texts, heads, length, width / heads)
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.mixed(out.transpose(1, 2).reshape(texts, length, width))

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.narrow(F.gelu(self.wide(self.norm2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.place = nn.Embedding(characters, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(Block(), Block())
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, characters)

        def forward(self, text):
            x = self.token(text) + self.place(lib.arange(length))
            return self.head(self.norm(self.blocks(x))).flatten(0, 1)

    net = GPT()
    text, following = lib.randint(characters, (8, length)), lib.randint(characters, (8 * length,))
    return training_step(net, text, following, lib.optim.AdamW(net.parameters(), lr=1e-3), F.cross_entropy)


@workload
def lstm(lib):
    """An LSTM of 128 units over 32 sequences of 64 steps, Adam."""
    net = lib.nn.LSTM(128, 128, batch_first=True)
    sequences, targets = lib.randn(32, 64, 128), lib.zeros(32, 64, 128)
    optimizer = lib.optim.Adam(net.parameters(), lr=1e-3)

    def loss(result, wanted):
        return lib.nn.functional.mse_loss(result[0], wanted)

    return training_step(net, sequences, targets, optimizer, loss)


# --- parts


def chain(lib, size):
    a, b = lib.randn(size, requires_grad=True), lib.randn(size)

    def forward_and_backward():
        a.grad = None
        ((a * b + a).tanh() * b).sum().backward()

    return forward_and_backward


@workload
def chain_10k(lib):
    """Five element-wise ops and their gradients, on 10,000 elements: the cache holds them."""
    return chain(lib, 10_000)


@workload
def chain_1m(lib):
    """The same on a million elements: memory's speed."""
    return chain(lib, 1_000_000)


@workload
def op_overhead(lib):
    """A thousand additions of four elements, recorded for a gradient."""
    a = lib.randn(4, requires_grad=True)

    def add():
        for _ in range(1000):
            a + a

    return add


@workload
def deep_graph(lib):
    """A graph of 2,000 nodes in a row, built and run backward."""
    a = lib.randn(4, requires_grad=True)

    def build_and_run():
        x = a
        for _ in range(2000):
            x = x + a
        x.sum().backward()

    return build_and_run


@workload
def big_adam(lib):
    """A step of Adam on one parameter of four million elements."""
    parameter = lib.randn(4_000_000, requires_grad=True)
    parameter.grad = lib.randn(4_000_000)
    return lib.optim.Adam([parameter], lr=1e-3).step


@workload
def softmax_cross_entropy(lib):
    """The loss over 16,000 classes of 256 examples, and its gradient."""
    logits, labels = lib.randn(256, 16_000, requires_grad=True), lib.randint(16_000, (256,))

    def loss():
        logits.grad = None
        lib.nn.functional.cross_entropy(logits, labels).backward()

    return loss


@workload
def embedding(lib):
    """8,192 look-ups in a table of 30,000 rows, their gradient, and a step of SGD."""
    table = lib.nn.Embedding(30_000, 64)
    words, targets = lib.randint(30_000, (64, 128)), lib.zeros(64, 128, 64)
    optimizer = lib.optim.SGD(table.parameters(), lr=0.1)
    return training_step(table, words, targets, optimizer, lib.nn.functional.mse_loss)


@workload
def reductions(lib):
    """Mean, variance and maximum along different dimensions of four million elements, and their gradients."""
    x = lib.randn(512, 128, 64, requires_grad=True)

    def reduce():
        x.grad = None
        (x.mean(1).sum() + x.var(2).sum() + x.amax(0).sum()).backward()

    return reduce


@workload
def data_loading(lib):
    """A pass over 6,000 shuffled images in batches of 64."""
    data = lib.utils.data
    images, labels = lib.randn(6000, 1, 28, 28), lib.randint(10, (6000,))
    loader = data.DataLoader(data.TensorDataset(images, labels), batch_size=64, shuffle=True)

    def read_all():
        for _ in loader:
            pass

    return read_all


# --- measuring


def load(name):
    """The library with the parts that the workloads use."""
    for part in ("nn.functional", "optim", "utils.data"):
        import_module(f"{name}.{part}")
    return sys.modules[name]


def milliseconds(lib, make):
    """The median time of one repetition."""
    lib.manual_seed(0)
    run = make(lib)
    for _ in range(WARM_UPS):
        run()
    times = []
    end = time.perf_counter() + SECONDS
    while len(times) < 3 or (len(times) < REPEATS and time.perf_counter() < end):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def main(library, *cases):
    lib = load(library)
    for name in cases or WORKLOADS:
        try:
            result = milliseconds(lib, WORKLOADS[name])
        except Exception as error:  # noqa: BLE001 - the table shows it, and the other cases are still measured
            result = f"{type(error).__name__}: {error}"
        print(json.dumps({name: result}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
