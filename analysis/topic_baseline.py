"""What each topic of a watch usually shows, from its own last 60 days; one array row for all topics."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from analysis.baseline import FIRST_HOURS

Floats = NDArray[np.float64]


class TopicBaselines:
    """What each topic usually shows, as `analysis.baseline.Baseline` does for the watch; one array row per topic.

    An hour's negative posts on a topic (reposts left out) are held against the larger of two means: those of such an
    hour, and those of the topic's usual part in as many relevant posts. The residual is of square roots (Anscombe,
    "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948), whose tail is as thin
    for a rare topic as for a common one, over the topic's own dispersion.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._hours: deque[tuple[int, Floats, Floats, int, Floats]] = deque()
        self._day, self._days = np.zeros((24, size)), np.zeros((24, size))
        self._week, self._weeks = np.zeros((7, size)), np.zeros((7, size))
        self._sum, self._count, self._surprise, self._relevant = (np.zeros(size) for _ in range(4))

    def forget_before(self, number: int) -> None:
        """Leave out every hour before `number`."""
        while self._hours and self._hours[0][0] < number:
            self._take(self._hours.popleft(), -1)

    def expected(self, number: int) -> Floats:
        """(topics,) the usual counts at that hour; NaN before a topic has 24 hours."""
        count = np.maximum(self._count, 1)
        mean = self._sum / count
        slot, weekday = number % 24, number // 24 % 7
        by_hour = (self._day[slot] + 3 * mean) / (self._days[slot] + 3)
        by_week = (self._week[weekday] + 72 * mean) / (self._weeks[weekday] + 72)
        usual = by_hour * by_week / np.where(mean > 0, mean, 1.0)
        return np.where(self._count < FIRST_HOURS, np.nan, usual)

    def residuals(self, seen: Floats, relevant: int, expected: Floats) -> Floats:
        """(topics,) the residual of each topic; NaN where nothing is expected yet."""
        part = (self._sum + 0.5) / (self._relevant + 20)
        mean = np.fmax(expected, part * relevant)
        dispersion = np.maximum(1.0, self._surprise / np.maximum(self._count, 1))
        found: Floats = 2 * (np.sqrt(seen + 0.375) - np.sqrt(mean + 0.375)) / np.sqrt(dispersion)
        return np.where(np.isnan(expected), np.nan, found)

    def learn(self, number: int, seen: Floats, relevant: int, expected: Floats, known: Floats) -> None:
        """Take in a closed, covered hour for the topics where `known` is 1."""
        surprise = np.where(np.isnan(expected), 1.0, (seen - expected) ** 2 / (expected + 0.5))
        hour = (number, known, seen * known, relevant, surprise * known)
        self._hours.append(hour)
        self._take(hour, 1)

    def _take(self, hour: tuple[int, Floats, Floats, int, Floats], sign: int) -> None:
        number, known, seen, relevant, surprise = hour
        slot, weekday = number % 24, number // 24 % 7
        self._day[slot] += sign * seen
        self._days[slot] += sign * known
        self._week[weekday] += sign * seen
        self._weeks[weekday] += sign * known
        self._sum += sign * seen
        self._count += sign * known
        self._surprise += sign * surprise
        self._relevant += sign * relevant * known
