"""The record: past values in order, and the value that a new one must beat for a stated false-alarm rate."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import inf
from typing import NamedTuple

HOURS_PER_30_DAYS = 720


class Threshold(NamedTuple):
    """A new value is out of the ordinary when it is greater than `value`; by chance `rate` times in 30 days."""

    value: float
    rank: int
    rate: float


class Record:
    """Past hourly values of a moving window, sorted; hours are numbered from the epoch and come in order."""

    def __init__(self) -> None:
        self._sorted: list[float] = []
        self._queue: deque[tuple[int, float]] = deque()

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, number: int, value: float) -> None:
        """Take in the value of an hour."""
        insort(self._sorted, value)
        self._queue.append((number, value))

    def forget_before(self, number: int) -> None:
        """Leave out every hour before `number`."""
        while self._queue and self._queue[0][0] < number:
            del self._sorted[bisect_left(self._sorted, self._queue.popleft()[1])]

    def rank(self, value: float) -> float:
        """The fraction of the past below `value`, in 0..1: 1 is a record."""
        return bisect_left(self._sorted, value) / len(self._sorted)

    def top(self) -> float:
        """The largest of the past; 0 when there is none."""
        return self._sorted[-1] if self._sorted else 0.0

    def median(self) -> float:
        """The median of the past; 0 when there is none."""
        size = len(self._sorted)
        return (self._sorted[(size - 1) // 2] + self._sorted[size // 2]) / 2 if size else 0.0

    def quantile(self, part: float) -> float:
        """The value under which `part` of the past lies; 0 when there is none."""
        return self._sorted[int(part * (len(self._sorted) - 1))] if self._sorted else 0.0

    def threshold(self, false_alarms: float) -> Threshold:
        """Conformal: the r-th largest of n past values, r = max(1, floor(false_alarms * (n + 1) / 720)).

        Under exchangeable hours a new value beats it with probability r / (n + 1), whatever the distribution
        (Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005). `false_alarms` is the wanted
        rate per 30 days; where the past is too short for it the record rule (r = 1) holds, and `rate` says so.
        """
        size = len(self._sorted)
        rank = max(1, int(false_alarms * (size + 1) / HOURS_PER_30_DAYS))
        value = self._sorted[-rank] if size >= rank else -inf
        return Threshold(value, rank, HOURS_PER_30_DAYS * rank / (size + 1))
