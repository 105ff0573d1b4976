"""The classic first program: a network with one hidden layer learns handwritten digits.

    python examples/mnist_mlp.py                    # 6,000 digits that come with lamella-data
    python examples/mnist_mlp.py --data FOLDER      # all 60,000, from the four files of MNIST
    python examples/mnist_mlp.py --softmax          # what many tutorials do; learns worse

Reaches 97.2 % test accuracy on the full data after 10 epochs, 90 % on the embedded digits.
"""

from __future__ import annotations

import argparse

import training

import lamella as torch
from lamella import nn


class MLP(nn.Module):
    """784 pixels, 128 hidden units, 10 digits."""

    def __init__(self, softmax=False):
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.out = nn.Linear(128, 10)
        self.softmax = softmax

    def forward(self, images):
        x = torch.flatten(images, 1)  # (N, 1, 28, 28) -> (N, 784)
        x = torch.relu(self.hidden(x))
        x = self.out(x)
        # CrossEntropyLoss applies a softmax itself. One more in front squeezes the logits into [0, 1]: the loss can
        # then not fall below 1.46, and the gradient all but vanishes once a digit is half right.
        return torch.softmax(x, dim=1) if self.softmax else x


def main(argv=None):
    """Train, save, load and classify; returns the test accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    training.add_arguments(parser, epochs=10)
    parser.add_argument("--softmax", action="store_true", help="put a softmax before the loss")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    model = MLP(options.softmax)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training.run(model, optimizer, MLP(options.softmax), options)


if __name__ == "__main__":
    main()
