"""Text as a dataset of windows of tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, DataError, IndexRangeError
from lamella.data.bulk import positions
from lamella.data.dataset import Dataset
from lamella.data.vocabularies import CharacterVocabulary, Vocabulary


class TextCorpus(Dataset[tuple[Tensor, Tensor]]):
    """Windows of a text, to learn from each token which comes next.

    A sample is ``(input, target)``, both ``int64`` (window,): the target is the input, one token further on.

    Args:
        paths: A file, or several to read one after the other, in UTF-8.
        window: Number of tokens in a sample.
        vocabulary: Makes tokens of the text; ``None`` takes the text's own characters.
        stride: Tokens from the beginning of a sample to that of the next. ``None`` means ``window``: they do not
            overlap, and what does not fill a window at the end is left out.

    Attributes:
        tokens: The whole text, ``int64`` (N,).
        vocabulary: As given, or made.

    Raises:
        ArgumentError: If ``window`` or ``stride`` is below 1, or no window fits.
        DataError: If a file is no UTF-8, or has what the vocabulary cannot encode.
        IndexRangeError: On a look-up outside.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "text.txt"
        ...     _ = path.write_text("a rose is a rose")
        ...     corpus = TextCorpus(path, window=6)
        >>> input, target = corpus[1]
        >>> corpus.vocabulary.decode(input), corpus.vocabulary.decode(target)
        (' is a ', 'is a r')
    """

    def __init__(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        window: int,
        vocabulary: Vocabulary | None = None,
        stride: int | None = None,
    ) -> None:
        if window < 1 or (stride is not None and stride < 1):
            raise ArgumentError(f"TextCorpus: expected window and stride of 1 or more, found {window} and {stride}.")
        text = "".join(map(_read, [paths] if isinstance(paths, str | os.PathLike) else paths))
        self.vocabulary = CharacterVocabulary.train(text) if vocabulary is None else vocabulary
        self.tokens = lamella.tensor(self.vocabulary.encode(text), dtype=lamella.int64)
        self.window = window
        self.stride = window if stride is None else stride
        if len(self.tokens) <= window:
            raise ArgumentError(
                f"TextCorpus: expected more tokens than the window's {window}, found {len(self.tokens)}. Take a "
                "smaller window."
            )

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        start = self._start(index)
        return self.tokens[start : start + self.window], self.tokens[start + 1 : start + self.window + 1]

    def __len__(self) -> int:
        return (len(self.tokens) - 1 - self.window) // self.stride + 1

    def fetch_batch(self, indices: Sequence[Any]) -> list[Tensor]:
        """Look up a batch, collated, by one indexing operation each."""
        starts = positions([self._start(index) for index in indices])
        places = starts[:, None] + lamella.arange(self.window)
        return [self.tokens[places], self.tokens[places + 1]]

    def _start(self, index: Any) -> int:
        number = int(index)
        if not -len(self) <= number < len(self):
            raise IndexRangeError(f"TextCorpus: expected an index below {len(self)}, found {number}.")
        return number % len(self) * self.stride


def _read(path: str | os.PathLike[str]) -> str:
    try:
        # Bytes, because reading as text would change the ends of lines.
        return Path(path).read_bytes().decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{os.fspath(path)}: expected text in UTF-8, found something else ({error}).") from error
