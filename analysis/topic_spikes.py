"""Topics that stand out, under the false-alarm rate of their watch.

A topic's value stands in the same record as the watch's own evidence: the largest of them is what an hour showed, so
that more topics raise the bar instead of the number of false alarms. A topic that could not alert, for want of posts
or of size, does not count. Only what people wrote counts: reposts are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np

from analysis.slow_rise import EFFECT
from analysis.topic_baseline import Floats, TopicBaselines
from core.watches import AlertRules

QUIET_HOURS = 6
"""An episode is over after so many hours under its threshold."""
LONGEST_EPISODE = 7 * 24
"""After so long a new level is the topic's own: its hours return to the baseline."""
PEAK_CAP = 1.5
"""A peak enters the record as at most 1.5 times the threshold that it beat, so that one uproar does not make the
watch deaf for 60 days; under chance alone hardly any hour reaches the cap."""


class TopicSpike(NamedTuple):
    """A topic beyond the record in one hour; `begins` where no hour of this episode came before."""

    topic: str
    negative: int
    expected: float
    begins: bool


@dataclass(slots=True)
class _Episode:
    start: int
    threshold: float
    peak: float
    quiet: int = 0


class Topics:
    """The topics of one watch: what each shows, and which are in an episode of their own."""

    def __init__(self, names: Sequence[str], rules: AlertRules) -> None:
        self._names = tuple(names)
        self._rules = rules
        self._usual = TopicBaselines(len(self._names))
        self._episodes: dict[int, _Episode] = {}

    def values(self, number: int, seen: Sequence[int], said: int, relevant: int) -> tuple[Floats, Floats]:
        """(topics,) the value of each, -inf where it could not alert, and what is expected of it.

        `seen` are negative posts by topic and `said` relevant ones, both without reposts; `relevant` is with them.
        """
        counts = np.asarray(seen, dtype=float)
        expected = self._usual.expected(number)
        able = (counts >= np.fmax(EFFECT * expected, self._rules.minimum_negative)) & ~np.isnan(expected)
        if relevant < self._rules.minimum_relevant or not able.any():
            return np.full(len(counts), -inf), expected
        return np.where(able, self._usual.residuals(counts, said, expected), -inf), expected

    def expected(self, number: int) -> Floats:
        """(topics,) what is usual at that hour; NaN before there are 24 hours."""
        return self._usual.expected(number)

    def loudest(self, values: Floats) -> float:
        """The largest value of a topic that is in no episode; -inf when there is none."""
        free = [value for topic, value in enumerate(values.tolist()) if topic not in self._episodes]
        return max(free, default=-inf)

    def beyond(
        self, number: int, values: Floats, seen: Sequence[int], expected: Floats, *, limit: float, whole: bool,
        alone: bool,
    ) -> tuple[TopicSpike, ...]:  # fmt: skip
        """The topics beyond `limit`, or in an episode beyond the threshold that it began with.

        With `alone` a topic beyond the limit begins an episode; else they are part of the watch's own.
        """
        found = []
        for topic, value in enumerate(values.tolist()):
            episode = self._episodes.get(topic)
            if value > (episode.threshold if episode else limit):
                if alone and episode is None:
                    self._episodes[topic] = _Episode(number, limit, value)
                elif episode is not None:
                    episode.quiet, episode.peak = 0, max(episode.peak, value)
                found.append(
                    TopicSpike(self._names[topic], seen[topic], float(expected[topic]), alone and episode is None)
                )
            elif episode is not None:
                episode.quiet += whole
        return tuple(found)

    def close(self, number: int) -> list[float]:
        """End the episodes that are over at `number`; returns their peaks, as the record takes them."""
        over = [
            topic
            for topic, episode in self._episodes.items()
            if episode.quiet >= QUIET_HOURS or number - episode.start >= LONGEST_EPISODE
        ]
        ended = [self._episodes.pop(topic) for topic in over]
        return [min(episode.peak, PEAK_CAP * max(1.0, episode.threshold)) for episode in ended]

    @property
    def standing_out(self) -> bool:
        """Whether a topic is in an episode of its own."""
        return bool(self._episodes)

    def learn(self, number: int, seen: Sequence[int], said: int, expected: Floats) -> None:
        """Take in a closed, covered hour of which so much was expected; a topic in an episode learns nothing."""
        known = np.ones(len(self._names))
        if self._episodes:
            known[list(self._episodes)] = 0
        self._usual.learn(number, np.asarray(seen, dtype=float), said, expected, known)

    def forget_before(self, number: int) -> None:
        """Leave out every hour before `number`."""
        self._usual.forget_before(number)
