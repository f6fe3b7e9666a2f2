"""What was really collected: runs turned into one state per hour and source.

States of an hour, for one source:

    complete    closed, untruncated runs cover all of it (one run, or several together)
    truncated   a cap or a budget cut a run over it: counts are a lower bound
    sample      it was imported, or read in part by chance: never complete
    running     a run over it is under way, or it is the newest hour and only its beginning has been read
    failed      it was asked for, and every run over it failed
    none        it was never asked for
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from core.records import HOUR, Outcome, utc_hour

COMPLETE, TRUNCATED, SAMPLE, RUNNING, FAILED, NONE = "complete", "truncated", "sample", "running", "failed", "none"
MIXED = "mixed"
COVERED = frozenset({COMPLETE, SAMPLE})
"""States of an hour whose counts may be read as the hour's counts; all others are gaps."""

_ALL = (COMPLETE, TRUNCATED, SAMPLE, RUNNING, FAILED, NONE, MIXED)
_GOOD = (Outcome.OK, Outcome.EMPTY)


def hour_coverage(runs: pd.DataFrame, since: datetime, until: datetime) -> pd.DataFrame:
    """One row per hour of [since, until) and source: hour, source, coverage; sorted by source, then hour.

    `runs` has source, since, until, started_at, outcome and truncated (a list of Interval). A source counts from
    the first hour that it was ever asked for; a source that was only imported counts over the imported span
    alone, so that an old import is no gap in the months after it. A run covers nothing after its own start.
    """
    start = utc_hour(since)
    size = max(0, -((start - until) // HOUR))
    frames = [
        _source_hours(str(source), list(group.itertuples(index=False)), start, size)
        for source, group in runs.groupby("source", sort=True)
    ]
    if not frames:
        hours = pd.Series(dtype="datetime64[us, UTC]")
        return pd.DataFrame({"hour": hours, "source": pd.Series(dtype=str), "coverage": pd.Series(dtype=str)})
    return pd.concat(frames, ignore_index=True)


def combine(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per hour: hour and coverage, over all sources of `frame`, by `combine_states`; sorted by hour."""
    return combine_by(frame["coverage"], frame["hour"]).rename_axis("hour").reset_index()


def combine_by(states: pd.Series[str], key: pd.Series[Any]) -> pd.Series[str]:
    """`combine_states` for the rows of each `key`, indexed by key in order, named coverage."""
    # One bit per state: as many calls as there are different sets of states, not as there are keys.
    bits = states.map({state: 1 << n for n, state in enumerate(_ALL)}).to_numpy(dtype="int64")
    place, keys = pd.factorize(key, sort=True)
    sets = np.zeros(len(keys), dtype="int64")
    np.bitwise_or.at(sets, place, bits)
    names = {mask: combine_states({s for n, s in enumerate(_ALL) if mask >> n & 1}) for mask in set(sets.tolist())}
    return pd.Series([names[mask] for mask in sets.tolist()], index=pd.Index(keys), dtype=str, name="coverage")


def combine_states(states: Collection[str]) -> str:
    """The state of several sources, or of several hours, together.

    All alike: that state. Complete beside sample: sample. A gap (failed, none, running) beside anything that
    was read: mixed, which is a gap. Otherwise the worst: failed, none, running, truncated, in this order.
    """
    if len(states) == 1:
        return next(iter(states))
    if not states:
        return NONE
    gap = [state for state in (FAILED, NONE, RUNNING) if state in states]
    if MIXED in states or (gap and {COMPLETE, SAMPLE, TRUNCATED} & set(states)):
        return MIXED
    if gap:
        return gap[0]
    return TRUNCATED if TRUNCATED in states else SAMPLE


def _source_hours(source: str, runs: list[Any], start: datetime, size: int) -> pd.DataFrame:
    """Later marks win over earlier ones: from the weakest knowledge of an hour to the strongest."""
    states = np.full(size, NONE, dtype=object)
    good = [run for run in runs if run.outcome in _GOOD or (run.outcome == Outcome.TRUNCATED and len(run.truncated))]
    live = [run for run in runs if run.outcome != Outcome.SAMPLE]
    for state, spans in (
        (FAILED, _spans(runs, Outcome.FAILED)),
        (RUNNING, _spans(runs, "running")),
        (SAMPLE, _spans(runs, Outcome.SAMPLE)),
        (SAMPLE, [(part.span.start, part.span.end) for run in runs for part in _sampled(run)]),
        (TRUNCATED, _cut(runs)),
    ):
        for span in spans:
            states[_touched(span, start, size)] = state
    merged = _merge(piece for run in good for piece in _whole(run))
    for span in merged:
        states[_inside(span, start, size)] = COMPLETE
    if merged:
        edge = (merged[-1][1] - start) // HOUR
        if 0 <= edge < size and merged[-1][1] > start + edge * HOUR and states[edge] in (NONE, FAILED):
            states[edge] = RUNNING
    counts = np.zeros(size, dtype=bool)
    if live:
        counts[max(0, (min(run.since for run in live) - start) // HOUR) :] = True
    counts |= states == SAMPLE
    hours = pd.date_range(start, periods=size, freq="h", unit="us")[counts]
    return pd.DataFrame({"hour": hours, "source": source, "coverage": pd.Series(states[counts], dtype=str)})


def _spans(runs: list[Any], outcome: str) -> list[tuple[datetime, datetime]]:
    return [(run.since, run.until) for run in runs if run.outcome == outcome]


def _cut(runs: list[Any]) -> list[tuple[datetime, datetime]]:
    """Truncated spans: those a run names, or all of a run that was cut and names none."""
    found = [(span.start, span.end) for run in runs for span in run.truncated]
    return found + [(r.since, r.until) for r in runs if r.outcome == Outcome.TRUNCATED and not len(r.truncated)]


def _whole(run: Any) -> list[tuple[datetime, datetime]]:
    """The parts of a closed run that it read in full: its span up to its own start, less what was cut or sampled."""
    pieces, at = [], run.since
    end = min(run.until, run.started_at)
    for span in sorted([*run.truncated, *(part.span for part in _sampled(run))], key=lambda s: s.start):
        if span.start > at:
            pieces.append((at, min(span.start, end)))
        at = max(at, span.end)
    pieces.append((at, end))
    return [(first, last) for first, last in pieces if last > first]


def _sampled(run: Any) -> list[Any]:
    return list(getattr(run, "sampled", ()))


def _merge(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _touched(span: tuple[datetime, datetime], start: datetime, size: int) -> slice:
    return slice(max(0, (span[0] - start) // HOUR), min(size, max(0, -((start - span[1]) // HOUR))))


def _inside(span: tuple[datetime, datetime], start: datetime, size: int) -> slice:
    return slice(max(0, -((start - span[0]) // HOUR)), min(size, max(0, (span[1] - start) // HOUR)))
