"""A topic from a few examples: logistic regression on embeddings, examples against posts that nobody has labelled.

The description and the examples are one side; the posts that ship with Uproar and those of the watch itself are the
other, each side with half of the weight. Some of the others do have the topic; they are few, and the penalty is strong
enough for that (C. Elkan and K. Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records import Classifier
from core.text import model_input
from models.data import own_posts
from models.linear import Matrix, Seen, fit

PENALTY = 0.01
MOST_OTHERS = 1_000  # texts of the watch that stand for "not about it"; more change little and cost time


@dataclass(frozen=True, slots=True)
class Told:
    """Which texts have a topic, and how many of its examples are recognised by a fit that has not seen them."""

    yes: NDArray[np.bool_]
    recognised: int
    examples: int


class FewShot:
    """Tells custom topics of one set of texts; what is the same for every topic is embedded once."""

    def __init__(
        self, classifier: Classifier, texts: Sequence[str], *, background: Sequence[str] | None = None
    ) -> None:
        """`background` are texts that stand for everything else: by default the posts that ship with Uproar."""
        self._classifier = classifier
        self._texts = [model_input(text) for text in texts]
        others = [row.text for row in own_posts()] if background is None else list(background)
        self._vectors = self._embed(self._texts)
        self._background = self._embed(others)
        every = self._vectors if len(self._vectors) else self._background
        self._mean = every.mean(axis=0)

    def tell(self, description: str, examples: Sequence[str]) -> Told:
        """Which texts are about what is described and shown; a text that is an example has the topic."""
        shown = [model_input(text) for text in examples]
        known = np.array([text in set(shown) for text in self._texts], dtype=bool)
        open_ = np.flatnonzero(~known)
        if len(open_) > MOST_OTHERS:
            open_ = open_[np.linspace(0, len(open_) - 1, MOST_OTHERS).astype(int)]
        others = np.vstack([self._background, self._vectors[open_]])
        positive = self._embed([*shown, model_input(description)])
        yes = self._says(positive, others, self._vectors) | known
        recognised = 0
        for n in range(len(shown)):
            recognised += int(self._says(np.delete(positive, n, axis=0), others, positive[n : n + 1])[0])
        return Told(yes, recognised, len(shown))

    def _says(self, positive: Matrix, others: Matrix, asked: Matrix) -> NDArray[np.bool_]:
        if not len(asked):
            return np.zeros(0, dtype=bool)
        sides = [len(positive), len(others)]
        targets = np.repeat([1.0, 0.0], sides)[:, None]
        weight = np.repeat([0.5 / count for count in sides], sides)[:, None]
        vectors = np.vstack([positive, others]) - self._mean
        made = fit(Seen(vectors, np.zeros_like(targets), targets, weight), penalty=PENALTY, independent=True)
        return np.asarray(made.of(asked - self._mean)[:, 0] >= 0)

    def _embed(self, texts: Sequence[str]) -> Matrix:
        return np.asarray(self._classifier.embed(texts), dtype=np.float64)
