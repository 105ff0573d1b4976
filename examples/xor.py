"""XOR on bare Tensors: a network is only arithmetic, and its gradient comes for free."""

from __future__ import annotations

import lamella as torch

torch.manual_seed(1)
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
w1, w2 = torch.randn(2, 8, requires_grad=True), torch.randn(8, 1, requires_grad=True)
b1, b2 = torch.zeros(8, requires_grad=True), torch.zeros(1, requires_grad=True)
parameters = (w1, w2, b1, b2)


def network():
    return torch.tanh(x @ w1 + b1) @ w2 + b2


for _ in range(500):
    loss = ((network() - y) ** 2).mean()
    for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.data -= 0.2 * gradient
print(f"loss {loss.item():.6f}")
for given, found in zip(x.tolist(), network().flatten().tolist(), strict=True):
    print(f"{given[0]:.0f} xor {given[1]:.0f} = {found:.3f}")
