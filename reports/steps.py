"""A watch as a table of equal steps, hours or days of its zone, and the part of it that reads an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.coverage import COVERED, SAMPLE
from analysis.hours import by_day
from core.records import HOUR, utc_hour
from core.watches import Watch
from reports.comparable import Break
from reports.figures import Figure, figures
from reports.history import hourly
from reports.window import Window, clamp

if TYPE_CHECKING:
    from store import Reader

HISTORY = timedelta(days=180)
"""Read before an event, and as much after it: placebo dates come from there."""


@dataclass(frozen=True, slots=True)
class Step:
    """A length of step and what a reading in it needs, in steps."""

    name: str
    hours: int
    before: int
    fewest_before: int
    fewest_after: int
    reach: int
    smooth: int
    periods: tuple[int, ...]


HOURS = Step("hour", 1, 14 * 24, 72, 6, 48, 6, (24, 168))
DAYS = Step("day", 24, 60, 14, 3, 7, 1, (7,))


@dataclass(frozen=True, slots=True)
class Span:
    """Steps [first, before) foretell, [before, after) are uncertain and left out, [after, until) are read.

    Outside of `comparable` lie steps beyond a dated break, which are not used at all.
    """

    first: int
    before: int
    after: int
    until: int
    comparable: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class StepTable:
    """The steps of a watch in order; `times` has the start of each and, last, the end of them all."""

    watch: Watch
    step: Step
    times: tuple[datetime, ...]
    known: np.ndarray
    figures: Mapping[str, Figure]
    sample: bool

    def __len__(self) -> int:
        return len(self.times) - 1

    def figure(self, name: str) -> Figure:
        """The figure of that name."""
        return self.figures[name]

    def start_of(self, at: int) -> datetime:
        """When a step begins."""
        return self.times[at]

    def end_of(self, at: int) -> datetime:
        """When a step ends."""
        return self.times[at + 1]

    def place(self, at: datetime) -> int:
        """The step that holds a moment; beyond either end the numbers go on."""
        if not len(self):
            return 0
        if at < self.times[0]:
            return -1
        return int(np.searchsorted(np.array([t.timestamp() for t in self.times]), at.timestamp(), side="right")) - 1

    def due(self, start: datetime, end: datetime) -> datetime:
        """When a first reading of an event of [start, end) can be had."""
        lateness = max((rule.lateness for rule in self.watch.sources), default=timedelta())
        whole = utc_hour(end + HOUR - timedelta(microseconds=1))
        if end - start <= timedelta(minutes=1) and start == utc_hour(start):
            whole = start
        if self.step is DAYS:
            last = (end - timedelta(microseconds=1)).astimezone(self.watch.zone)
            midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
            whole = (midnight + timedelta(days=1)).astimezone(UTC)
        return whole + self.step.fewest_after * self.step.hours * HOUR + lateness

    def aligned(self, name: str, other: StepTable) -> np.ndarray:
        """A figure's values at the steps of `other`; NaN where this table has none."""
        own = dict(zip(self.times[:-1], self.figure(name).values, strict=True))
        return np.array([own.get(at, np.nan) for at in other.times[:-1]])


def choose_step(reader: Reader, watch: Watch, before: datetime, *, clock: datetime) -> Step:
    """Hours where the week before `before` had a post an hour or more, else days."""
    window = clamp(watch, clock=clock, since=before - timedelta(days=7), until=before)
    if window.until <= window.since:
        return DAYS
    posts = int(reader.rollup(watch.name, since=window.since, until=window.until)["posts"].sum())
    return HOURS if posts >= window.hours else DAYS


