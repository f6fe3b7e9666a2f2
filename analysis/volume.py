"""Volume where the mood is unknown: far more posts than usual while most of them have no score.

Such an hour is judged by its number of posts alone, against the record of the watch's own numbers of posts. An hour is
judged either by its mood or by its volume, each at the stated rate, so the rate of the watch is the same.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from analysis.baseline import WINDOW_HOURS, Baseline, Reaction
from analysis.record import Record
from analysis.topic_spikes import LONGEST_EPISODE, PEAK_CAP
from core.watches import AlertRules

TIMES = 2.0
"""At least so many times the usual number of posts: more than moods, numbers move for reasons that do not matter."""
KNOWN_HOURS = 30 * 24
UNREAD = 0.5
"""With less than this part of the posts unread, the mood is known well enough to be judged."""


class Loud(NamedTuple):
    """An hour whose number of posts is beyond the record; by chance `rate` times in 30 days."""

    posts: int
    expected: float
    days: int
    rate: float


class Volume:
    """The number of posts of one watch, hour after hour."""

    def __init__(self, rules: AlertRules) -> None:
        self._rules = rules
        self._usual = Baseline()
        self._past = Record()
        self._since: int | None = None
        self._peak = 0.0

    def see(self, number: int, posts: int, *, whole: bool) -> Loud | None:
        """What is to be said of the number of posts of an hour; a `whole` one (closed and covered) teaches besides."""
        self._usual.forget_before(number - WINDOW_HOURS)
        self._past.forget_before(number - WINDOW_HOURS)
        expected = self._usual.expected(number)
        if expected != expected:
            self._usual.add(number, Reaction(posts, posts))
            return None
        value = (posts - expected) / sqrt(self._usual.dispersion() * (expected + 0.5))
        limit = self._past.threshold(self._rules.false_alarms)
        enough = posts >= max(TIMES * expected, self._rules.minimum_relevant)
        beyond = len(self._past) >= KNOWN_HOURS and value > limit.value and enough
        if whole:
            self._learn(number, posts, value, beyond=beyond, cap=PEAK_CAP * max(1.0, limit.value))
        days = max(1, round(len(self._past) / 24))
        return Loud(posts, expected, days, limit.rate) if beyond else None

    def _learn(self, number: int, posts: int, value: float, *, beyond: bool, cap: float) -> None:
        if not beyond:
            if self._since is not None:
                self._past.add(number, self._peak)
            self._since, self._peak = None, 0.0
        elif self._since is None:
            self._since = number
        if self._since is not None and number - self._since < LONGEST_EPISODE:
            self._peak = max(self._peak, min(value, cap))
            return
        self._usual.add(number, Reaction(posts, posts))
        self._past.add(number, min(value, cap))
