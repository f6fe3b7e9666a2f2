"""One hour after another: thresholds, episodes of spikes and what they teach."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import NamedTuple

from analysis.baseline import WINDOW_HOURS, Baseline, Reaction
from analysis.record import Record
from analysis.spike_words import (
    calm_sentence,
    easing_sentence,
    elevated_sentence,
    floor_sentence,
    going_on_sentence,
    learning_sentence,
    spike_sentence,
)
from core.records import SpikeState
from core.watches import AlertRules

CALIBRATED_HOURS = 30 * 24
FLOOR_HOURS = 12
"""Under so many hours no hour is called the middling one."""
FLOOR_TIMES = 3.0
FLOOR_AUTHORS = 20
EFFECT = 1.5
ELEVATED_RANK = 0.99
QUIET_HOURS = 6
"""An episode is over after so many hours under its threshold."""
LONGEST_EPISODE = 7 * 24
"""After so long a new level is the watch's own: its hours return to the baseline."""
PEAK_CAP = 1.5
"""A peak enters the record as at most 1.5 times the threshold that it beat, so that one uproar does not make the
watch deaf for 60 days; under chance alone hardly any hour reaches the cap."""


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


@dataclass(slots=True)
class _Episode:
    """An open run of spikes; `threshold` is the one it began with, of evidence or (floor rule) of counts."""

    start: int
    threshold: float
    calibrated: bool
    peak: float
    rate: float
    cap: float
    quiet: int = 0


class Judge:
    """Judges the hours of one watch in order; each `whole` hour (closed and covered) teaches it."""

    def __init__(self, rules: AlertRules, word: str) -> None:
        self._rules = rules
        self._word = word
        self._baseline = Baseline()
        self._evidence = Record()
        self._counts = Record()
        self._episode: _Episode | None = None
        self._earlier: Record | None = None

    def after_break(self) -> Judge:
        """A judge of hours that cannot be compared with those before: it learns anew, by the floor rule.

        Until it has hours enough of its own, the middling hour of before is the only one to hold a first hour against.
        """
        new = Judge(self._rules, self._word)
        new._earlier = self._counts if len(self._counts) >= FLOOR_HOURS else self._earlier
        return new

    def verdict(self, hour: Facts, *, whole: bool) -> Verdict:
        """The verdict on `hour`; later hours never change it."""
        self._forget(hour.number)
        if self._episode is not None and hour.number - self._episode.start >= LONGEST_EPISODE:
            self._close(self._episode, hour.number)
        young = len(self._baseline) < CALIBRATED_HOURS
        evidence = self._baseline.evidence(hour.number, hour.reaction)
        if self._episode is not None:
            verdict = self._in_episode(hour, evidence, whole)
        elif young:
            verdict = self._by_floor(hour)
        else:
            verdict = self._by_rank(hour, evidence)
        if whole:
            self._learn(hour, max(evidence, hour.look) if hour.look == hour.look else evidence)
        return verdict._replace(evidence=evidence)

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

    def _by_rank(self, hour: Facts, evidence: float) -> Verdict:
        expected = self._baseline.expected(hour.number)
        limit = self._evidence.threshold(self._rules.false_alarms)
        rank = self._evidence.rank(evidence)
        large = hour.negative >= max(EFFECT * expected, self._rules.minimum_negative)
        if evidence > limit.value and large and self._minimum(hour):
            cap = PEAK_CAP * max(1.0, limit.value)
            self._episode = _Episode(hour.number, limit.value, True, evidence, limit.rate, cap)
            days = max(1, round(len(self._evidence) / 24))
            sentence = spike_sentence(hour, expected, self._word, days=days, place=limit.rank, rate=limit.rate)
            return Verdict(SpikeState.SPIKE, expected, rank, True, sentence)
        if rank >= ELEVATED_RANK and large:
            sentence = elevated_sentence(hour, expected, self._word, rank=rank)
            return Verdict(SpikeState.ELEVATED, expected, rank, True, sentence)
        return Verdict(SpikeState.CALM, expected, rank, True, calm_sentence(hour, expected, self._word))

    def _in_episode(self, hour: Facts, evidence: float, whole: bool) -> Verdict:
        episode = self._episode
        assert episode is not None
        calibrated = episode.calibrated
        expected = self._baseline.expected(hour.number) if calibrated else self._counts.median()
        rank = self._evidence.rank(evidence) if calibrated else nan
        if calibrated:
            beyond = evidence > episode.threshold and hour.negative >= EFFECT * expected
        else:
            beyond = hour.negative >= episode.threshold
        if beyond and self._minimum(hour):
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

    def _learn(self, hour: Facts, evidence: float) -> None:
        """Take in a closed, covered hour. Spikes by rank leave the mean; the floor rule fires too often for that
        (left out, its hours would make every later one look high), so its hours count, cut at its threshold.
        """
        seen, cap = hour.reaction, inf
        if self._episode is not None:
            if self._episode.calibrated:
                return
            cap = self._episode.cap
            if hour.negative > self._episode.threshold:
                part = round(self._episode.threshold) / hour.negative
                seen = Reaction(*(round(part * count) for count in seen))
        self._baseline.add(hour.number, seen)
        self._counts.add(hour.number, hour.negative)
        if evidence == evidence:
            self._evidence.add(hour.number, min(evidence, cap))

    def _forget(self, number: int) -> None:
        for past in (self._baseline, self._evidence, self._counts):
            past.forget_before(number - WINDOW_HOURS)
