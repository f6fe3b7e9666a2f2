"""Honest figures for the heads with few labels: predictions for posts of controversies that a fold did not see.

Controversies are dealt to folds whole; only the posts of the largest one are split at random, so its own figures
say how well a model does on a controversy that it knows, and the others' how well on one that it does not.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.data import Row

FOLDS = 2


def deal(rows: Sequence[Row], *, folds: int = FOLDS, seed: int = 5) -> NDArray[np.int64]:
    """Fold number per row: groups whole and balanced by size, the largest group split at random."""
    sizes = Counter(row.group for row in rows)
    largest = sizes.most_common(1)[0][0]
    load, home = [0] * folds, {}
    for group, size in sizes.most_common():
        if group != largest:
            home[group] = load.index(min(load))
            load[home[group]] += size
    draw = random.Random(seed)
    return np.array([draw.randrange(folds) if row.group == largest else home[row.group] for row in rows])
