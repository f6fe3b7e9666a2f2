"""Scores of a classifier: macro recall, macro-F1, F1 of one class, and a bootstrap interval round any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Metric = Callable[[Labels, Labels], float]


def _counts(gold: Labels, predicted: Labels, label: int) -> tuple[int, int, int]:
    hits = int(np.sum((gold == label) & (predicted == label)))
    return hits, int(np.sum(gold == label)), int(np.sum(predicted == label))


def f1(gold: Labels, predicted: Labels, label: int = 1) -> float:
    """F1 of one class in [0, 1]; 0 where the class is neither present nor predicted."""
    hits, present, claimed = _counts(gold, predicted, label)
    return 2 * hits / (present + claimed) if present + claimed else 0.0


def macro_recall(gold: Labels, predicted: Labels) -> float:
    """Mean recall over the classes present in `gold`, in [0, 1]: TweetEval's measure of sentiment."""
    recalls = []
    for label in np.unique(gold):
        hits, present, _ = _counts(gold, predicted, int(label))
        recalls.append(hits / present)
    return float(np.mean(recalls))


def macro_f1(gold: Labels, predicted: Labels) -> float:
    """Mean F1 over the classes in `gold` or `predicted`, in [0, 1]: TweetEval's measure of emotion."""
    labels = np.union1d(gold, predicted)
    return float(np.mean([f1(gold, predicted, int(label)) for label in labels]))


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_], *, bins: int = 15) -> float:
    """Expected calibration error in [0, 1] over `bins` of equal mass (Guo et al. 2017; Nixon et al. 2019).

    `probability` (n,) is what was claimed, `right` (n,) whether it came true.
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(float(probability[part].mean() - right[part].mean())) * len(part) for part in parts]
    return sum(gaps) / len(probability)


def bootstrap(
    metric: Metric, gold: Labels | Sequence[int], predicted: Labels | Sequence[int], *, rounds: int = 1_000
) -> tuple[float, float, float]:
    """The value of `metric` with its 95 % percentile interval over `rounds` resamples of the rows (fixed seed)."""
    gold, predicted = np.asarray(gold, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    draw = np.random.default_rng(0)
    rows = (draw.integers(0, len(gold), len(gold)) for _ in range(rounds))
    values = [metric(gold[picked], predicted[picked]) for picked in rows]
    low, high = np.percentile(values, [2.5, 97.5])
    return metric(gold, predicted), float(low), float(high)
