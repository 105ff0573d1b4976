"""Knowledge distillation: a small network learns more from a large one's opinions than from the bare labels.

    python examples/distillation.py
    python examples/distillation.py --images 6000 --epochs 10   # with so many, the bare labels do better
    python examples/distillation.py --temperature 1             # the teacher's probabilities as they are

Teaches how to soften a teacher's answers by a temperature and learn from them by KLDivLoss. The teacher reaches
97.4 % test accuracy; a student that sees 500 images, 86.6 % alone and 88.1 % with the teacher's help.
"""

from __future__ import annotations

import argparse
import copy

from tqdm import tqdm
from training import accuracy, embedded_digits

import lamella as torch
from lamella import nn
from lamella.data import DataLoader, TensorDataset
from lamella.nn import functional as F


def large():
    """The teacher: two convolutions and two linear layers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),  # (N, 1, 28, 28) -> (N, 16, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (N, 16, 14, 14)
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (N, 32, 7, 7)
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def small():
    """The student: one hidden layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))


def main(argv=None):
    """Train all three; returns the test accuracies of teacher, student alone and student taught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="train the teacher on this many images only")
    parser.add_argument("--teacher-epochs", type=int, default=5)
    parser.add_argument("--images", type=int, default=500, help="how many of the teacher's images a student sees")
    parser.add_argument("--epochs", type=int, default=60, help="of each student")
    parser.add_argument("--temperature", type=float, default=2.0, help="what the logits are divided by")
    parser.add_argument(
        "--soft", type=float, default=0.9, help="weight of the teacher's opinion; the label has the rest"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    images, labels = (tensor[: options.limit] for tensor in embedded_digits(train=True))
    test = DataLoader(TensorDataset(*embedded_digits(train=False)), batch_size=1000)

    teacher, alone = large(), small()
    taught = copy.deepcopy(alone)  # the same start: what differs in the end is the teacher's doing
    label_loss = nn.CrossEntropyLoss()
    train(teacher, (images, labels), label_loss, options.teacher_epochs, "teacher")
    few, few_labels = images[: options.images], labels[: options.images]
    train(alone, (few, few_labels), label_loss, options.epochs, "student alone")

    teacher.eval()
    with torch.no_grad():
        opinions = torch.cat([teacher(batch) for batch in few.split(500)])  # a batch at a time, for memory
    opinion_loss = nn.KLDivLoss(reduction="batchmean", log_target=True)
    temperature = options.temperature

    def distillation_loss(logits, labels, opinions):
        softened = F.log_softmax(logits / temperature, dim=1)
        # Gradients through softened logits shrink by the square of the temperature, which is made good here.
        soft = opinion_loss(softened, F.log_softmax(opinions / temperature, dim=1)) * temperature**2
        return options.soft * soft + (1 - options.soft) * label_loss(logits, labels)

    train(taught, (few, few_labels, opinions), distillation_loss, options.epochs, "student with teacher")

    found = []
    for name, model in (("teacher", teacher), ("student alone", alone), ("student taught", taught)):
        found.append(accuracy(model, test))
        size = sum(parameter.numel() for parameter in model.parameters())
        print(f"{name + ':':16}{size:8,} weights, test accuracy {found[-1]:.3f}")
    return found


def train(model, tensors, loss_function, epochs, task):
    """Train the model; the loss is given the model's logits and all tensors but the images."""
    loader = DataLoader(TensorDataset(*tensors), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    for epoch in range(1, epochs + 1):
        for images, *targets in tqdm(loader, f"{task}, epoch {epoch}", leave=False, unit=" batches"):
            optimizer.zero_grad()
            loss = loss_function(model(images), *targets)
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
