"""A training that needs gradients of gradients."""

from __future__ import annotations

import lamella
from lamella import nn, optim


def test_a_training_with_a_gradient_penalty() -> None:
    """A critic tells two kinds of pictures apart while its slope between them is drawn to 1, as in WGAN-GP."""
    lamella.manual_seed(0)
    critic = nn.Sequential(
        nn.Conv2d(1, 6, 3, stride=2, padding=1),
        nn.GroupNorm(2, 6),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 1),
    )
    optimizer = optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    distances, penalties = [], []
    for _ in range(60):
        bright, dark = 1 + 0.2 * lamella.randn(16, 1, 8, 8), lamella.rand(16, 1, 8, 8) - 1
        share = lamella.rand(16, 1, 1, 1)
        between = (share * bright + (1 - share) * dark).requires_grad_()
        (slope,) = lamella.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
        distance = critic(bright).mean() - critic(dark).mean()
        optimizer.zero_grad()
        (10 * penalty - distance).backward()
        optimizer.step()
        distances.append(distance.item())
        penalties.append(penalty.item())
    assert penalties[0] > 0.5
    assert max(penalties[-5:]) < 0.1
    assert min(distances[-5:]) > 2
