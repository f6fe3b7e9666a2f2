"""The spike rule over many simulated watches at once: `analysis.episodes.Judge` hour by hour, in arrays.

It leaves out what no null watch meets: gaps, breaks, reposts and the floor rule (the first 30 days only teach).
`bench_spikes.py --check` counts how many alerts it and the shipped code have in common on the same watches.
Arrays have one row per watch; those of topics (watches, topics).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.baseline import FIRST_HOURS, SHARE_CEILING, WINDOW_HOURS
from analysis.episodes import CALIBRATED_HOURS
from analysis.slow_rise import ALLOWANCE, EFFECT, KNOWN_HOURS, RECENT_HOURS, TAIL
from analysis.topic_spikes import LONGEST_EPISODE, PEAK_CAP, QUIET_HOURS
from core.watches import AlertRules

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
RULES = AlertRules()
ROOT = 0.375


class Usual:
    """`analysis.baseline.Baseline` (and `topic_baseline`) of every watch: sums over a ring of 60 days."""

    def __init__(self, *shape: int) -> None:
        self.day, self.days = np.zeros((24, *shape)), np.zeros((24, *shape))
        self.week, self.weeks = np.zeros((7, *shape)), np.zeros((7, *shape))
        self.sum, self.count, self.surprise, self.relevant = (np.zeros(shape) for _ in range(4))
        self._ring = np.zeros((WINDOW_HOURS, 4, *shape))

    def forget(self, number: int) -> None:
        """Leave out the hour 60 days before `number`."""
        old = self._ring[number % WINDOW_HOURS]
        self._take(number - WINDOW_HOURS, old, -1.0)
        old[:] = 0

    def expected(self, number: int) -> Floats:
        mean = self.sum / np.maximum(self.count, 1)
        slot, weekday = number % 24, number // 24 % 7
        by_hour = (self.day[slot] + 3 * mean) / (self.days[slot] + 3)
        by_week = (self.week[weekday] + 72 * mean) / (self.weeks[weekday] + 72)
        found: Floats = by_hour * by_week / np.where(mean > 0, mean, 1.0)
        return found

    def learn(self, number: int, seen: Floats, relevant: Floats, expected: Floats, known: Bools) -> None:
        first = self.count < FIRST_HOURS
        surprise = np.where(first, 1.0, (seen - expected) ** 2 / (expected + 0.5))
        hour = np.stack([known * 1.0, seen * known, relevant * known, surprise * known])
        self._ring[number % WINDOW_HOURS] = hour
        self._take(number, hour, 1.0)

    def dispersion(self) -> Floats:
        return np.maximum(1.0, self.surprise / np.maximum(self.count, 1))

    def _take(self, number: int, hour: Floats, sign: float) -> None:
        slot, weekday = number % 24, number // 24 % 7
        known, seen, relevant, surprise = sign * hour
        self.day[slot] += seen
        self.days[slot] += known
        self.week[weekday] += seen
        self.weeks[weekday] += known
        self.sum += seen
        self.count += known
        self.surprise += surprise
        self.relevant += relevant


@dataclass
class Episodes:
    """Open runs of alerts: the one of each watch, or of each of its topics."""

    shape: tuple[int, ...]
    on: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.on, self.slow = np.zeros(self.shape, bool), np.zeros(self.shape, bool)
        self.threshold, self.peak, self.quiet, self.start = (np.zeros(self.shape) for _ in range(4))

    def begin(self, where: Bools, number: int, threshold: Floats, peak: Floats) -> None:
        self.on |= where
        self.slow &= ~where
        self.threshold, self.peak = np.where(where, threshold, self.threshold), np.where(where, peak, self.peak)
        self.quiet, self.start = np.where(where, 0, self.quiet), np.where(where, number, self.start)

    def follow(self, beyond: Bools, values: Floats) -> None:
        """Count quiet hours of the open ones; `beyond` are above their threshold."""
        self.quiet = np.where(self.on & ~beyond, self.quiet + 1, 0)
        self.peak = np.where(beyond, np.maximum(self.peak, values), self.peak)

    def end(self, over: Bools) -> Floats:
        """Close those `over`; their peaks as the record takes them, -inf elsewhere."""
        over = over & self.on
        self.on &= ~over
        return np.where(over, np.minimum(self.peak, PEAK_CAP * np.maximum(1.0, self.threshold)), -np.inf)


class ManyWatches:
    """`size` watches with `topics` topics each, judged hour by hour."""

    def __init__(self, size: int, topics: int) -> None:
        self.usual, self.said = Usual(size), Usual(size, topics)
        self.record = np.full((WINDOW_HOURS, size), -np.inf)
        self.own, self.heights = np.full((WINDOW_HOURS, size), np.nan), np.full((WINDOW_HOURS, size), np.nan)
        self.recent = np.zeros((RECENT_HOURS, size))
        self.seen_hours = 0
        self.unit = self.height_unit = (np.zeros(size), np.zeros(size))
        self.rise, self.run = np.zeros(size), np.zeros((3, size))
        self.episodes, self.on_topics = Episodes((size,)), Episodes((size, topics))

    def hour(
        self,
        number: int,
        negative: Floats,
        relevant: Floats,
        topics: Floats,
        looks: list[tuple[Floats, Floats, Floats]],
    ) -> Bools:
        """Judge a closed hour, before it at each of `looks` (counts so far), and learn it. Returns who alerts."""
        place = number % WINDOW_HOURS
        for past, empty in ((self.record, -np.inf), (self.own, np.nan), (self.heights, np.nan)):
            past[place] = empty
        self.usual.forget(number)
        self.said.forget(number)
        if number % 24 == 0 and self.usual.count.min() >= KNOWN_HOURS:
            self.unit, self.height_unit = _unit(self.own), _unit(self.heights)
        expected, topic_expected = self.usual.expected(number), self.said.expected(number)
        too_long = number - self.episodes.start >= LONGEST_EPISODE
        ended = self.episodes.end(too_long)
        self.record[place] = np.maximum(self.record[place], ended)
        limit = self.record.max(axis=0)
        young = self.usual.count < CALIBRATED_HOURS
        alert, highest = np.zeros(len(negative), bool), np.full(len(negative), -np.inf)
        for counts in looks:
            hour, rise, values, largest = self._shown(expected, topic_expected, *counts)
            free = ~self.episodes.on & ~young
            alert |= free & (self._at_once(hour, limit, expected, *counts[:2]) | (rise > limit))
            alert |= free & ((values > limit[:, None]) & ~self.on_topics.on).any(axis=1)
            highest = np.maximum(highest, largest)
        hour, rise, values, largest = self._shown(expected, topic_expected, negative, relevant, topics)
        return alert | self._decide(
            number, place, (negative, relevant, topics), (expected, topic_expected), (hour, rise, values),
            limit, young, np.maximum(highest, largest),
        )  # fmt: skip

    def _decide(
        self, number: int, place: int, counts: tuple[Floats, Floats, Floats], usual: tuple[Floats, Floats],
        shown: tuple[Floats, Floats, Floats], limit: Floats, young: Bools, highest: Floats,
    ) -> Bools:  # fmt: skip
        (negative, relevant, _), expected, (hour, rise, values) = counts, usual[0], shown
        main, parts = self.episodes, self.on_topics
        was_on = main.on.copy()
        least = (negative >= RULES.minimum_negative) & (relevant >= RULES.minimum_relevant)
        bar = np.where(main.slow, np.minimum(self._allowance(), main.threshold), main.threshold)
        goes_on = was_on & (hour > bar) & (negative >= EFFECT * expected) & (least | main.slow)
        main.follow(goes_on, hour)
        at_once = self._at_once(hour, limit, expected, negative, relevant)
        begins = ~was_on & ~young & (at_once | (rise > limit))
        main.begin(begins, number, limit, np.maximum(hour, rise))
        main.slow |= begins & ~at_once
        self.record[place] = np.maximum(self.record[place], main.end(was_on & (main.quiet >= QUIET_HOURS)))
        over = (parts.quiet >= QUIET_HOURS) | (number - parts.start >= LONGEST_EPISODE)
        self.record[place] = np.maximum(self.record[place], parts.end(over).max(axis=1, initial=-np.inf))
        beyond = (values > np.where(parts.on, parts.threshold, limit[:, None])) & ~young[:, None]
        told = beyond.any(axis=1)
        parts.follow(beyond & parts.on, values)
        parts.begin(
            beyond & ~parts.on & ~main.on[:, None], number, np.broadcast_to(limit[:, None], values.shape), values
        )
        self._learn(number, place, counts, usual, shown, highest)
        return begins | goes_on | told

    def _learn(
        self, number: int, place: int, counts: tuple[Floats, Floats, Floats], usual: tuple[Floats, Floats],
        shown: tuple[Floats, Floats, Floats], highest: Floats,
    ) -> None:  # fmt: skip
        (negative, relevant, topics), (expected, topic_expected), (hour, rise, values) = counts, usual, shown
        taught = ~self.episodes.on
        any_topic = self.on_topics.on.any(axis=1)
        loudest = np.where(self.on_topics.on, -np.inf, values).max(axis=1, initial=-np.inf)
        recorded = np.where(any_topic, np.maximum(np.maximum(hour, rise), loudest), highest)
        if self.seen_hours >= FIRST_HOURS:
            self.record[place] = np.maximum(self.record[place], np.where(taught, recorded, -np.inf))
            self.own[place] = np.where(taught, hour, np.nan)
            height = np.maximum(0.0, self.rise + hour - self._allowance())
            self.heights[place] = np.where(taught, height, np.nan)
            self.rise = np.where(taught, height, 0.0)
            self.run = np.where(self.rise > 0, self.run + np.stack([negative, relevant, expected]), 0.0)
            self.recent[number % RECENT_HOURS] = hour
        self.usual.learn(number, negative, relevant, expected, taught)
        known = taught[:, None] & ~self.on_topics.on
        self.said.learn(number, topics, np.broadcast_to(relevant[:, None], topics.shape), topic_expected, known)
        self.seen_hours += 1

    def _shown(
        self, expected: Floats, topic_expected: Floats, negative: Floats, relevant: Floats, topics: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        part = (self.usual.sum + 5) / (self.usual.relevant + 20)
        usual = np.minimum(part, SHARE_CEILING)
        volume = (negative - expected) / np.sqrt(self.usual.dispersion() * (expected + 0.5))
        share = (negative - relevant * usual) / np.sqrt(relevant * usual * (1 - usual) + 1)
        hour = np.minimum(volume, share)
        run = self.run + np.stack([negative, relevant, expected])
        able = (hour > self._allowance()) & (run[0] >= np.maximum(EFFECT * run[2], RULES.minimum_negative))
        able &= (run[1] >= RULES.minimum_relevant) & (self.seen_hours >= KNOWN_HOURS + FIRST_HOURS)
        height = np.maximum(0.0, self.rise + hour - self._allowance())
        (middle, tail), (low, high) = self.unit, self.height_unit
        rise = np.where(able, middle + (height - low) * (tail - middle) / np.maximum(high - low, 1.0), -np.inf)
        mean = np.maximum(topic_expected, (self.said.sum + 0.5) / (self.said.relevant + 20) * relevant[:, None])
        residual = 2 * (np.sqrt(topics + ROOT) - np.sqrt(mean + ROOT)) / np.sqrt(self.said.dispersion())
        able = topics >= np.maximum(EFFECT * topic_expected, RULES.minimum_negative)
        able &= (relevant >= RULES.minimum_relevant)[:, None] & (self.said.count >= FIRST_HOURS)
        values = np.where(able, residual, -np.inf)
        loudest = np.where(self.on_topics.on, -np.inf, values).max(axis=1, initial=-np.inf)
        return hour, rise, values, np.maximum(np.maximum(hour, rise), loudest)

    def _allowance(self) -> Floats:
        level = self.recent.sum(axis=0) / max(1, min(RECENT_HOURS, self.seen_hours - FIRST_HOURS))
        return ALLOWANCE + np.maximum(0.0, level)

    @staticmethod
    def _at_once(hour: Floats, limit: Floats, expected: Floats, negative: Floats, relevant: Floats) -> Bools:
        large = negative >= np.maximum(EFFECT * expected, RULES.minimum_negative)
        found: Bools = (hour > limit) & large & (relevant >= RULES.minimum_relevant)
        return found


def _unit(past: Floats) -> tuple[Floats, Floats]:
    """Median and 99th percentile of each watch's past; NaN are hours that taught nothing."""
    ordered = np.sort(past, axis=0)
    count = (~np.isnan(ordered)).sum(axis=0)
    columns = np.arange(past.shape[1])
    middle = (ordered[(count - 1) // 2, columns] + ordered[count // 2, columns]) / 2
    return middle, ordered[(TAIL * (count - 1)).astype(int), columns]
