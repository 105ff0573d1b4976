"""A variational autoencoder learns to write digits: how to train through a random draw (the reparametrization trick).

    python examples/vae.py                    # 6,000 digits that come with lamella-data
    python examples/vae.py --data FOLDER      # all 60,000, from the four files of MNIST

Reaches an ELBO of about -112 nats per test image after 30 epochs on the embedded digits.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import image_grid
from tqdm import tqdm

import lamella as torch
from lamella import nn
from lamella.data import DataLoader, Subset, datasets, transforms
from lamella.nn import functional as F

LATENT = 20


class VAE(nn.Module):
    """Encodes an image as a normal distribution over 20 numbers, and decodes a draw from it."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, 400), nn.ReLU(), nn.Linear(400, 784))

    def forward(self, images):
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        # A draw has no gradient. But it is the mean plus a deviation times noise, and noise depends on no parameter:
        # written so, the gradient passes to mean and deviation.
        noise = torch.randn_like(mean)
        return self.decoder(mean + torch.exp(log_variance / 2) * noise), mean, log_variance


def negative_elbo(model, images):
    """The two halves of the bound, in nats per image: how badly it decodes, and how much the code tells."""
    logits, mean, log_variance = model(images)
    reconstruction = F.binary_cross_entropy_with_logits(logits, images.flatten(1), reduction="sum")
    # KL(N(mean, variance) || N(0, 1)), summed over the latent numbers
    kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
    return reconstruction / len(images), kl / len(images)


def evaluate(model, loader):
    """The mean ELBO of an image, with one draw for each."""
    total, count = 0.0, 0
    with torch.no_grad():
        for images, _ in loader:
            total += sum(negative_elbo(model, images)).item() * len(images)
            count += len(images)
    return -total / count


def main(argv=None):
    """Train, and draw samples; returns the ELBO of the test images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FOLDER", help="the folder of MNIST's four files; embedded digits by default")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="FILE", type=Path, default=Path("vae.png"), help="where to draw 64 samples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    train = datasets.MNIST(options.data, train=True, transform=transforms.ToTensor())
    test = datasets.MNIST(options.data, train=False, transform=transforms.ToTensor())
    if options.limit:
        train = Subset(train, range(min(options.limit, len(train))))
    loader = DataLoader(train, batch_size=64, shuffle=True)
    test_loader = DataLoader(test, batch_size=1000)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, options.epochs + 1):
        sums = torch.zeros(2)
        for images, _ in tqdm(loader, f"epoch {epoch}", leave=False, unit=" batches"):
            optimizer.zero_grad()
            reconstruction, kl = negative_elbo(model, images)
            (reconstruction + kl).backward()
            optimizer.step()
            sums += torch.stack([reconstruction, kl]).detach() * len(images)
        reconstruction, kl = (sums / len(train)).tolist()
        elbo = evaluate(model, test_loader)
        print(f"epoch {epoch}: reconstruction {reconstruction:.2f}, KL {kl:.2f}, test ELBO {elbo:.2f}")
    with torch.no_grad():
        samples = torch.sigmoid(model.decoder(torch.randn(64, LATENT)))
    image_grid.save(samples.view(-1, 1, 28, 28), options.out)
    print(f"test ELBO: {elbo:.2f} nats per image")
    return elbo


if __name__ == "__main__":
    main()
