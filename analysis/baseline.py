"""What a watch usually shows at such an hour, from its own last 60 days."""

from __future__ import annotations

from collections import deque
from math import nan, sqrt
from typing import NamedTuple

WINDOW_HOURS = 60 * 24
FIRST_HOURS = 24
"""Hours needed before anything is expected at all: one day's rhythm."""
SHARE_CEILING = 1 / 3
"""Above this usual share a reaction cannot be asked to raise it: there the share must stay above the ceiling."""


class Reaction(NamedTuple):
    """Negative among relevant posts of an hour, and how many of either only repeat another post."""

    negative: int
    relevant: int
    negative_reposts: int = 0
    relevant_reposts: int = 0

    @property
    def said(self) -> tuple[int, int]:
        """(negative, relevant) without reposts: what a share is of."""
        return self.negative - self.negative_reposts, self.relevant - self.relevant_reposts


class _Hour(NamedTuple):
    number: int
    negative: int
    said_negative: int
    said: int
    surprise: float


class Baseline:
    """Running sums over the usable hours of the last 60 days; hours are numbered from the epoch (UTC).

    The expected count is the mean of the same hour of the day, drawn to the overall mean by three hours' worth,
    times the weekday's ratio to all days, drawn to 1 by three days' worth. Adding and expecting cost O(1).
    """

    def __init__(self) -> None:
        self._hours: deque[_Hour] = deque()
        self._day_sum = [0] * 24
        self._day_count = [0] * 24
        self._week_sum = [0] * 7
        self._week_count = [0] * 7
        self._negative = 0
        self._said_negative = 0
        self._said = 0
        self._surprise = 0.0

    def __len__(self) -> int:
        return len(self._hours)

    def forget_before(self, number: int) -> None:
        """Leave out every hour before `number`."""
        while self._hours and self._hours[0].number < number:
            self._count(self._hours.popleft(), -1)

    def add(self, number: int, seen: Reaction) -> None:
        """Take an hour into the baseline; hours come in order."""
        expected = self.expected(number)
        surprise = 1.0 if expected != expected else (seen.negative - expected) ** 2 / (expected + 0.5)
        hour = _Hour(number, seen.negative, *seen.said, surprise)
        self._hours.append(hour)
        self._count(hour, 1)

    def expected(self, number: int) -> float:
        """The usual negative count at that hour; NaN before there are 24 hours."""
        total = len(self._hours)
        if total < FIRST_HOURS:
            return nan
        mean = self._negative / total
        slot, weekday = number % 24, number // 24 % 7
        by_hour = (self._day_sum[slot] + 3 * mean) / (self._day_count[slot] + 3)
        if mean == 0:
            return 0.0
        by_week = (self._week_sum[weekday] / mean + 72) / (self._week_count[weekday] + 72)
        return by_hour * by_week

    def usual_share(self) -> float:
        """Negative among relevant over the window, reposts left out, drawn to a quarter by twenty posts' worth."""
        return (self._said_negative + 5) / (self._said + 20)

    def dispersion(self) -> float:
        """How much more the counts scatter than chance alone would (quasi-Poisson), at least 1."""
        return max(1.0, self._surprise / max(1, len(self._hours)))

    def evidence(self, number: int, seen: Reaction) -> float:
        """The smaller of two standardised residuals, of the negative count and of the negative share; NaN if too young.

        The count is measured against `expected` with the watch's own over-dispersion (quasi-Poisson), the share
        against the usual share (at most a third) with binomial spread; reposts add to the count alone. Both carry a
        guard in the denominator, so that three angry posts at night stay small.
        """
        expected = self.expected(number)
        if expected != expected:
            return nan
        volume = (seen.negative - expected) / sqrt(self.dispersion() * (expected + 0.5))
        negative, relevant = seen.said
        usual = min(self.usual_share(), SHARE_CEILING)
        share = (negative - relevant * usual) / sqrt(relevant * usual * (1 - usual) + 1)
        return min(volume, share)

    def _count(self, hour: _Hour, sign: int) -> None:
        slot, weekday = hour.number % 24, hour.number // 24 % 7
        self._day_sum[slot] += sign * hour.negative
        self._day_count[slot] += sign
        self._week_sum[weekday] += sign * hour.negative
        self._week_count[weekday] += sign
        self._negative += sign * hour.negative
        self._said_negative += sign * hour.said_negative
        self._said += sign * hour.said
        self._surprise += sign * hour.surprise
