"""Shares corrected for the classifier's error by labels of a random sample: prediction-powered inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 30
"""Under so many labelled posts no share is corrected."""
_Z = 1.959964
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A corrected share with its 95 % interval, in 0..1, and the labels that it stands on."""

    share: float
    low: float
    high: float
    labels: int


def corrected_share(
    counts: tuple[int, int, int], labelled: tuple[Floats, Floats], predicted: tuple[Floats, Floats], *, weights: Floats
) -> Corrected | None:
    """The share of negative among relevant posts; None under `LEAST` labels or where too few of them are relevant.

    `counts` is what the model says of all posts: (negative, relevant, scored). `labelled` and `predicted` are
    (negative and relevant, relevant) as 0 or 1 per labelled post, `weights` how many posts each stands for. The
    share is a ratio of two means; each is the model's mean less its measured error, and the interval is by the delta
    method. How far the model is trusted (0 to 1) is tuned to the least variance. Two made-up posts, whose errors
    are -1 and 1, keep the interval from closing where a small sample shows no error.
    Sources: Angelopoulos et al., "Prediction-powered inference", Science 382 (2023) 669-674; Angelopoulos, Duchi,
    Zrnic, "PPI++" (2023) for the tuning; Agresti, Coull, The American Statistician 52 (1998) 119-126 for the two.
    """
    negative, relevant, scored = counts
    n = len(weights)
    if n < LEAST or not scored or labelled[1].sum() < LEAST / 3:
        return None
    w = weights / weights.sum()
    ratio = float((w * labelled[0]).sum() / (w * labelled[1]).sum())
    truth, model = labelled[0] - ratio * labelled[1], predicted[0] - ratio * predicted[1]
    trust = _trust(truth, model, w, n / scored)
    top = trust * negative / scored + float((w * (labelled[0] - trust * predicted[0])).sum())
    base = trust * relevant / scored + float((w * (labelled[1] - trust * predicted[1])).sum())
    if base <= 0:
        return None
    share = top / base
    error = labelled[0] - share * labelled[1] - trust * (predicted[0] - share * predicted[1])
    centred = error - float((w * error).sum())
    spread = float((w**2 * centred**2).sum()) + 2 * float(np.mean(w)) ** 2
    spread += trust**2 * float(np.var(predicted[0] - share * predicted[1])) / scored
    half = _Z * np.sqrt(spread * n / (n - 1)) / base
    share = float(np.clip(share, 0, 1))
    return Corrected(share, max(0.0, share - half), min(1.0, share + half), n)


def _trust(truth: Floats, model: Floats, w: Floats, rate: float) -> float:
    centred = model - (w * model).sum()
    variance = float((w * centred**2).sum())
    if variance == 0:
        return 0.0
    return float(np.clip((w * (truth - (w * truth).sum()) * centred).sum() / ((1 + rate) * variance), 0, 1))


def kappa(first: list[str], second: list[str]) -> float:
    """Cohen's kappa of two readers of the same posts (Cohen 1960): agreement beyond chance; NaN where undefined."""
    if not first:
        return float("nan")
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
    chance = sum(first.count(v) * second.count(v) for v in set(first)) / len(first) ** 2
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")
