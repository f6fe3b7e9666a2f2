"""Change points: where a share or a count settles at another level, found as the best division into level stretches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PENALTY = 5.0
"""What a further change point must gain: so many times log(steps) in deviance. On simulated series without any change
(168 to 720 hours of shares, 30 to 60 days of counts, over-dispersed and with a weekly pattern too) at most 4 in 100
then show one, plain ones none in 300."""
_FEWEST_COUNTS = 5
_CHI2 = 3.841
_MEDIAN_OF_NORMAL = 0.6745
Cost = Callable[[NDArray[np.int64], int], Floats]


@dataclass(frozen=True, slots=True)
class Change:
    """The first step of a new level, and the first and last step at which it may as well have begun (95 %)."""

    step: int
    earliest: int
    latest: int


def share_changes(k: Floats, n: Floats, *, least: int = 3) -> list[Change]:
    """Where the share of k among n changes its level; each stretch has `least` steps with posts or more.

    `k` and `n` are counts per step, n may be nought. The division minimises the binomial deviance, over-dispersion
    taken out, plus a penalty for each change (optimal partitioning: Jackson et al., IEEE Signal Processing Letters
    12 (2005) 105-108; the same optimum as PELT: Killick, Fearnhead, Eckley, JASA 107 (2012) 1590-1598). A change's
    span is that of the places, its neighbours kept, whose deviance is within the 95 % point of chi-square(1).
    """
    places = np.flatnonzero(n > 0)
    k, n = k[places], n[places]
    if len(places) < 2 * least:
        return []
    ks, ns = _sums(k), _sums(n)

    def cost(starts: NDArray[np.int64], end: int) -> Floats:
        hit, all_ = ks[end] - ks[starts], ns[end] - ns[starts]
        return -2 * (_xlogy(hit, hit / all_) + _xlogy(all_ - hit, 1 - hit / all_))

    found = _divide(len(places), cost, dispersion=_share_dispersion(k, n), least=least)
    return [Change(*(int(places[step]) for step in change)) for change in found]


def count_changes(counts: Floats, *, least: int = 1) -> list[Change]:
    """Where a count changes its level, as `share_changes` by the Poisson deviance; NaN steps are left out."""
    places = np.flatnonzero(~np.isnan(counts))
    counts = counts[places]
    if len(places) < _FEWEST_COUNTS:
        return []
    sums = _sums(counts)

    def cost(starts: NDArray[np.int64], end: int) -> Floats:
        total = sums[end] - sums[starts]
        return -2 * _xlogy(total, total / (end - starts))

    found = _divide(len(places), cost, dispersion=_count_dispersion(counts), least=least)
    return [Change(*(int(places[step]) for step in change)) for change in found]


def _divide(steps: int, cost: Cost, *, dispersion: float, least: int) -> list[tuple[int, int, int]]:
    price = PENALTY * np.log(steps) * dispersion
    best = np.full(steps + 1, np.inf)
    best[0] = -price
    before = np.zeros(steps + 1, dtype=np.int64)
    for end in range(least, steps + 1):
        starts = np.arange(0, end - least + 1)
        totals = best[starts] + cost(starts, end) + price
        place = int(np.argmin(totals))
        best[end], before[end] = totals[place], starts[place]
    edges = [steps]
    while edges[-1] > 0:
        edges.append(int(before[edges[-1]]))
    edges = edges[::-1]
    found = []
    for left, step, right in zip(edges, edges[1:], edges[2:], strict=False):
        places = np.arange(left + least, right - least + 1)
        whole = np.array([cost(np.array([left]), int(place))[0] for place in places]) + cost(places, right)
        likely = places[whole <= whole[places == step] + _CHI2 * dispersion]
        found.append((step, int(likely[0]), int(likely[-1])))
    return found


def _share_dispersion(k: Floats, n: Floats) -> float:
    """How much more neighbours differ than chance lets them, robustly; 1 where they do not."""
    share = (k[1:] + k[:-1] + 1) / (n[1:] + n[:-1] + 2)
    spread = np.sqrt(share * (1 - share) * (1 / n[1:] + 1 / n[:-1]))
    return _robust((k[1:] / n[1:] - k[:-1] / n[:-1]) / spread)


def _count_dispersion(counts: Floats) -> float:
    return _robust((counts[1:] - counts[:-1]) / np.sqrt(np.maximum(counts[1:] + counts[:-1], 1)))


def _robust(deviates: Floats) -> float:
    return max(1.0, float(np.median(np.abs(deviates)) / _MEDIAN_OF_NORMAL) ** 2)


def _sums(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _xlogy(x: Floats, y: Floats) -> Floats:
    return np.where(x > 0, x * np.log(np.where(x > 0, y, 1.0)), 0.0)
