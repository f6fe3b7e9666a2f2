"""What another model's class names mean here: a head of ours and the class of each column, or a refusal.

A model trained on three tones, on stars or on positive and negative has the head sentiment; one trained on
against/favour has stance. Names alone decide: a model that only says LABEL_0 is refused, nothing tells what it means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelRefused
from core.records import SENTIMENTS, STANCES

_TONES = {
    "negative": 0, "neg": 0, "very negative": 0, "bad": 0, "1 star": 0, "2 stars": 0, "very_negative": 0,
    "neutral": 1, "neu": 1, "mixed": 1, "3 stars": 1,
    "positive": 2, "pos": 2, "very positive": 2, "good": 2, "4 stars": 2, "5 stars": 2, "very_positive": 2,
}  # fmt: skip
_SIDES = {
    "against": 0, "con": 0, "oppose": 0, "disagree": 0,
    "none": 1, "neither": 1, "neutral": 1, "neutrality": 1, "unrelated": 1,
    "for": 2, "favor": 2, "favour": 2, "in favor": 2, "pro": 2, "support": 2, "agree": 2,
}  # fmt: skip
_HEADS = (("sentiment", _TONES, SENTIMENTS), ("stance", _SIDES, STANCES))


def head_of(labels: Sequence[str], model: str) -> tuple[str, NDArray[np.float32]]:
    """(head, matrix): probabilities (n, labels) @ matrix gives the head's own classes (n, 3).

    Raises ModelRefused, with the labels, where they are not all known or do not hold both ends.
    """
    names = [re.sub(r"\s+", " ", label.strip().lower()) for label in labels]
    for head, known, classes in _HEADS:
        places = [known.get(name) for name in names]
        if None not in places and {0, 2} <= set(places):
            matrix = np.zeros((len(names), len(classes)), np.float32)
            matrix[np.arange(len(names)), np.array(places, dtype=np.int64)] = 1.0
            return head, matrix
    raise ModelRefused(
        f"{model}: its labels are {', '.join(labels)}; none of Uproar's heads has these. Known are tones (negative, "
        "neutral, positive; 1 star to 5 stars) and sides (against, neutral or none, favor). Set id2label in its "
        "config.json to such names if that is what its numbers mean"
    )
