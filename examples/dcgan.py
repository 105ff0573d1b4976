"""Two networks play against each other until one draws digits: training with two losses and two optimizers.

    python examples/dcgan.py                    # 6,000 digits that come with lamella-data
    python examples/dcgan.py --data FOLDER      # all 60,000, from the four files of MNIST

Neither loss tells how good the samples are, so a small classifier judges them. After 20 epochs on the embedded digits
it takes about 67 % of the samples for one of the ten digits with more than 0.8 confidence; of real digits, 95 %.
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

LATENT = 64
FROM_MINUS_1_TO_1 = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])  # as tanh


def build_generator():
    """Noise becomes an image."""
    return nn.Sequential(
        nn.ConvTranspose2d(LATENT, 64, 7, bias=False),  # (N, 64, 1, 1) -> (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False),  # -> (N, 32, 14, 14)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),  # -> (N, 1, 28, 28)
        nn.Tanh(),
    )


def build_discriminator():
    """An image becomes a logit: is it from the data, and not from the generator?"""
    return nn.Sequential(
        nn.Conv2d(1, 32, 4, stride=2, padding=1),  # (N, 1, 28, 28) -> (N, 32, 14, 14)
        nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, stride=2, padding=1, bias=False),  # -> (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 1),
    )


def start_small(layer):
    """Initial weights as in A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning …", 2015."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def play(generator, discriminator, loader, epochs):
    """Train both in turns, and print a line an epoch."""
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    loss_function = nn.BCEWithLogitsLoss()
    for epoch in range(1, epochs + 1):
        discriminator_total, generator_total = 0.0, 0.0
        for images, _ in tqdm(loader, f"epoch {epoch}", leave=False, unit=" batches"):
            real, fake = torch.ones(len(images), 1), torch.zeros(len(images), 1)
            samples = generator(torch.randn(len(images), LATENT, 1, 1))
            # The discriminator learns to tell them apart. Detached, the samples pass no gradient to the generator.
            loss = loss_function(discriminator(images), real) + loss_function(discriminator(samples.detach()), fake)
            discriminator_optimizer.zero_grad()
            loss.backward()
            discriminator_optimizer.step()
            discriminator_total += loss.item()
            # The generator learns to have its samples taken for real. The gradients that this leaves in the
            # discriminator are zeroed before it steps again.
            loss = loss_function(discriminator(samples), real)
            generator_optimizer.zero_grad()
            loss.backward()
            generator_optimizer.step()
            generator_total += loss.item()
        losses = f"discriminator {discriminator_total / len(loader):.3f}, generator {generator_total / len(loader):.3f}"
        print(f"epoch {epoch}: {losses}")


def train_classifier(loader, epochs):
    """A network that knows the ten digits, to judge samples with."""
    classifier = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )
    optimizer = torch.optim.Adam(classifier.parameters(), lr=3e-3)
    for epoch in range(1, epochs + 1):
        for images, labels in tqdm(loader, f"classifier, epoch {epoch}", leave=False, unit=" batches"):
            optimizer.zero_grad()
            F.cross_entropy(classifier(images), labels).backward()
            optimizer.step()
    return classifier


def accepted(classifier, images):
    """The share of images of which the classifier is sure, and how many different digits it sees in these."""
    with torch.no_grad():
        confidence, digits = torch.softmax(classifier(images), dim=1).max(dim=1)
    sure = confidence > 0.8
    return sure.float().mean().item(), len(digits[sure].unique())


def sample(generator, noise):
    """Images from noise, each by itself: BatchNorm takes its running statistics."""
    generator.eval()
    with torch.no_grad():
        images = generator(noise)
    generator.train()
    return images


def main(argv=None):
    """Train, judge and draw samples; returns the share of samples that the classifier accepts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FOLDER", help="the folder of MNIST's four files; embedded digits by default")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="FILE", type=Path, default=Path("dcgan.png"), help="where to draw 64 samples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    train = datasets.MNIST(options.data, train=True, transform=FROM_MINUS_1_TO_1)
    test = datasets.MNIST(options.data, train=False, transform=FROM_MINUS_1_TO_1)
    if options.limit:
        train = Subset(train, range(min(options.limit, len(train))))
    loader = DataLoader(train, batch_size=64, shuffle=True)
    generator, discriminator = build_generator().apply(start_small), build_discriminator().apply(start_small)
    noise = torch.randn(1000, LATENT, 1, 1)

    classifier = train_classifier(loader, epochs=3)
    written, _ = next(iter(DataLoader(test, batch_size=1000)))
    share, _ = accepted(classifier, written)
    before, _ = accepted(classifier, sample(generator, noise))
    print(f"accepted: {share:.1%} of digits written by hand, {before:.1%} of samples before training")
    play(generator, discriminator, loader, options.epochs)
    samples = sample(generator, noise)
    image_grid.save((samples[:64] + 1) / 2, options.out)
    share, digits = accepted(classifier, samples)
    print(f"accepted: {share:.1%} of samples, with {digits} different digits among them")
    return share


if __name__ == "__main__":
    main()
