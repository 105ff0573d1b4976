"""What the examples on digits share: the data, the loop over epochs, the checkpoint, and digits drawn as text."""

from __future__ import annotations

import time
from pathlib import Path

from tqdm import tqdm

import lamella as torch
from lamella import nn
from lamella.data import DataLoader, datasets, transforms

# mean and standard deviation of the pixels of MNIST's training images
NORMALIZED = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])


def add_arguments(parser, epochs):
    """The options that all MNIST examples have."""
    parser.add_argument("--data", metavar="FOLDER", help="the folder of MNIST's four files; embedded digits by default")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="where to save the trained network")
    parser.add_argument("--demo", action="store_true", help="save to digits.lamella if nowhere else; draw and classify")


def run(model, optimizer, fresh, options, schedule=None):
    """Train ``model``, print a line an epoch, and return the test accuracy.

    After each epoch ``schedule`` changes the learning rate, if there is one. A checkpoint is loaded back into
    ``fresh``, an untrained model of the same build.
    """
    train = datasets.MNIST(options.data or None, train=True, transform=NORMALIZED)
    test = datasets.MNIST(options.data or None, train=False, transform=NORMALIZED)
    if options.limit:
        train = torch.data.Subset(train, range(min(options.limit, len(train))))
    loader = DataLoader(train, batch_size=64, shuffle=True)
    test_loader = DataLoader(test, batch_size=1000)
    loss_function = nn.CrossEntropyLoss()
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        batches = tqdm(loader, f"epoch {epoch}", leave=False, unit=" batches")
        loss = train_epoch(model, optimizer, loss_function, batches)
        rate = len(train) / (time.perf_counter() - start)
        if schedule:
            schedule.step()
        print(f"epoch {epoch}: loss {loss:.4f}, test accuracy {accuracy(model, test_loader):.3f}, {rate:,.0f} images/s")
    checkpoint = options.checkpoint or (Path("digits.lamella") if options.demo else None)
    if checkpoint:
        torch.save(model.state_dict(), checkpoint)
        fresh.load_state_dict(torch.load(checkpoint))
        print(f"saved {checkpoint} ({checkpoint.stat().st_size / 1e6:.1f} MB) and loaded it back")
        model = fresh
    if options.demo:
        show(model, test, [3, 2, 1, 18])
    final = accuracy(model, test_loader)
    print(f"test accuracy: {final:.3f}")
    return final


def embedded_digits(train):
    """The images (N, 1, 28, 28) and labels (N,) that come with lamella-data, as two tensors."""
    digits = datasets.MNIST(train=train, transform=NORMALIZED)
    return next(iter(DataLoader(digits, batch_size=len(digits))))


def train_epoch(model, optimizer, loss_function, loader):
    """One pass over the data; returns the mean loss of an image."""
    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def accuracy(model, loader):
    """The share of the loader's images that the model classifies right."""
    model.eval()
    right, count = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return right / count


def show(model, dataset, indices):
    """Draw digits side by side, and below each what the model takes it for."""
    model.eval()
    images = torch.stack([dataset[i][0] for i in indices])
    with torch.no_grad():
        probabilities = torch.softmax(model(images), dim=1)
    for lines in zip(*(draw(dataset.data[i]) for i in indices), strict=True):
        print("  ".join(lines).rstrip())
    sure, taken_for = (best.tolist() for best in probabilities.max(dim=1))
    captions = (f"a {taken_for[n]} ({sure[n]:.0%}); it is a {dataset[i][1]}" for n, i in enumerate(indices))
    print("  ".join(caption.ljust(28) for caption in captions).rstrip())


def draw(image):
    """A (28, 28) image of bytes as 14 lines of text: two rows of pixels in each character."""
    bright = (image > 100).tolist()
    rows = zip(bright[::2], bright[1::2], strict=True)
    return ["".join(" ▀▄█"[top + 2 * bottom] for top, bottom in zip(*pair, strict=True)) for pair in rows]
