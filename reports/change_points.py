"""Change points of a timeline: when the negative share, or the number of posts a day, settled at another level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from analysis.change_points import count_changes, share_changes
from analysis.shares import wilson
from core.watches import Watch
from reports.comparable import Break
from reports.measure import FEWEST, word
from reports.timeline import GAPS
from reports.wording import count, interval, moment, percent

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """From `at` on the figure `of` ("share" or "volume") is at another level; `sentence` tells both with intervals."""

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
    steps = share_changes(negative, base)
    edges = [0, *steps, len(rows)]
    found = []
    for n, step in enumerate(steps, start=1):
        at = rows["time"].iloc[step].to_pydatetime()
        sides = [(negative[a:b].sum(), base[a:b].sum()) for a, b in ((edges[n - 1], step), (step, edges[n + 1]))]
        if min(side[1] for side in sides) < FEWEST or any(abs(at - b) < _DAY for b in broken):
            continue
        (before, after) = (_told(*side) for side in sides)
        found.append(
            ChangePoint(at, "share", f"From {moment(at, watch.zone)} on, {after} relevant posts are {word(watch)}, "
                                     f"after {before} before.")
        )  # fmt: skip
    return found


def _told(negative: float, base: float) -> str:
    return f"{percent(negative / base)} ({interval(*wilson(negative, base))}) of {count(base)}"


def _of_volume(rows: pd.DataFrame, watch: Watch, broken: Sequence[datetime]) -> list[ChangePoint]:
    local = pd.DatetimeIndex(rows["time"]).tz_convert(watch.zone)
    days = local.tz_localize(None).normalize()
    by_hour = len(rows) > 1 and rows["time"].iloc[1] - rows["time"].iloc[0] < pd.Timedelta(hours=2)
    posts = rows.assign(gap=rows["coverage"].isin(GAPS)).groupby(days.rename("day"), sort=True)
    whole = posts.agg(posts=("posts", "sum"), gap=("gap", "any"), steps=("posts", "size"), at=("time", "min"))
    # A day that the window cuts has fewer posts for no reason of its own.
    whole.loc[whole["gap"] | (whole["steps"] < (23 if by_hour else 1)), "posts"] = np.nan
    counts = whole["posts"].to_numpy(dtype=np.float64)
    steps = count_changes(counts)
    edges = [0, *steps, len(counts)]
    found = []
    for n, step in enumerate(steps, start=1):
        at = whole["at"].iloc[step].to_pydatetime()
        before, after = np.nanmean(counts[edges[n - 1] : step]), np.nanmean(counts[step : edges[n + 1]])
        if max(before, after) < FEWEST or any(abs(at - b) < _DAY for b in broken):
            continue
        day = at.astimezone(watch.zone)
        found.append(
            ChangePoint(at, "volume", f"From {day:%a} {day.day} {day:%b %Y} on there are about {count(after)} posts a "
                                      f"day, after about {count(before)} a day before.")
        )  # fmt: skip
    return found
