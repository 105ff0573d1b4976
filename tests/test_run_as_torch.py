"""``lamella run --as torch`` on scripts that use all of our packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TRAINING = """
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms, utils
from torchvision.utils import save_image

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(784, 32), nn.Linear(32, 10)

    def forward(self, x):
        return F.log_softmax(self.out(F.relu(self.hidden(torch.flatten(x, 1)))), dim=1)

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    loader = DataLoader(datasets.MNIST(transform=transform), batch_size=64, shuffle=True, num_workers=1)
    model = Net().to(device)
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(arguments.epochs):
        model.train()
        for data, target in loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(data.to(device)), target.to(device))
            loss.backward()
            optimizer.step()
        scheduler.step()
    test = datasets.MNIST(train=False, transform=transform)
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in DataLoader(test, batch_size=1000))
    print(right / len(test))
    save_image(test[0][0], "digit.png")
    assert utils.save_image is save_image
    torch.save(model.state_dict(), "mnist.pt")

if __name__ == "__main__":
    main()
"""


def test_a_training_script_learns_digits(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(TRAINING)
    command = [sys.executable, "-m", "lamella", "run", "--as", "torch", "main.py", "--epochs", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 0.9
    assert (tmp_path / "digit.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "mnist.pt").stat().st_size > 784 * 32 * 4
