"""Vocabularies, and text in windows."""

from __future__ import annotations

import itertools
import json
import pickle
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lamella
from lamella.core.errors import ArgumentError, DataError, IndexRangeError
from lamella.data import BytePairVocabulary, CharacterVocabulary, DataLoader
from lamella.data.datasets import TextCorpus

TEXT = "the cat sat on the mat, the cat ate the rat; naïve — 東京 2024!\n\n  so it goes\tand goes\n" * 3
PAIRS = BytePairVocabulary.train(TEXT, 300)


def test_characters_are_numbered_in_unicodes_order():
    letters = CharacterVocabulary.train("banana é")
    assert letters.characters == [" ", "a", "b", "n", "é"]
    assert len(letters) == 5
    assert letters.encode("nab") == [3, 1, 2]
    assert letters.decode(lamella.tensor([3, 1, 2])) == "nab"


def test_characters_outside_are_refused():
    letters = CharacterVocabulary("ab")
    with pytest.raises(DataError, match="expected text of its 2 characters, found 'c' at 1"):
        letters.encode("acb")
    with pytest.raises(IndexRangeError, match="CharacterVocabulary: expected ids below 2, found -1"):
        letters.decode([-1])


@pytest.mark.parametrize("characters", ["aa", ["ab"], [""]])
def test_characters_are_single_and_each_once(characters):
    with pytest.raises(ArgumentError, match="expected single characters, each once"):
        CharacterVocabulary(characters)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    assert PAIRS.decode(PAIRS.encode(text)) == text
    letters = CharacterVocabulary.train(text)
    assert letters.decode(letters.encode(text)) == text


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(content):
    assert PAIRS.decode_bytes(PAIRS.encode(content)) == content


def slow_merges(text: bytes, count: int) -> list[tuple[int, int]]:
    """Training as the paper tells it: count all pairs, join the one that occurs most often, and start over."""
    words = [list(word) for word in BytePairVocabulary._cuts.findall(text)]
    merges: list[tuple[int, int]] = []
    for new in range(256, 256 + count):
        totals = Counter(pair for word in words for pair in itertools.pairwise(word))
        most = max(totals.values(), default=0)
        if most < 2:
            break
        merges.append(min(pair for pair, total in totals.items() if total == most))
        for word in words:
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == merges[-1]:
                    word[at : at + 2] = [new]
                at += 1
    return merges


@pytest.mark.parametrize("text", [TEXT, "aaaaaaa aaaa aaa", "abcabcabd abd", "", "x", "banana bandana " * 5])
def test_training_joins_the_most_frequent_pair_each_time(text):
    assert BytePairVocabulary.train(text, 340).merges == slow_merges(text.encode(), 84)


@given(st.text("ab ", max_size=60))
def test_training_on_repetitive_text(text):
    assert BytePairVocabulary.train(text, 280).merges == slow_merges(text.encode(), 24)


def test_encoding_is_shorter_and_joins_in_the_order_of_training():
    assert len(PAIRS.encode(TEXT)) < 0.5 * len(TEXT.encode())
    pairs = BytePairVocabulary([(ord("b"), ord("c")), (ord("a"), ord("b")), (256, ord("d"))])
    assert pairs.encode("abcd") == [ord("a"), 258]
    assert pairs.tokens[256:] == [b"bc", b"ab", b"bcd"]


def test_no_token_goes_across_words():
    assert not [token for token in PAIRS.tokens if re.search(rb"\S\s|[a-z][0-9,;!]", token)]
    assert b" the" in PAIRS.tokens


def test_half_a_character_shows_as_a_replacement():
    assert PAIRS.decode([0xE6]) == "\ufffd"
    assert PAIRS.decode_bytes([0xE6]) == b"\xe6"
    with pytest.raises(IndexRangeError, match=f"BytePairVocabulary: expected ids below {len(PAIRS)}, found 9999"):
        PAIRS.decode([9999])


def test_training_is_the_same_in_every_process():
    program = "import sys; from lamella.data import BytePairVocabulary as B; print(B.train(sys.argv[1], 300).merges)"
    command = [sys.executable, "-c", program, TEXT]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == f"{PAIRS.merges}\n"


def test_too_small_a_size_is_refused():
    with pytest.raises(ArgumentError, match="expected a size of at least 256, found 255"):
        BytePairVocabulary.train("text", 255)


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ([(0, 256)], r"expected pairs of ids before 256, found \(0, 256\)"),
        ([(-1, 0)], r"expected pairs of ids before 256, found \(-1, 0\)"),
        ([(0, 1), (0, 1)], "expected each pair once|expected pairs of ids before"),
        ([(0, 0), *((i, i) for i in range(256, 300))], "expected tokens of at most 256 bytes"),
    ],
)
def test_merges_that_cannot_be_are_refused(merges, message, tmp_path):
    with pytest.raises(ArgumentError, match=message):
        BytePairVocabulary(merges)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"merges": merges}))
    with pytest.raises(DataError, match=r"vocabulary\.json: BytePairVocabulary: "):
        BytePairVocabulary.load(tmp_path / "vocabulary.json")


