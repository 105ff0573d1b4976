"""A small convolutional network learns handwritten digits.

    python examples/mnist_cnn.py                    # 6,000 digits that come with lamella-data
    python examples/mnist_cnn.py --data FOLDER      # all 60,000, from the four files of MNIST

Reaches 98.8 % test accuracy on the full data after 3 epochs, 96 % on the embedded digits.
"""

from __future__ import annotations

import argparse

import training

import lamella as torch
from lamella import nn


def convnet():
    """Two convolutions, each halved by a pool, then two linear layers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),  # (N, 1, 28, 28) -> (N, 16, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (N, 16, 14, 14)
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (N, 32, 7, 7)
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def main(argv=None):
    """Train, save, load and classify; returns the test accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    training.add_arguments(parser, epochs=3)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    model = convnet()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.epochs)
    return training.run(model, optimizer, convnet(), options, schedule)


if __name__ == "__main__":
    main()
