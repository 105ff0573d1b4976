"""Vocabularies: text to token ids and back, by characters or by pairs of bytes."""

from __future__ import annotations

import heapq
import itertools
import json
import operator
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lamella.core.errors import ArgumentError, DataError, IndexRangeError

T = TypeVar("T")

_MAX_TOKEN_BYTES = 256

# Text has few words that come often; those beyond the first hundred thousand are worked out each time.
_MAX_KNOWN = 100_000


class Vocabulary(Protocol):
    """What :class:`~lamella.data.datasets.TextCorpus` needs: yours will do."""

    def __len__(self) -> int:
        """Number of tokens; ids are below it."""

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""


class CharacterVocabulary:
    """One token for each character.

    Args:
        characters: The characters, each once; a character's id is its place.

    Raises:
        ArgumentError: If a character comes twice, or is more than one.
        DataError: On encoding, if the text has another character.
        IndexRangeError: On decoding, if there is no such id.

    Example:
        >>> letters = CharacterVocabulary.train("hello")
        >>> letters.encode("hole"), letters.decode([1, 0, 2, 3])
        ([1, 3, 2, 0], 'helo')
    """

    def __init__(self, characters: Sequence[str]) -> None:
        if len(set(characters)) < len(characters) or any(len(character) != 1 for character in characters):
            raise ArgumentError(f"CharacterVocabulary: expected single characters, each once; found {characters!r}.")
        self.characters = list(characters)
        self._ids = {character: i for i, character in enumerate(characters)}

    @classmethod
    def train(cls, text: str) -> CharacterVocabulary:
        """Take the characters of a text, in Unicode's order."""
        return cls(sorted(set(text)))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        """The ids of a text's characters."""
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            raise DataError(
                f"CharacterVocabulary: expected text of its {len(self)} characters, found {error.args[0]!r} at "
                f"{text.index(error.args[0])}. Train it on text that has this character."
            ) from error

    def decode(self, ids: Iterable[int]) -> str:
        """The characters with these ids."""
        return "".join(_look_up("CharacterVocabulary", self.characters, ids))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a JSON file."""
        _save(path, "characters", self.characters)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CharacterVocabulary:
        """Read what ``save`` wrote; raises DataError for anything else."""
        characters = _load(path, "characters")
        if any(not isinstance(character, str) or len(character) != 1 for character in characters):
            raise DataError(f"{os.fspath(path)}: expected a list of single characters.")
        if len(set(characters)) < len(characters):
            raise DataError(f"{os.fspath(path)}: expected each character once.")
        return cls(characters)


class BytePairVocabulary:
    """Tokens for bytes and, by training, for what often stands together.

    The first 256 tokens are the bytes; each further one joins two before it. A text is cut into words, each with the
    space in front of it; numbers; and signs; no token goes across a cut. So any text, and any bytes, can be encoded,
    and come back the same.

    Args:
        merges: The pairs of ids that further tokens join; token ``256 + i`` joins ``merges[i]``.

    Raises:
        ArgumentError: If a pair joins ids that are not before it, comes twice, or makes a token of more than 256 bytes.
        IndexRangeError: On decoding, if there is no such id.

    Example:
        >>> pairs = BytePairVocabulary.train("low lower lowest", size=259)
        >>> pairs.encode("slow"), pairs.decode(pairs.encode("slöw ✓"))
        ([115, 257], 'slöw ✓')

    Reference:
        R. Sennrich, B. Haddow, A. Birch: Neural machine translation of rare words with subword units. 2016,
        https://arxiv.org/abs/1508.07909. Over bytes, as in A. Radford et al.: Language models are unsupervised
        multitask learners, 2019; the cuts are simpler here.
    """

    # All bytes of characters outside ASCII count as letters: to tell signs from letters there takes Unicode's tables.
    # Of blanks, the last is left to the word behind them. The lengths bound the work on a word, and a token's bytes.
    _cuts = re.compile(
        rb" ?[A-Za-z_\x80-\xff]{1,255}| ?[0-9]{1,255}| ?[^\sA-Za-z0-9_\x80-\xff]{1,255}|\s{1,255}(?!\S)|\s{1,255}"
    )

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = [(first, second) for first, second in merges]
        self._ranks = {pair: 256 + i for i, pair in enumerate(self.merges)}
        for pair, joined in self._ranks.items():
            if not 0 <= min(pair) <= max(pair) < joined:
                raise ArgumentError(f"BytePairVocabulary: expected pairs of ids before {joined}, found {pair}.")
        if len(self._ranks) < len(self.merges):
            raise ArgumentError("BytePairVocabulary: expected each pair once.")
        self.tokens = [bytes([byte]) for byte in range(256)]
        for first, second in self.merges:
            token = self.tokens[first] + self.tokens[second]
            if len(token) > _MAX_TOKEN_BYTES:
                raise ArgumentError(f"BytePairVocabulary: expected tokens of at most {_MAX_TOKEN_BYTES} bytes.")
            self.tokens.append(token)
        self._known: dict[bytes, list[int]] = {}  # ids of words met before

    @classmethod
    def train(cls, text: str | bytes, size: int) -> BytePairVocabulary:
        """Learn tokens from a text: again and again, the pair that occurs most often becomes one.

        Args:
            text: What to learn from. The same text gives the same vocabulary; of pairs that occur equally often, the
                one with the lower ids is first.
            size: Number of tokens to end with, at least 256. There are fewer if no pair is left that occurs twice.

        Raises:
            ArgumentError: If ``size`` is below 256.
        """
        if size < 256:
            raise ArgumentError(f"BytePairVocabulary.train: expected a size of at least 256, found {size}.")
        return cls(_learn(Counter(cls._cuts.findall(_bytes(text))), size - 256))

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str | bytes) -> list[int]:
        """The ids of a text (in UTF-8) or of bytes."""
        ids: list[int] = []
        for word in self._cuts.findall(_bytes(text)):
            known = self._known.get(word)
            if known is None:
                known = self._join(word)
                if len(self._known) < _MAX_KNOWN:
                    self._known[word] = known
            ids.extend(known)
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of ids."""
        return b"".join(_look_up("BytePairVocabulary", self.tokens, ids))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids. Bytes that are no UTF-8, such as half a character, show as U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a JSON file."""
        _save(path, "merges", self.merges)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BytePairVocabulary:
        """Read what ``save`` wrote; raises DataError for anything else."""
        merges = _load(path, "merges")
        for pair in merges:
            if not isinstance(pair, list) or [type(token) for token in pair] != [int, int]:
                raise DataError(f"{os.fspath(path)}: expected a list of pairs of ids.")
        try:
            return cls([(first, second) for first, second in merges])
        except ArgumentError as error:
            raise DataError(f"{os.fspath(path)}: {error}") from error

    def _join(self, word: bytes) -> list[int]:
        """The ids of one word: of the pairs in it, always the one learned first is joined."""
        ids = list(word)
        while len(ids) > 1:
            pair = min(itertools.pairwise(ids), key=lambda pair: self._ranks.get(pair, len(self.tokens)))
            if pair not in self._ranks:
                break
            ids = _joined(ids, pair, self._ranks[pair])
        return ids


def _learn(words: Counter[bytes], count: int) -> list[tuple[int, int]]:
    """The pairs to join, from words with their numbers of occurrences."""
    parts = [list(word) for word in words]
    weights = list(words.values())
    totals: Counter[tuple[int, int]] = Counter()
    holders: defaultdict[tuple[int, int], set[int]] = defaultdict(set)  # words that have, or had, a pair
    for i, ids in enumerate(parts):
        for pair in itertools.pairwise(ids):
            totals[pair] += weights[i]
            holders[pair].add(i)
    heap = [(-total, pair) for pair, total in totals.items()]
    heapq.heapify(heap)
    merges: list[tuple[int, int]] = []
    while heap and len(merges) < count:
        total, pair = heapq.heappop(heap)
        if totals[pair] != -total:
            continue  # out of date: a newer entry has the number of now
        if -total < 2:
            break
        joined = 256 + len(merges)
        merges.append(pair)
        changed = set()
        for i in holders.pop(pair):
            for old in itertools.pairwise(parts[i]):
                totals[old] -= weights[i]
                changed.add(old)
            parts[i] = _joined(parts[i], pair, joined)
            for new in itertools.pairwise(parts[i]):
                totals[new] += weights[i]
                holders[new].add(i)
                changed.add(new)
        for other in changed:
            heapq.heappush(heap, (-totals[other], other))
    return merges


def _joined(ids: list[int], pair: tuple[int, int], joined: int) -> list[int]:
    """``ids`` with each occurrence of ``pair``, from the left, replaced by ``joined``."""
    result: list[int] = []
    for token in ids:
        if result and (result[-1], token) == pair:
            result[-1] = joined
        else:
            result.append(token)
    return result


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _look_up(owner: str, tokens: Sequence[T], ids: Iterable[int]) -> list[T]:
    found = []
    for token in map(operator.index, ids):
        if not 0 <= token < len(tokens):
            raise IndexRangeError(f"{owner}: expected ids below {len(tokens)}, found {token}.")
        found.append(tokens[token])
    return found


def _save(path: str | os.PathLike[str], key: str, values: Any) -> None:
    Path(path).write_text(json.dumps({key: values}), encoding="utf-8")


def _load(path: str | os.PathLike[str], key: str) -> list[Any]:
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{os.fspath(path)}: expected a vocabulary in JSON, found none ({error}).") from error
    if not isinstance(content, dict) or list(content) != [key] or not isinstance(content[key], list):
        raise DataError(f"{os.fspath(path)}: expected a JSON object with one list, {key!r}.")
    return content[key]
