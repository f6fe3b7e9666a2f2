"""Trains the clause head on sentences written for the project: `python -m terms.training` (needs scikit-learn).

One logistic regression per class over `terms.features`. Sentences alone teach single thoughts, so pairs of them are
added: a real clause often holds two. Nothing of a real document is trained on.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.terms import CLASSES
from terms.features import features

SENTENCES = Path(__file__).with_name("clause_sentences.tsv")
WEIGHTS = Path(__file__).with_name("clause_head.npz")
STRENGTH = 4.0
SEED = 20240212


def sentences() -> list[tuple[frozenset[str], str]]:
    """The invented sentences with their classes; none for those of no class."""
    rows = [line.split("\t", 1) for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line]
    return [(frozenset(names.split()) - {"none"}, text) for names, text in rows]


def examples() -> list[tuple[frozenset[str], str]]:
    """The sentences, and as many pairs of one sentence with one of no class or of the same class."""
    known = sentences()
    draw = random.Random(SEED)
    none = [text for names, text in known if not names]
    pairs = []
    for names, text in known:
        same = [other for others, other in known if others == names and other != text] or none
        first, second = text, draw.choice(none if draw.random() < 0.5 else same)
        pairs.append((names, f"{first} {second}" if draw.random() < 0.5 else f"{second} {first}"))
    return known + pairs


def fit(rows: list[tuple[frozenset[str], str]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(weights, biases): one row per class."""
    from sklearn.linear_model import LogisticRegression

    matrix = np.stack([features(text) for _, text in rows])
    weights, biases = [], []
    for name in CLASSES:
        wanted = np.array([name in names for names, _ in rows])
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000).fit(matrix, wanted)
        weights.append(model.coef_[0])
        biases.append(model.intercept_[0])
    return np.array(weights, np.float32), np.array(biases, np.float32)


def main() -> None:
    """Write the weights."""
    weights, biases = fit(examples())
    np.savez_compressed(WEIGHTS, weights=weights.astype(np.float16), biases=biases)


if __name__ == "__main__":
    main()
