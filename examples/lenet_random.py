"""A LeNet-like network fits one batch of random images: the smallest test that a framework trains conv nets.

    python examples/lenet_random.py

The loss falls in each of 10 epochs.
"""

from __future__ import annotations

import lamella as torch
from lamella import nn
from lamella.nn import functional as F


class LeNet(nn.Module):
    """Two convolutions with pools, then three linear layers, for images of 3 x 32 x 32."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))  # (N, 3, 32, 32) -> (N, 6, 14, 14)
        x = self.pool(F.relu(self.conv2(x)))  # -> (N, 16, 5, 5)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def main(epochs=10):
    """Train; returns the loss of each epoch."""
    torch.manual_seed(0)
    net = LeNet()
    images = torch.randn(8, 3, 32, 32)
    targets = torch.rand(8, 10)
    loss_function = nn.MSELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    losses = []
    for epoch in range(1, epochs + 1):
        optimizer.zero_grad()
        loss = loss_function(net(images), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        print(f"epoch {epoch}: loss {losses[-1]:.4f}")
    return losses


if __name__ == "__main__":
    main()
