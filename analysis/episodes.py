"""One hour after another: thresholds, episodes of spikes and what they teach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import NamedTuple

import numpy as np

from analysis.baseline import WINDOW_HOURS, Baseline, Reaction
from analysis.record import Record, Threshold
from analysis.slow_rise import EFFECT, TAIL, SlowRise
from analysis.spike_words import (
    calm_sentence,
    easing_sentence,
    elevated_sentence,
    floor_sentence,
    going_on_sentence,
    learning_sentence,
    slow_sentence,
    spike_sentence,
    topics_sentence,
)
from analysis.topic_baseline import Floats
from analysis.topic_spikes import LONGEST_EPISODE, PEAK_CAP, QUIET_HOURS, Topics, TopicSpike
from core.records import SpikeState
from core.watches import AlertRules

CALIBRATED_HOURS = 30 * 24
FLOOR_HOURS = 12
"""Under so many hours no hour is called the middling one."""
FLOOR_TIMES = 3.0
FLOOR_AUTHORS = 20
ELEVATED_RANK = 0.99
_NONE: Floats = np.empty(0)


class Facts(NamedTuple):
    """The counts of one hour; `number` counts hours from the epoch (UTC)."""

    number: int
    posts: int
    pending: int
    relevant: int
    negative: int
    coverage: str
    authors: int | None = None
    negative_reposts: int = 0
    relevant_reposts: int = 0
    look: float = nan
    """The most evidence that the hour had shown before it closed."""
    topics: tuple[int, ...] = ()
    """Negative posts by topic, reposts left out."""
    unread: int = 0
    """Posts without a score, for the present or for good."""

    @property
    def said(self) -> int:
        """Relevant posts without reposts."""
        return self.relevant - self.relevant_reposts

    @property
    def reaction(self) -> Reaction:
        """The counts that evidence is made of."""
        return Reaction(self.negative, self.relevant, self.negative_reposts, self.relevant_reposts)


class Verdict(NamedTuple):
    """What is said of one hour; see `analysis.spikes.judge_hours` for the fields."""

    state: SpikeState
    expected: float = nan
    score: float = nan
    calibrated: bool = False
    sentence: str = ""
    evidence: float = nan
    topics: tuple[TopicSpike, ...] = ()


@dataclass(slots=True)
class _Episode:
    """An open run of spikes; `threshold` is the one it began with, of evidence or (floor rule) of counts."""

    start: int
    threshold: float
    calibrated: bool
    peak: float
    rate: float
    cap: float
    slow: bool = False
    quiet: int = 0


class _Shown(NamedTuple):
    """What one hour shows: the evidence of the hour itself, of the slow rise that it is part of, and of its topics."""

    hour: float
    rise: float
    topics: Floats
    expected: Floats
    largest: float


class Judge:
    """Judges the hours of one watch in order; each `whole` hour (closed and covered) teaches it."""

    def __init__(self, rules: AlertRules, word: str, topics: Sequence[str] = ()) -> None:
        self._rules = rules
        self._word = word
        self._names = tuple(topics)
        self._baseline = Baseline()
        self._evidence = Record()
        self._own = Record()
        self._counts = Record()
        self._rise = SlowRise(rules)
        self._topics = Topics(topics, rules) if topics else None
        self._episode: _Episode | None = None
        self._earlier: Record | None = None

    def after_break(self) -> Judge:
        """A judge of hours that cannot be compared with those before: it learns anew, by the floor rule.

        Until it has hours enough of its own, the middling hour of before is the only one to hold a first hour against.
        """
        new = Judge(self._rules, self._word, self._names)
        new._earlier = self._counts if len(self._counts) >= FLOOR_HOURS else self._earlier
        return new

    def verdict(self, hour: Facts, *, whole: bool) -> Verdict:
        """The verdict on `hour`; later hours never change it."""
        self._forget(hour.number)
        if self._episode is not None and hour.number - self._episode.start >= LONGEST_EPISODE:
            self._close(self._episode, hour.number)
        young = len(self._baseline) < CALIBRATED_HOURS
        expected = self._baseline.expected(hour.number)
        shown = self._shown(hour, expected)
        limit = self._evidence.threshold(self._rules.false_alarms)
        if self._episode is not None:
            verdict = self._in_episode(hour, expected, shown, whole)
        elif young:
            verdict = self._by_floor(hour)
        else:
            verdict = self._by_rank(hour, expected, shown, limit)
        if not young:
            verdict = self._with_topics(verdict, hour, shown, limit, whole)
        if whole:
            self._learn(hour, expected, shown)
            if shown.hour == shown.hour:
                self._rise.see(shown.hour)
        return verdict._replace(evidence=shown.largest)

    def evidence(self, hour: Facts) -> tuple[float, float]:
        """What an hour shows so far, and what it would have to exceed to alert; nothing is learned."""
        shown = self._shown(hour, self._baseline.expected(hour.number))
        return shown.largest, self._evidence.threshold(self._rules.false_alarms).value

    def _shown(self, hour: Facts, expected: float) -> _Shown:
        evidence = self._baseline.evidence(hour.number, hour.reaction)
        values = usual = _NONE
        if evidence != evidence:
            return _Shown(nan, -inf, values, usual, nan)
        unit = (self._own.median(), self._own.quantile(TAIL))
        rise = self._rise.value(hour.number, evidence, (hour.negative, hour.relevant), expected, unit)
        largest = max(evidence, rise)
        if self._topics is not None:
            values, usual = self._topics.values(hour.number, hour.topics, hour.said, hour.relevant)
            largest = max(largest, self._topics.loudest(values))
        return _Shown(evidence, rise, values, usual, largest)

    def _with_topics(self, verdict: Verdict, hour: Facts, shown: _Shown, limit: Threshold, whole: bool) -> Verdict:
        """The topics beyond the record: of a spike its parts, else spikes of their own."""
        if self._topics is None:
            return verdict
        for peak in self._topics.close(hour.number):
            self._evidence.add(hour.number, peak)
        alone = self._episode is None
        found = self._topics.beyond(
            hour.number, shown.topics, hour.topics, shown.expected, limit=limit.value, whole=whole, alone=alone
        )
        if not found:
            return verdict
        return verdict._replace(
            topics=found, sentence=f"{verdict.sentence} {topics_sentence(found, self._word, rate=limit.rate)}"
        )

    def _by_floor(self, hour: Facts) -> Verdict:
        history = len(self._baseline)
        counts = self._counts if history >= FLOOR_HOURS else self._earlier
        if counts is None:
            return Verdict(SpikeState.LEARNING, sentence=learning_sentence(hour, nan, history, self._word))
        median = counts.median()
        threshold = FLOOR_TIMES * max(1.0, median)
        enough = hour.authors is None or hour.authors >= FLOOR_AUTHORS
        if self._minimum(hour) and enough and hour.negative >= threshold:
            self._episode = _Episode(hour.number, threshold, False, nan, nan, PEAK_CAP * max(1.0, self._evidence.top()))
            return Verdict(SpikeState.SPIKE, median, sentence=floor_sentence(hour, median, self._word))
        return Verdict(SpikeState.LEARNING, median, sentence=learning_sentence(hour, median, history, self._word))

    def _by_rank(self, hour: Facts, expected: float, shown: _Shown, limit: Threshold) -> Verdict:
        evidence = max(shown.hour, shown.rise)
        rank = self._evidence.rank(evidence)
        large = hour.negative >= max(EFFECT * expected, self._rules.minimum_negative) and self._minimum(hour)
        at_once = large and shown.hour > limit.value
        if at_once or shown.rise > limit.value:
            cap = PEAK_CAP * max(1.0, limit.value)
            self._episode = _Episode(hour.number, limit.value, True, evidence, limit.rate, cap, slow=not at_once)
            days = self._days()
            sentence = (
                spike_sentence(hour, expected, self._word, days=days, place=limit.rank, rate=limit.rate)
                if at_once
                else self._slow(hour, expected, limit)
            )
            return Verdict(SpikeState.SPIKE, expected, rank, True, sentence)
        if rank >= ELEVATED_RANK and large:
            sentence = elevated_sentence(hour, expected, self._word, rank=rank)
            return Verdict(SpikeState.ELEVATED, expected, rank, True, sentence)
        return Verdict(SpikeState.CALM, expected, rank, True, calm_sentence(hour, expected, self._word))

    def _slow(self, hour: Facts, expected: float, limit: Threshold) -> str:
        negative, relevant, usual = self._rise.counts(hour.number, hour.negative, hour.relevant, expected)
        risen = hour._replace(negative=negative, relevant=relevant, negative_reposts=0)
        days, hours = self._days(), self._rise.hours(hour.number)
        return slow_sentence(hours, risen, usual, self._word, days=days, place=limit.rank, rate=limit.rate)

    def _days(self) -> int:
        return max(1, round(len(self._evidence) / 24))

    def _in_episode(self, hour: Facts, usual: float, shown: _Shown, whole: bool) -> Verdict:
        episode = self._episode
        assert episode is not None
        calibrated, evidence = episode.calibrated, shown.hour
        expected = usual if calibrated else self._counts.median()
        rank = self._evidence.rank(evidence) if calibrated else nan
        if calibrated:
            # A slow rise goes on as long as its hours add to it.
            above = evidence > (min(self._rise.allowance(), episode.threshold) if episode.slow else episode.threshold)
            beyond = above and hour.negative >= EFFECT * expected
        else:
            beyond = hour.negative >= episode.threshold
        if beyond and (episode.slow or self._minimum(hour)):
            episode.quiet = 0
            episode.peak = max(episode.peak, evidence)
            state = SpikeState.SPIKE
            sentence = going_on_sentence(hour, expected, self._word, calibrated=calibrated, rate=episode.rate)
        else:
            episode.quiet += whole
            state = SpikeState.ELEVATED
            sentence = easing_sentence(hour, expected, self._word, quiet=episode.quiet, needed=QUIET_HOURS)
        if episode.quiet >= QUIET_HOURS:
            self._close(episode, hour.number)
        return Verdict(state, expected, rank, calibrated, sentence)

    def _close(self, episode: _Episode, number: int) -> None:
        if episode.calibrated:
            self._evidence.add(number, min(episode.peak, episode.cap))
        self._episode = None

    def _minimum(self, hour: Facts) -> bool:
        return hour.negative >= self._rules.minimum_negative and hour.relevant >= self._rules.minimum_relevant

    def _learn(self, hour: Facts, expected: float, shown: _Shown) -> None:
        """Take in a closed, covered hour. Spikes by rank leave the mean; the floor rule fires too often for that
        (left out, its hours would make every later one look high), so its hours count, cut at its threshold.
        """
        seen, topics, cap = hour.reaction, hour.topics, inf
        known = shown.hour == shown.hour
        if self._episode is not None:
            if self._episode.calibrated:
                return
            cap = self._episode.cap
            if hour.negative > self._episode.threshold:
                part = round(self._episode.threshold) / hour.negative
                seen = Reaction(*(round(part * count) for count in seen))
                topics = tuple(round(part * count) for count in topics)
        elif known:
            self._rise.learn(hour.number, shown.hour, (hour.negative, hour.relevant), expected)
        self._baseline.add(hour.number, seen)
        self._counts.add(hour.number, hour.negative)
        if known:
            self._own.add(hour.number, min(shown.hour, cap))
            self._evidence.add(hour.number, min(self._recorded(hour, shown), cap))
        if self._topics is not None:
            usual = shown.expected if len(shown.expected) else self._topics.expected(hour.number)
            self._topics.learn(hour.number, topics, seen.said[1], usual)

    def _recorded(self, hour: Facts, shown: _Shown) -> float:
        """The most that the hour showed, before it closed or then; of a topic's own spike nothing."""
        if self._topics is not None and self._topics.standing_out:
            return max(shown.hour, shown.rise, self._topics.loudest(shown.topics))
        return max(shown.largest, hour.look) if hour.look == hour.look else shown.largest

    def _forget(self, number: int) -> None:
        for past in (self._baseline, self._evidence, self._own, self._counts, self._rise, self._topics):
            if past is not None:
                past.forget_before(number - WINDOW_HOURS)
