"""A text as numbers for the clause head: hashed words and pairs of words, and the cues of each class."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.terms import CLASSES
from terms.cues import counts
from terms.passages import words_of

BUCKETS = 4096
WIDTH = BUCKETS + 3 * len(CLASSES)
_ENDING = re.compile(r"(?:'s|ing|edly|ed|es|s)$")
_STOP_WORDS = "the a an of to in and or for on by with that this these it is are be as at from we you your our us"
_STOP = frozenset(_STOP_WORDS.split())


def features(text: str) -> NDArray[np.float32]:
    """One row: words by hash, scaled to length 1, then per class whether, how many and how densely cues stand."""
    row = np.zeros(WIDTH, np.float32)
    words = [_ENDING.sub("", word) if len(word) > 4 else word for word in words_of(text.casefold()).split()]
    for pair in pairwise(words):
        row[_bucket(" ".join(pair))] += 0.5
    for word in words:
        if word not in _STOP:
            row[_bucket(word)] += 1
    length = float(np.sqrt((row**2).sum()))
    if length:
        row /= length
    found = np.array(counts(text), np.float32)
    size = len(CLASSES)
    row[BUCKETS : BUCKETS + size] = found > 0
    row[BUCKETS + size : BUCKETS + 2 * size] = np.log1p(found)
    row[BUCKETS + 2 * size :] = found / max(1.0, float(found.sum()))
    return row


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS
