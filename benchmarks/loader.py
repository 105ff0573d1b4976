"""Compares the speed of Lamella's DataLoader with PyTorch's: an epoch over the 6,000 digits inside lamella-data.

Two datasets of digits, transformed by ToTensor and Normalize. "lamella.data" is Lamella's own with its own transforms,
given to both loaders: Lamella's fetches whole batches of it at once. "each its ops" is written here against PyTorch's
API, and goes sample by sample through either library's ops. Each round measures all cases in a fresh process of the one
library and then of the other. What counts is the ratio: above 1, Lamella is ahead.

    python benchmarks/loader.py --vs none      # Lamella alone
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from functools import partial
from importlib import import_module

from lamella.data import datasets, transforms

BATCH_SIZE = 64
EPOCHS = 5
MEAN, STD = 0.1307, 0.3081
#: The loaders' arguments, by case.
CASES = {
    "no workers": {},
    "2 processes": {"num_workers": 2},
    "2 processes, kept": {"num_workers": 2, "persistent_workers": True},
    "2 threads": {"num_workers": 2, "workers": "thread"},
}
#: PyTorch has no threads: what its two processes need is what threads are compared with.
INSTEAD = {"2 threads": "2 processes, kept"}


class Digits:
    """The digits, transformed sample by sample by code for either library."""

    def __init__(self, lib):
        embedded = datasets.MNIST()
        self.images, self.labels = embedded.data.numpy(), embedded.targets.tolist()
        self.to_tensor = partial(to_tensor, lib)
        self.normalize = partial(normalize, lib.tensor([MEAN]).view(-1, 1, 1), lib.tensor([STD]).view(-1, 1, 1))

    def __getitem__(self, index):
        return self.normalize(self.to_tensor(self.images[index])), self.labels[index]

    def __len__(self):
        return len(self.images)


def to_tensor(lib, image):
    return lib.from_numpy(image[None]).to(lib.float32).div(255)


def normalize(mean, std, image):
    return image.sub(mean).div_(std)


def own_digits():
    chain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    return datasets.MNIST(transform=chain)


class Foreign:
    """A dataset of Lamella's, for another library: the images share memory."""

    def __init__(self, lib, dataset):
        self.from_numpy, self.dataset = lib.from_numpy, dataset

    def __getitem__(self, index):
        image, label = self.dataset[index]
        return self.from_numpy(image.numpy()), label

    def __len__(self):
        return len(self.dataset)


def images_per_second(lib, dataset, arguments):
    """The median of some epochs."""
    loader = lib.utils.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True, **arguments)
    rates = []
    for epoch in range(EPOCHS + 1):
        start, count = time.perf_counter(), 0
        for images, _ in loader:
            count += len(images)
        if epoch:  # the first one warms up
            rates.append(count / (time.perf_counter() - start))
    return statistics.median(rates)


def measure(name):
    """Print the rates of one library."""
    import_module(f"{name}.utils.data")
    lib = sys.modules[name]
    own = own_digits() if name == "lamella" else Foreign(lib, own_digits())
    for kind, dataset in (("lamella.data", own), ("each its ops", Digits(lib))):
        for case, arguments in CASES.items():
            if name == "lamella" or case not in INSTEAD:
                print(json.dumps([kind, case, images_per_second(lib, dataset, arguments)]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vs", default="torch", help="what to compare with; 'none': nothing (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: %(default)s)")
    parser.add_argument("--measure", metavar="LIB", help="measure this library alone, in this process")
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    libraries = ["lamella"] if options.vs == "none" else ["lamella", options.vs]
    found = {library: {} for library in libraries}
    for _ in range(options.rounds):
        for library in libraries:
            command = [sys.executable, __file__, "--measure", library]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            for line in done.stdout.splitlines():
                kind, case, rate = json.loads(line)
                found[library].setdefault((kind, case), []).append(rate)
    print(f"{'digits':14}{'workers':20}{'lamella/s':>12}{options.vs + '/s':>12}{'ratio':>8}")
    for (kind, case), rates in found["lamella"].items():
        ours = statistics.median(rates)
        theirs = statistics.median(found.get(options.vs, {}).get((kind, INSTEAD.get(case, case)), [float("nan")]))
        print(f"{kind:14}{case:20}{ours:12,.0f}{theirs:12,.0f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
