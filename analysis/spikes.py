"""Which hours are spikes: decided from the watch's own past, with a stated false-alarm rate.

An hour is scored on negative volume and on negative share together (`analysis.baseline`) and must beat the
record of the watch's last 60 days (`analysis.record`), be at least 1.5 times what is expected, and reach the
minimum counts. With under 30 days of covered history a floor rule decides instead: minimum counts and three
times the watch's own median hour, never called calibrated. Only an hour and those before it decide it. Slow rises
(`analysis.slow_rise`) and topics (`analysis.topic_spikes`) stand in the same record and under the same rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import nan

import numpy as np
import pandas as pd

from analysis.coverage import COVERED, SAMPLE
from analysis.episodes import Facts, Judge, Verdict
from analysis.spike_words import (
    lower_bound,
    no_data_sentence,
    pending_sentence,
    provisional,
    stale_sentence,
    volume_sentence,
)
from analysis.volume import UNREAD, Volume
from core.records import HOUR, SpikeState
from core.watches import AlertRules

DECIDED = frozenset({SpikeState.LEARNING, SpikeState.CALM, SpikeState.ELEVATED, SpikeState.SPIKE})
"""States that later data never change: the ones to keep. The others say that nothing could be decided."""
STALE_AFTER = timedelta(hours=3)
"""Nothing collected for longer than this (beyond the lateness): what was known is stale."""
SAMPLE_SILENCE = 24
"""An import without a post for so many hours says nothing of the hours that follow."""


def judge_hours(
    hours: pd.DataFrame,
    *,
    rules: AlertRules,
    lateness: timedelta,
    now: datetime,
    breaks: Sequence[datetime] = (),
    word: str = "negative",
    topics: Sequence[str] = (),
) -> pd.DataFrame:
    """One row per hour of `hours`, in order: hour, state, negative, relevant, share, expected, score, calibrated,
    provisional, sentence, evidence, topics.

    `hours` is padded and sorted: hour, posts, pending, scored, relevant, negative, coverage (of one hour over all
    sources, see `analysis.coverage.combine`) and, where they are known, authors (the floor rule then asks for 20)
    and negative_reposts and relevant_reposts, which add to the volume that is judged and not to its share, and look,
    the most evidence that an hour showed before it closed: the record is made of the highest that each hour ever
    stood, so that an open hour and a closed one beat the same record at the stated rate, taken together.
    `share` is NaN without relevant posts; `expected` NaN with under a day of history; `score` is the rank among
    the past in 0..1, NaN where the floor rule decided. An hour is closed `lateness` after its end; until then its
    row is provisional and teaches nothing. A gap is never calm: its counts are a lower bound, which can only be
    beyond the threshold or say nothing. At each of `breaks`, from where on the numbers are of another kind, learning
    starts again. `word` completes "12 of 40 relevant posts are …".

    `topics` name what the column topics of `hours` counts, per hour a tuple of negative posts without reposts; the
    answer's topics are those beyond the record (`analysis.topic_spikes.TopicSpike`), whatever the hour's state.
    An hour with too few scores to know its mood, and far more posts than ever, has the state volume.
    Raises ValueError on unsorted hours.
    """
    if not hours["hour"].is_monotonic_increasing or hours["hour"].duplicated().any():
        raise ValueError("judge_hours takes each hour once, in order")
    verdicts = _judge_all(hours, rules, lateness, now, sorted(breaks), Judge(rules, word, topics))
    relevant = hours["relevant"].to_numpy()
    share = np.divide(hours["negative"], relevant, out=np.full(len(hours), np.nan), where=relevant > 0)
    end = hours["hour"] + HOUR
    return pd.DataFrame(
        {
            "hour": hours["hour"].to_numpy() if hours.empty else hours["hour"].array,
            "state": pd.Series([v.state.value for v in verdicts], dtype=str),
            "negative": hours["negative"].to_numpy(dtype="int64"),
            "relevant": relevant.astype("int64"),
            "share": share,
            "expected": np.array([v.expected for v in verdicts], dtype=float),
            "score": np.array([v.score for v in verdicts], dtype=float),
            "calibrated": np.array([v.calibrated for v in verdicts], dtype=bool),
            "provisional": (end + lateness > now).to_numpy(dtype=bool),
            "sentence": pd.Series([v.sentence for v in verdicts], dtype=str),
            "evidence": np.array([v.evidence for v in verdicts], dtype=float),
            "topics": pd.Series([v.topics for v in verdicts], dtype=object),
        }
    )


def _judge_all(
    hours: pd.DataFrame,
    rules: AlertRules,
    lateness: timedelta,
    now: datetime,
    breaks: list[datetime],
    judge: Judge,
) -> list[Verdict]:
    volume = Volume(rules)
    numbers = _numbers(hours["hour"])
    clock = _number(now)
    closed_before = (now - lateness - HOUR - datetime(1970, 1, 1, tzinfo=UTC)) / HOUR
    break_numbers = [_number(at) for at in breaks]
    covered = _covered(hours, numbers)
    read = [n for n, good in zip(numbers, covered, strict=True) if good]
    last_read = read[-1] if read else None
    stale_from = STALE_AFTER + lateness
    found = []
    for fact, good in zip(_facts(hours, numbers), covered, strict=True):
        while break_numbers and break_numbers[0] <= fact.number:
            judge, volume = judge.after_break(), Volume(rules)
            break_numbers.pop(0)
        is_open = fact.number > closed_before
        loud = volume.see(fact.number, fact.posts, whole=good and not is_open) if good or fact.posts else None
        if fact.pending:
            verdict = Verdict(SpikeState.PENDING, sentence=pending_sentence(fact.pending, fact.posts))
        elif not good and not fact.posts:
            silent = clock - 1 - last_read if last_read is not None and fact.number > last_read else 0
            stale = silent * HOUR > stale_from
            verdict = (
                Verdict(SpikeState.STALE, sentence=stale_sentence(silent))
                if stale
                else Verdict(SpikeState.NO_DATA, sentence=no_data_sentence(fact.coverage, is_open=is_open))
            )
        else:
            verdict = judge.verdict(fact, whole=good and not is_open)
            if not good and not is_open:
                verdict = _in_gap(verdict, fact.coverage)
            elif is_open:
                verdict = verdict._replace(sentence=provisional(verdict.sentence))
        if loud is not None and _mood_unknown(fact, rules) and verdict.state is not SpikeState.SPIKE:
            sentence = volume_sentence(fact.posts, fact.unread, loud.expected, days=loud.days, rate=loud.rate)
            verdict = Verdict(SpikeState.VOLUME, calibrated=True, evidence=verdict.evidence, sentence=sentence)
        found.append(verdict)
    return found


def _mood_unknown(fact: Facts, rules: AlertRules) -> bool:
    """Whether too little of an hour has been scored for a spike by mood."""
    unread = fact.unread >= UNREAD * fact.posts
    return unread and (fact.pending > 0 or fact.relevant < rules.minimum_relevant)


def _in_gap(verdict: Verdict, coverage: str) -> Verdict:
    """What a lower bound allows: more than usual stays so, anything less says nothing."""
    if verdict.state in (SpikeState.SPIKE, SpikeState.ELEVATED):
        return verdict._replace(sentence=lower_bound(verdict.sentence))
    return Verdict(SpikeState.NO_DATA, verdict.expected, nan, False, no_data_sentence(coverage, is_open=False))


def _covered(hours: pd.DataFrame, numbers: list[int]) -> list[bool]:
    """Whether an hour's counts may be read as its counts; an import fallen silent may not."""
    last_post = -(10**9)
    found = []
    for number, posts, coverage in zip(numbers, hours["posts"], hours["coverage"], strict=True):
        last_post = number if posts else last_post
        found.append(coverage in COVERED and (coverage != SAMPLE or number - last_post <= SAMPLE_SILENCE))
    return found


def _facts(hours: pd.DataFrame, numbers: list[int]) -> list[Facts]:
    authors = hours["authors"].tolist() if "authors" in hours else [None] * len(hours)
    columns = (hours[name].tolist() for name in ("posts", "pending", "relevant", "negative", "coverage"))
    reposts = [
        hours[name].tolist() if name in hours else [0] * len(hours) for name in ("negative_reposts", "relevant_reposts")
    ]
    looks = hours["look"].tolist() if "look" in hours else [nan] * len(hours)
    topics = hours["topics"].tolist() if "topics" in hours else [()] * len(hours)
    unread = (hours["posts"] - hours["scored"]).tolist()
    return [Facts(*row) for row in zip(numbers, *columns, authors, *reposts, looks, topics, unread, strict=True)]


def _numbers(hours: pd.Series[pd.Timestamp]) -> list[int]:
    seconds: list[int] = (hours.astype("datetime64[s, UTC]").astype("int64") // 3600).tolist()
    return seconds


def _number(at: datetime) -> int:
    return int(at.timestamp() // 3600)
