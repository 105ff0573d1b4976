"""Multi-task training: one network tells which digit an image shows and how much ink was used for it.

    python examples/two_heads.py
    python examples/two_heads.py --ink-weight 30    # the ink is learned at the expense of the digits

Teaches how two heads share a trunk, and how the weight between their losses trades one task against the other.
Reaches 97.1 % test accuracy on the digits and misses the ink by 0.07 of its standard deviation; with a weight of 30,
92.9 % and 0.04.
"""

from __future__ import annotations

import argparse

from tqdm import tqdm
from training import embedded_digits

import lamella as torch
from lamella import nn
from lamella.data import DataLoader, TensorDataset


class TwoHeads(nn.Module):
    """A shared trunk, a head for the ten digits, and one for the ink."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2),  # (N, 1, 28, 28) -> (N, 8, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (N, 8, 14, 14)
            nn.Conv2d(8, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (N, 16, 7, 7)
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, 64),
            nn.ReLU(),
        )
        self.digit = nn.Linear(64, 10)
        self.ink = nn.Linear(64, 1)

    def forward(self, images):
        features = self.trunk(images)
        return self.digit(features), self.ink(features).squeeze(1)


def main(argv=None):
    """Train; returns the accuracy on the digits and the mean error of the ink, for the test images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--ink-weight", type=float, default=1.0, help="weight of the ink's loss; the digit's has 1")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    images, labels = embedded_digits(train=True)
    test_images, test_labels = embedded_digits(train=False)
    ink, test_ink = images.mean(dim=(1, 2, 3)), test_images.mean(dim=(1, 2, 3))
    # In units of its own spread, so that the two losses are of one size and a weight of 1 means something.
    center, spread = ink.mean(), ink.std()
    ink, test_ink = (ink - center) / spread, (test_ink - center) / spread

    train = TensorDataset(images[: options.limit], labels[: options.limit], ink[: options.limit])
    loader = DataLoader(train, batch_size=64, shuffle=True)
    model = TwoHeads()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    digit_loss_function, ink_loss_function = nn.CrossEntropyLoss(), nn.MSELoss()
    for epoch in range(1, options.epochs + 1):
        for batch, digits, inks in tqdm(loader, f"epoch {epoch}", leave=False, unit=" batches"):
            optimizer.zero_grad()
            digit_logits, ink_found = model(batch)
            loss = digit_loss_function(digit_logits, digits) + options.ink_weight * ink_loss_function(ink_found, inks)
            loss.backward()  # the trunk's gradient is the weighted sum of both tasks'
            optimizer.step()
        with torch.no_grad():
            digit_logits, ink_found = model(test_images)
        right = (digit_logits.argmax(dim=1) == test_labels).float().mean().item()
        error = (ink_found - test_ink).abs().mean().item()
        print(f"epoch {epoch}: digits {right:.3f} right, ink missed by {error:.3f} standard deviations")
    return right, error


if __name__ == "__main__":
    main()
