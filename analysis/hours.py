"""Hours made whole: every hour present, and days of a time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.coverage import combine_by
from core.records import HOUR, utc_hour


def hour_index(since: datetime, until: datetime) -> pd.DatetimeIndex:
    """The starts of every UTC hour that touches [since, until), as datetime64[us, UTC]."""
    first = utc_hour(since)
    last = utc_hour(until - timedelta(microseconds=1))
    count = max(0, (last - first) // HOUR + 1) if until > since else 0
    return pd.date_range(first, periods=count, freq="h", unit="us", name="hour")


def pad_hours(frame: pd.DataFrame, since: datetime, until: datetime) -> pd.DataFrame:
    """`frame` (column `hour`, counts) with every hour of [since, until), in order; missing counts are 0.

    Hours outside the span are dropped. Raises ValueError when an hour stands twice.
    """
    if frame["hour"].duplicated().any():
        raise ValueError("pad_hours takes one row per hour; sum over the other keys first")
    counts = frame.set_index("hour").reindex(hour_index(since, until), fill_value=0)
    return counts.reset_index()


def by_day(frame: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Sums of the whole-number and the weighted columns per day of `zone`, in order; `hour` becomes `day`.

    `day` is the first instant of the local day, aware in `zone`; a day with a clock change has 23 or 25 hours.
    An hour belongs to the day in which it starts. Where there is a `coverage` column, a day gets the states of
    its hours by `analysis.coverage.combine_states`. Empty days inside the frame must come padded.
    """
    local = frame["hour"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize().rename("day")
    counts = [
        name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name]) or name.startswith("weighted_")
    ]
    days = frame[counts].groupby(local, sort=True).sum()
    if "coverage" in frame:
        days["coverage"] = combine_by(frame["coverage"], local)
    naive = pd.DatetimeIndex(days.index)
    # Some zones change their clocks at midnight: such a day starts at the first instant that exists.
    first = np.ones(len(naive), dtype=bool)
    days.index = naive.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").as_unit("us")
    return days.rename_axis("day").reset_index()
