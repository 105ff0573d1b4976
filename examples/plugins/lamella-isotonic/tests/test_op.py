"""What the results are, which no other implementation is needed to see."""

from __future__ import annotations

from lamella_isotonic.op import isotonic

import lamella


def test_a_rising_sequence_stays_as_it_is() -> None:
    rising = lamella.tensor([[-1.0, 0.0, 0.0, 2.0]])
    assert isotonic(rising).tolist() == rising.tolist()


def test_a_falling_sequence_becomes_its_mean() -> None:
    assert isotonic(lamella.tensor([3.0, 2.0, 1.0])).tolist() == [2.0, 2.0, 2.0]


def test_a_gradient_is_shared_out_within_its_piece() -> None:
    x = lamella.tensor([1.0, 3.0, 2.0, 4.0], requires_grad=True)
    isotonic(x).backward(lamella.tensor([1.0, 10.0, 20.0, 5.0]))
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 15.0, 15.0, 5.0]


def test_per_sample_gradients() -> None:
    x = lamella.tensor([[2.0, 1.0], [1.0, 2.0]])
    found = lamella.func.vmap(lamella.func.grad(lambda row: isotonic(row)[0]))(x)
    assert found.tolist() == [[0.5, 0.5], [1.0, 0.0]]
