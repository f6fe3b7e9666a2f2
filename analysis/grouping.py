"""Texts of like meaning, grouped by their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 30
RESTARTS = 3
ALIKE = 0.75
"""Two groups whose centres are nearer than this are one."""
BELONGS = 0.30
"""A text this near to its group's centre belongs to it, else to none."""
SAMPLE = 1200


@dataclass(frozen=True, slots=True)
class Groups:
    """`label` per text (-1: in no group) and the unit centres (k, d), in the space of `centred`; largest group first.

    `near` is each text's cosine to its centre.
    """

    label: np.ndarray
    centres: np.ndarray
    near: np.ndarray


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Unit vectors less what all texts share: posts on one subject are else all alike."""
    moved = vectors.astype(float) - mean
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    scaled: np.ndarray = moved / np.where(lengths > 1e-9, lengths, 1.0)
    return scaled


def group(vectors: np.ndarray, *, smallest: int, most: int = 12) -> Groups:
    """Spherical k-means of centred unit vectors with sqrt(n / 8) centres, like ones merged, small ones dissolved.

    Deterministic: the same vectors in the same order give the same groups. Source: Dhillon and Modha, "Concept
    decompositions for large sparse text data using clustering", Machine Learning 42 (2001) 143-175.
    """
    if len(vectors) < 2 * smallest:
        return Groups(np.full(len(vectors), -1), np.empty((0, vectors.shape[1])), np.zeros(len(vectors)))
    k = int(np.clip(np.sqrt(len(vectors) / 8), 2, most))
    centres = _settle(vectors, _merged(_best(vectors[:: max(1, len(vectors) // SAMPLE)], k), vectors))
    label, near = _assign(vectors, centres)
    label = np.where(near >= BELONGS, label, -1)
    sizes = np.bincount(label[label >= 0], minlength=len(centres))
    order = [int(k) for k in np.argsort(-sizes, kind="stable") if sizes[k] >= smallest]
    place = np.full(len(centres) + 1, -1)
    place[order] = np.arange(len(order))
    return Groups(place[label], centres[order], near)


def _best(vectors: np.ndarray, k: int) -> np.ndarray:
    """The best of a few starts."""
    found = [_settle(vectors, _start(vectors, k, np.random.default_rng(seed))) for seed in range(RESTARTS)]
    return max(found, key=lambda centres: float(_assign(vectors, centres)[1].sum()))


def _start(vectors: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k-means++ by cosine distance."""
    chosen = [int(rng.integers(len(vectors)))]
    far = 1 - vectors @ vectors[chosen[0]]
    while len(chosen) < k:
        weight = np.clip(far, 0, None) ** 2
        total = float(weight.sum())
        chosen.append(int(rng.choice(len(vectors), p=weight / total)) if total > 0 else chosen[-1])
        far = np.minimum(far, 1 - vectors @ vectors[chosen[-1]])
    return vectors[chosen]


def _settle(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    label = np.full(len(vectors), -1)
    for _ in range(ROUNDS):
        now, near = _assign(vectors, centres)
        if (now == label).all():
            break
        label = now
        sums = np.zeros_like(centres)
        np.add.at(sums, label, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        empty = lengths[:, 0] <= 1e-9
        centres = np.where(empty[:, None], vectors[np.argmin(near)], sums / np.where(lengths > 1e-9, lengths, 1))
    return centres


def _assign(vectors: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    likeness = vectors @ centres.T
    label = likeness.argmax(axis=1)
    return label, likeness[np.arange(len(vectors)), label]


def _merged(centres: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The nearest two centres become one until no two are alike: a tight theme that was cut up is whole again."""
    weight = np.bincount(_assign(vectors, centres)[0], minlength=len(centres)).astype(float) + 1e-9
    while len(centres) > 1:
        likeness = centres @ centres.T - 2 * np.eye(len(centres))
        one, two = divmod(int(likeness.argmax()), len(centres))
        if likeness[one, two] < ALIKE:
            break
        both = weight[one] * centres[one] + weight[two] * centres[two]
        centres[one], weight[one] = both / np.linalg.norm(both), weight[one] + weight[two]
        centres, weight = np.delete(centres, two, axis=0), np.delete(weight, two)
    return centres
