"""Several controversies beside one another, each counted from its own t0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.coverage import COVERED
from core.records import HOUR
from core.watches import Watch
from reports.history import hourly
from reports.lifecycle import Lifecycle, hours_words, lifecycle
from reports.window import clamp
from reports.words import joined

if TYPE_CHECKING:
    from store import Reader

DAYS_BEFORE, DAYS_AFTER = 7, 28
COLUMNS = ("watch", "day", "since", "posts", "share_of_peak", "relevant", "negative", "negative_share", "covered_hours")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`courses` in the order asked; `days` has `COLUMNS`: one row per watch and day, day 0 beginning at t0's hour.

    `share_of_peak` is the day's posts in the fullest day's, which makes watches of different size comparable; it and
    negative_share are NaN where there is no base. Days with fewer than 24 covered hours say so.
    """

    courses: tuple[Lifecycle, ...]
    days: pd.DataFrame
    sentence: str


def compare(reader: Reader, watches: Sequence[Watch], *, clock: datetime) -> Comparison:
    """The courses of `watches` aligned at t0; a watch without a dated event has a course and no days."""
    courses = tuple(lifecycle(reader, watch, clock=clock) for watch in watches)
    frames = [_days(reader, w, c.t0, clock=clock) for w, c in zip(watches, courses, strict=True) if c.t0]
    days = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
    return Comparison(courses, days, _sentence(courses))


def _days(reader: Reader, watch: Watch, t0: datetime, *, clock: datetime) -> pd.DataFrame:
    first = t0 - timedelta(days=DAYS_BEFORE)
    window = clamp(watch, clock=clock, since=max(first, watch.since), until=t0 + timedelta(days=DAYS_AFTER))
    hours = hourly(reader, watch, window, clock=clock)
    day = (hours["hour"] - pd.Timestamp(t0).floor("h")) // timedelta(days=1)
    hours["covered_hours"] = hours["coverage"].isin(COVERED).astype("int64")
    sums: Any = hours.groupby(day)[["posts", "relevant", "negative", "measured", "covered_hours"]].sum()
    sums = sums[sums["covered_hours"] > 0]
    base = sums["measured"].to_numpy(float)
    peak = float(sums["posts"].max()) if len(sums) else 0.0
    return pd.DataFrame(
        {
            "watch": watch.name,
            "day": sums.index.astype("int64"),
            "since": [t0 + int(n) * 24 * HOUR for n in sums.index],
            "posts": sums["posts"].to_numpy(),
            "share_of_peak": sums["posts"].to_numpy() / peak if peak else np.full(len(sums), np.nan),
            "relevant": sums["measured"].to_numpy(),
            "negative": sums["negative"].to_numpy(),
            "negative_share": np.divide(sums["negative"], base, out=np.full(len(sums), np.nan), where=base > 0),
            "covered_hours": sums["covered_hours"].to_numpy(),
        },
        columns=list(COLUMNS),
    )


def _sentence(courses: Sequence[Lifecycle]) -> str:
    if len(courses) == 1:
        return courses[0].sentence
    faded = sorted((c.half_life_hours, c.platform) for c in courses if c.half_life_hours is not None)
    if len(faded) < 2:
        return "Fewer than two of these reactions have halved in what was collected, so their speed is not compared."
    (fast, quick), (slow, lasting) = faded[0], faded[-1]
    others = [c.platform for c in courses if c.half_life_hours is None]
    rest = f" {joined(others)}: not halved, or no rise collected." if others else ""
    return f"{quick}'s reaction halved within {hours_words(fast)}, {lasting}'s within {hours_words(slow)}.{rest}"
