"""Dated breaks of a watch: moments across which its numbers must not be compared, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from core.platform_breaks import platform_breaks
from core.records import Outcome
from core.watches import Watch
from reports.coverage import known_runs
from reports.window import Window

if TYPE_CHECKING:
    from store import Reader


@dataclass(frozen=True, slots=True)
class Break:
    """From `at` on the numbers are of another kind than before; `reason` completes "on 3 May …"."""

    at: datetime
    reason: str


def breaks(
    reader: Reader, watch: Watch, window: Window, *, clock: datetime, sampling: bool = True
) -> tuple[Break, ...]:
    """The breaks inside `window`, by time: another query, another set of sources, another sampling rate, and what is
    known of the platforms themselves (`core.platform_breaks`) where their source was read before and after.

    Whoever weighs sampled posts by their rate asks without `sampling`.

    Of a query that changed, what the newest question has asked again for the past is no break; its start is, where
    older questions alone reach further back. Imports make none: they are samples throughout.
    """
    runs = known_runs(reader, watch, window, clock=clock)
    runs = runs[~runs["outcome"].isin([Outcome.SAMPLE.value, Outcome.FAILED.value, "running"])]
    found: list[Break] = []
    starts = {}
    for name, own in runs.groupby("source", sort=True):
        newest = own.iloc[-1]["query_hash"]
        start = own.loc[own["query_hash"] == newest, "since"].min()
        starts[str(name)] = own["since"].min()
        if (own["query_hash"] != newest).any() and start > starts[str(name)]:
            found.append(Break(_moment(start), f"the question put to {name} changed"))
        found += _sampling(str(name), own) if sampling else []
        found += _platform(str(name), own)
    first = min(starts.values(), default=None)
    found += [Break(_moment(at), f"{name} was added") for name, at in starts.items() if at > first]
    inside = [b for b in found if window.since < b.at < window.until]
    return tuple(sorted(inside, key=lambda b: (b.at, b.reason)))


def _sampling(name: str, runs: pd.DataFrame) -> list[Break]:
    """Where a sampled span of another rate than the one before begins, or a sampled stretch ends."""
    if "sampled" not in runs:
        return []
    sampled = sorted((s for row in runs["sampled"] for s in row), key=lambda s: s.span.start)
    found: list[Break] = []
    rate, end = 1.0, None
    for one in sampled:
        span = one.span
        if end is not None and span.start > end and rate != 1.0:
            found.append(Break(end, f"{name} was no longer sampled"))
            rate = 1.0
        if abs(one.rate - rate) > 0.05 * rate:
            found.append(Break(span.start, f"{name} was sampled at another rate"))
        rate, end = one.rate, max(end or span.end, span.end)
    if end is not None and rate != 1.0 and (runs["until"] > end).any():
        found.append(Break(end, f"{name} was no longer sampled"))
    return found


def _platform(name: str, runs: pd.DataFrame) -> list[Break]:
    """Where the platform changed. Of a day it is not known when: the day itself is like neither side.

    That a later run has asked again for the time before is no remedy: nobody knows whether the platform gives it anew.
    """
    found: list[Break] = []
    for known in platform_breaks():
        if known.source == name and runs["since"].min() < known.start and runs["until"].max() > known.start:
            found.append(Break(known.start, known.reason))
            if known.end - known.start > timedelta(hours=1):
                found.append(Break(known.end, f"the time was over in which {known.reason}"))
    return found


def _moment(at: pd.Timestamp) -> datetime:
    moment: datetime = at.to_pydatetime()
    return moment
