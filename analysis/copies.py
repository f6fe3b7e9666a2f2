"""Near-identical texts: who says it in their own words, and what is copy and paste."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from analysis.keywords import words

SHINGLE = 3
ALIKE = 0.7
FEWEST_WORDS = 6
"""A text of fewer words says the same as others without being copied."""
_HASHES, _BANDS = 64, 16
_PRIME = (1 << 31) - 1


def copy_groups(texts: Sequence[str]) -> np.ndarray:
    """A group number per text, alike for texts that share 70 % of their three-word shingles; -1 for one without a like.

    Candidates by MinHash in bands (Broder, "On the resemblance and containment of documents", 1997), each then
    checked exactly against the first text of its group. Texts of under six words are never copies.
    """
    shingles = [_shingles(text) for text in texts]
    parent = np.arange(len(texts))
    rng = np.random.default_rng(7)
    a, b = rng.integers(1, _PRIME, _HASHES), rng.integers(0, _PRIME, _HASHES)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for n, own in enumerate(shingles):
        if not own:
            continue
        hashed = np.fromiter(own, dtype=np.int64)
        signature = ((hashed[:, None] * a + b) % _PRIME).min(axis=0)
        for band, part in enumerate(signature.reshape(_BANDS, -1)):
            row = buckets[band, part.tobytes()]
            for first in row[:5]:
                if _root(parent, n) != _root(parent, first) and _alike(own, shingles[first]):
                    parent[_root(parent, n)] = _root(parent, first)
            row.append(n)
    roots = np.array([_root(parent, n) for n in range(len(texts))], dtype=int)
    sizes = np.bincount(roots, minlength=len(texts)) if len(texts) else np.empty(0, dtype=int)
    return np.where(sizes[roots] > 1, roots, -1) if len(texts) else roots


def _shingles(text: str) -> frozenset[int]:
    row = words(text)
    if len(row) < FEWEST_WORDS:
        return frozenset()
    joined = (" ".join(row[n : n + SHINGLE]) for n in range(len(row) - SHINGLE + 1))
    return frozenset(zlib.crc32(part.encode("utf-8", "surrogatepass")) % _PRIME for part in joined)


def _alike(one: frozenset[int], two: frozenset[int]) -> bool:
    return len(one & two) >= ALIKE * len(one | two)


def _root(parent: np.ndarray, n: int) -> int:
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = int(parent[n])
    return n