def test_vocabularies_are_saved_and_loaded(tmp_path):
    path = tmp_path / "vocabulary.json"
    PAIRS.save(path)
    assert BytePairVocabulary.load(path).merges == PAIRS.merges
    assert BytePairVocabulary.load(str(path)).encode(TEXT) == PAIRS.encode(TEXT)
    letters = CharacterVocabulary.train(TEXT)
    letters.save(path)
    assert CharacterVocabulary.load(path).characters == letters.characters


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a vocabulary in JSON, found none"),
        (b"\xff", "expected a vocabulary in JSON, found none"),
        (b"[" * 100_000, "expected a vocabulary in JSON, found none"),
        (b"[]", "expected a JSON object with one list"),
        (b'{"other": []}', "expected a JSON object with one list"),
        (b'{"merges": {}}', "expected a JSON object with one list"),
        (b'{"merges": [[1]]}', "expected a list of pairs of ids"),
        (b'{"merges": [[1, true]]}', "expected a list of pairs of ids"),
        (b'{"merges": [7]}', "expected a list of pairs of ids"),
        (b'{"characters": ["ab"]}', "expected a list of single characters"),
        (b'{"characters": [1]}', "expected a list of single characters"),
        (b'{"characters": ["a", "a"]}', "expected each character once"),
    ],
)
def test_files_that_are_no_vocabulary_are_refused(tmp_path, content, message):
    (tmp_path / "vocabulary.json").write_bytes(content)
    kind = CharacterVocabulary if b"characters" in content else BytePairVocabulary
    with pytest.raises(DataError, match=r"vocabulary\.json: " + message):
        kind.load(tmp_path / "vocabulary.json")


def test_threads_share_a_vocabulary():
    pairs = BytePairVocabulary(PAIRS.merges)
    with ThreadPoolExecutor(8) as pool:
        assert all(ids == PAIRS.encode(TEXT) for ids in pool.map(pairs.encode, [TEXT] * 32))


@pytest.fixture
def corpus_file(tmp_path):
    (tmp_path / "text.txt").write_text("abcdefghij", encoding="utf-8", newline="")
    return tmp_path / "text.txt"


@pytest.mark.parametrize(
    ("window", "stride", "starts"),
    [(3, None, [0, 3, 6]), (3, 1, [0, 1, 2, 3, 4, 5, 6]), (4, None, [0, 4]), (9, None, [0]), (2, 5, [0, 5])],
)
def test_windows(corpus_file, window, stride, starts):
    corpus = TextCorpus(corpus_file, window, stride=stride)
    assert corpus.tokens.tolist() == list(range(10))
    assert len(corpus) == len(starts)
    for index, start in enumerate(starts):
        for found in (corpus[index], corpus[index - len(starts)]):
            assert [part.tolist() for part in found] == [
                list(range(start, start + window)),
                list(range(start + 1, start + window + 1)),
            ]
    fast, slow = (list(DataLoader(d, batch_size=2)) for d in (corpus, [corpus[i] for i in range(len(corpus))]))
    assert repr(fast) == repr(slow)
    with pytest.raises(IndexRangeError, match=f"expected an index below {len(starts)}"):
        corpus[len(starts)]


def test_several_files_are_one_text(corpus_file, tmp_path):
    (tmp_path / "more.txt").write_text("\r\nklm", encoding="utf-8", newline="")
    corpus = TextCorpus([corpus_file, str(tmp_path / "more.txt")], 4)
    assert corpus.vocabulary.decode(corpus.tokens) == "abcdefghij\r\nklm"


def test_a_vocabulary_can_be_given(corpus_file):
    corpus = pickle.loads(pickle.dumps(TextCorpus(corpus_file, 2, vocabulary=BytePairVocabulary([(97, 98)]))))
    assert corpus.tokens.tolist() == [256, *range(99, 107)]
    with pytest.raises(DataError, match="found 'b' at 1"):
        TextCorpus(corpus_file, 2, vocabulary=CharacterVocabulary("a"))


def test_what_does_not_fit_is_refused(corpus_file, tmp_path):
    with pytest.raises(ArgumentError, match="expected more tokens than the window's 10, found 10"):
        TextCorpus(corpus_file, 10)
    for window, stride in ((0, None), (3, 0)):
        with pytest.raises(ArgumentError, match="expected window and stride of 1 or more"):
            TextCorpus(corpus_file, window, stride=stride)
    (tmp_path / "latin.txt").write_bytes(b"na\xefve")
    with pytest.raises(DataError, match=r"latin\.txt: expected text in UTF-8"):
        TextCorpus(tmp_path / "latin.txt", 2)
