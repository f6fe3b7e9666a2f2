"""A text as numbers for the clause head: hashed words and pairs of words, and the cues of each class."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.terms import CLASSES
from terms.cues import cues_of
from terms.passages import sentences_of, words_of

BUCKETS = 4096
WIDTH = BUCKETS + 3 * len(CLASSES)
_ENDING = re.compile(r"(?:'s|ing|edly|ed|es|s)$")
_STOP_WORDS = "the a an of to in and or for on by with that this these it is are be as at from we you your our us"
_STOP = frozenset(_STOP_WORDS.split())


def features(text: str) -> NDArray[np.float32]:
    """One row: words by hash, scaled to length 1, then per class whether, how many and how densely cues stand."""
    row = np.zeros(WIDTH, np.float32)
    parts = [_part(part) for part in parts_of(text)]
    found: list[set[str]] = [set() for _ in CLASSES]
    for words, pairs, cues in parts:
        np.add.at(row, words, 1)
        np.add.at(row, pairs, 0.5)
        for known, more in zip(found, cues, strict=True):
            known |= more
    length = float(np.sqrt(row @ row))
    if length:
        row /= length
    size = len(CLASSES)
    many = np.array([len(cues) for cues in found], np.float32)
    row[BUCKETS : BUCKETS + size] = many > 0
    row[BUCKETS + size : BUCKETS + 2 * size] = np.log1p(many)
    row[BUCKETS + 2 * size :] = many / max(1.0, float(many.sum()))
    return row


def parts_of(text: str) -> list[str]:
    """The sentences of a passage, the items of its list included."""
    return [part for line in text.splitlines() for part in sentences_of(line.removeprefix("- "))]


@lru_cache(maxsize=10_000)
def _part(text: str) -> tuple[list[int], list[int], list[set[str]]]:
    """Of one sentence: buckets of its words, of its pairs of words, and its cues by class.

    Remembered, because a sentence is read by itself and as part of its passage.
    """
    words = [_stem(word) for word in words_of(text.casefold()).split()]
    pairs = [_bucket(" ".join(pair)) for pair in pairwise(words)]
    return [_bucket(word) for word in words if word not in _STOP], pairs, cues_of(text)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return _ENDING.sub("", word) if len(word) > 4 else word


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS
