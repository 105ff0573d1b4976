"""Weights that two layers share: saved once, shared again, trained as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import lamella
from lamella import nn


class Language(nn.Module):
    """Scores for words from a word, with one table for both."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(400, 16)
        self.scores = nn.Linear(16, 400, bias=False)
        self.scores.weight = self.embedding.weight

    def forward(self, words: lamella.Tensor) -> lamella.Tensor:
        scores: lamella.Tensor = self.scores(self.embedding(words))
        return scores


def test_tied_weights_are_saved_once_and_shared_again(tmp_path: Path) -> None:
    model, path = Language(), tmp_path / "model.lamella"
    size = model.embedding.weight.nbytes
    lamella.save(model.state_dict(), path)
    assert size < path.stat().st_size < 1.5 * size

    state = lamella.load(path)
    assert list(state) == ["embedding.weight", "scores.weight"]
    assert state._metadata == model.state_dict()._metadata
    state["embedding.weight"][0, 0] = 7.0
    assert state["scores.weight"][0, 0].item() == 7.0
    state["embedding.weight"][0, 0] = model.embedding.weight[0, 0]

    other = Language()
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert other.scores.weight is other.embedding.weight
    assert [name for name, _ in other.named_parameters()] == ["embedding.weight"]
    words = lamella.tensor([3, 1, 399])
    np.testing.assert_array_equal(other(words).detach().numpy(), model(words).detach().numpy())


def test_what_was_loaded_by_assigning_is_trained_as_one(tmp_path: Path) -> None:
    path = tmp_path / "model.lamella"
    lamella.save(Language().state_dict(), path)
    model = Language()
    model.load_state_dict(lamella.load(path), assign=True)
    with lamella.no_grad():
        model.embedding.weight.fill_(2.0)
    assert (model.scores.weight == 2.0).all(), "the memory is one"
