"""Change points of a timeline: when the negative share, or the number of posts a day, settled at another level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from analysis.change_points import Change, count_changes, share_changes
from analysis.shares import wilson
from core.watches import Watch
from reports.comparable import Break
from reports.measure import FEWEST, word
from reports.timeline import GAPS
from reports.wording import count, interval, moment, percent

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """From `at` on the figure `of` ("share" or "volume") is at another level.

    `sentence` tells both levels, the share's with their intervals, and when else it may have begun.
    """

    at: datetime
    of: str
    sentence: str


def change_points(timeline: pd.DataFrame, watch: Watch, *, breaks: Sequence[Break] = ()) -> tuple[ChangePoint, ...]:
    """The change points of a frame of `reports.timeline.timeline` as it is drawn, filters and all, by time.

    The share is looked at step by step, the number of posts by whole days of the watch's zone, without days that
    were not wholly collected. None is told at a break, where figures of two kinds meet, nor of fewer than 20 posts.
    """
    if timeline.empty:
        return ()
    broken = [b.at for b in breaks]
    found = _of_share(timeline, watch, broken) + _of_volume(timeline, watch, broken)
    return tuple(sorted(found, key=lambda change: (change.at, change.of)))


def _of_share(rows: pd.DataFrame, watch: Watch, broken: Sequence[datetime]) -> list[ChangePoint]:
    negative = rows["negative"].to_numpy(dtype=np.float64)
    base = rows[["negative", "neutral", "positive"]].sum(axis=1).to_numpy(dtype=np.float64)
    times = [at.to_pydatetime() for at in rows["time"]]
    changes = share_changes(negative, base)
    edges = [0, *(change.step for change in changes), len(rows)]
    found = []
    for n, change in enumerate(changes, start=1):
        at = times[change.step]
        spans = ((edges[n - 1], change.step), (change.step, edges[n + 1]))
        sides = [(negative[a:b].sum(), base[a:b].sum()) for a, b in spans]
        if min(side[1] for side in sides) < FEWEST or _near(at, broken):
            continue
        (before, after) = (_told(*side) for side in sides)
        found.append(
            ChangePoint(at, "share", f"From {_when(at, rows, watch)} on{_or_else(change, times, rows, watch)}, {after} "
                                     f"relevant posts are {word(watch)}, after {before} before.")
        )  # fmt: skip
    return found


def _told(negative: float, base: float) -> str:
    return f"{percent(negative / base)} ({interval(*wilson(negative, base))}) of {count(base)}"


def _of_volume(rows: pd.DataFrame, watch: Watch, broken: Sequence[datetime]) -> list[ChangePoint]:
    days = pd.DatetimeIndex(rows["time"]).tz_convert(watch.zone).tz_localize(None).normalize()
    posts = rows.assign(gap=rows["coverage"].isin(GAPS)).groupby(days.rename("day"), sort=True)
    whole = posts.agg(posts=("posts", "sum"), gap=("gap", "any"), steps=("posts", "size"), at=("time", "min"))
    # A day that the window cuts has fewer posts for no reason of its own.
    whole.loc[whole["gap"] | (whole["steps"] < (23 if _by_hour(rows) else 1)), "posts"] = np.nan
    counts = whole["posts"].to_numpy(dtype=np.float64)
    times = [at.to_pydatetime() for at in whole["at"]]
    changes = count_changes(counts)
    edges = [0, *(change.step for change in changes), len(counts)]
    found = []
    for n, change in enumerate(changes, start=1):
        at = times[change.step]
        before = float(np.nanmean(counts[edges[n - 1] : change.step]))
        after = float(np.nanmean(counts[change.step : edges[n + 1]]))
        if max(before, after) < FEWEST or _near(at, broken):
            continue
        found.append(
            ChangePoint(at, "volume", f"From {_day(at, watch)} on there are about {count(after)} posts a day, after "
                                      f"about {count(before)} a day before.")
        )  # fmt: skip
    return found


def _or_else(change: Change, times: Sequence[datetime], rows: pd.DataFrame, watch: Watch) -> str:
    if change.earliest == change.latest:
        return ""
    first, last = (_when(times[step], rows, watch) for step in (change.earliest, change.latest))
    return f" (somewhere from {first} to {last})"


def _when(at: datetime, rows: pd.DataFrame, watch: Watch) -> str:
    return moment(at, watch.zone) if _by_hour(rows) else _day(at, watch)


def _day(at: datetime, watch: Watch) -> str:
    day = at.astimezone(watch.zone)
    return f"{day:%a} {day.day} {day:%b %Y}"


def _by_hour(rows: pd.DataFrame) -> bool:
    return len(rows) > 1 and bool(rows["time"].iloc[1] - rows["time"].iloc[0] < pd.Timedelta(hours=2))


def _near(at: datetime, broken: Sequence[datetime]) -> bool:
    return any(abs(at - other) < _DAY for other in broken)