def step_table(
    reader: Reader, watch: Watch, step: Step, *, clock: datetime, around: datetime | None = None
) -> StepTable:
    """The closed steps of a watch within 180 days of `around` (by default its present); none where nothing is known."""
    lateness = max((rule.lateness for rule in watch.sources), default=timedelta())
    closed = utc_hour(watch.now(clock) - lateness)
    end = closed if around is None else min(closed, around + HISTORY)
    since = max(watch.since, (around or end) - HISTORY)
    window = clamp(watch, clock=clock, since=since, until=end)
    frame = hourly(reader, watch, window, clock=clock)
    topics = reader.rollup(watch.name, since=window.since, until=window.until, topic=None, split=("topic",))
    wide = topics.pivot_table(index="hour", columns="topic", values="relevant", aggfunc="sum", fill_value=0)
    for topic in wide.columns:
        frame[f"topic:{topic}"] = wide[topic].reindex(frame["hour"]).fillna(0).astype("int64").to_numpy()
    frame = frame.rename(columns={"hour": "time"})
    if step is DAYS and len(frame):
        frame = _whole_days(frame, window, watch)
    known = frame["coverage"].isin(COVERED).to_numpy(dtype=bool)
    if known.any():  # what was never collected at either end is no part of the table
        first, last = int(np.argmax(known)), len(known) - int(np.argmax(known[::-1]))
        frame, known = frame.iloc[first:last], known[first:last]
    else:
        frame, known = frame.iloc[:0], known[:0]
    starts = [t.to_pydatetime() for t in frame["time"].dt.tz_convert("UTC")]
    times = (*starts, _next(starts[-1], step, watch)) if starts else (window.since,)
    sample = bool((frame["coverage"] == SAMPLE).any())
    return StepTable(watch, step, times, known, figures(frame, known, watch), sample)


def read_span(table: StepTable, start: datetime, end: datetime, *, following: datetime | None) -> Span | str:
    """The span that reads an event of [start, end) up to the event `following`; or why it cannot be read."""
    step = table.step
    if start < table.watch.since:
        return "the event, or a date that a source gives for it, lies before this watch begins"
    if not len(table):
        return "nothing was collected that could be read as whole hours"
    if start < table.start_of(0):
        return "the event, or a date that a source gives for it, lies before the first hour collected"
    before, after = table.place(start), table.place(end - timedelta(microseconds=1)) + 1
    if end - start <= timedelta(minutes=1) and start == table.start_of(min(before, len(table) - 1)):
        after = before  # on the border of a step: nothing is uncertain
    reach = after + step.reach
    until = min(reach, len(table), table.place(following) if following is not None else reach)
    first = max(0, before - step.before)
    seen = int(table.known[first:before].sum())
    read = int(table.known[after:until].sum()) if until > after else 0
    if seen < step.fewest_before:
        return f"only {seen} whole {step.name}s before it were collected; {step.fewest_before} are needed"
    if read < step.fewest_after:
        if following is not None and table.place(following) < after + step.fewest_after:
            return (
                f"the next event begins {max(0, table.place(following) - after)} whole {step.name}s after it, too soon "
                f"for a reading of {step.fewest_after}"
            )
        return f"only {read} whole {step.name}s after it were collected; {step.fewest_after} are needed"
    return Span(first, before, after, until)


def within_breaks(table: StepTable, span: Span, found: Sequence[Break]) -> Span | str:
    """`span` cut to what is comparable with both sides of the event; or which break stands between them."""
    low, high, cut = 0, len(table), ""
    for broken in found:
        at = table.place(broken.at)
        # A break on the border of a step spoils neither side, one inside it spoils that step.
        ends, begins = at, at if table.start_of(at) == broken.at else at + 1
        day = f"{broken.at.astimezone(table.watch.zone):%d %B %Y}"
        if begins <= span.before:
            low, cut = max(low, begins), f"on {day} {broken.reason}, and what came before is not comparable"
        elif ends >= span.after:
            high, cut = min(high, ends), cut or f"on {day} {broken.reason}, and what came after is not comparable"
        else:
            return f"on {day}, within the event's own hours, {broken.reason}: before and after are not comparable"
    kept = Span(max(span.first, low), span.before, span.after, min(span.until, high), (low, high))
    seen = int(table.known[kept.first : kept.before].sum())
    read = int(table.known[kept.after : kept.until].sum()) if kept.until > kept.after else 0
    if seen < table.step.fewest_before or read < table.step.fewest_after:
        return f"{cut}: {seen} {table.step.name}s before and {read} after it are left"
    return kept


def _whole_days(frame: pd.DataFrame, window: Window, watch: Watch) -> pd.DataFrame:
    """Days of the watch's zone; a first or last day that is only partly in the window is left out."""
    days = by_day(frame.rename(columns={"time": "hour"}), watch.zone).rename(columns={"day": "time"})
    ends = [_next(t.to_pydatetime(), DAYS, watch) for t in days["time"]]
    whole = [t.to_pydatetime() >= window.since and e <= window.until for t, e in zip(days["time"], ends, strict=True)]
    return days[whole].reset_index(drop=True)


def _next(at: datetime, step: Step, watch: Watch) -> datetime:
    if step is not DAYS:
        return at + HOUR
    return (at.astimezone(watch.zone) + timedelta(days=1)).astimezone(at.tzinfo)
