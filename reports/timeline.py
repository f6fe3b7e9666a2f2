"""The reaction over time: every hour, or every day of the watch's zone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.hours import by_day
from analysis.shares import wilson
from core.errors import ConfigError
from core.watches import Watch
from reports.history import hourly
from reports.spikes import hour_states
from reports.window import clamp

if TYPE_CHECKING:
    from store import Reader

COLUMNS = (
    "time", "posts", "volume", "scored", "relevant", "negative", "neutral", "positive", "negative_share", "low", "high",
    "pending", "not_scored", "against", "stance_neutral", "in_favour", "coverage",
)  # fmt: skip

GAPS = frozenset({"none", "failed", "truncated", "running", "mixed"})
"""Coverage whose counts may not be read as the hour's or the day's counts."""


def timeline(
    reader: Reader,
    watch: Watch,
    *,
    clock: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    by: str = "hour",
    sources: Collection[str] = (),
    languages: Collection[str] = (),
    topic: str = "all",
    states: bool = False,
) -> pd.DataFrame:
    """One row per hour or day of [since, until), none left out, cut at the watch's present: `COLUMNS`.

    `time` is the start: of a UTC hour, or of a day aware in the watch's zone; an hour belongs to the day in which it
    starts. `volume` is how many posts there were: more than `posts` where only a part was read, by chance. `since`
    defaults to the watch's. negative, neutral and positive follow the watch's measure;
    negative_share has its 95 % Wilson interval low..high, all NaN where nothing relevant was measured. A day's
    coverage is that of its hours together. With `states`, rows of an hour end in `state`: that of the whole watch,
    whatever sources, languages or topic narrow the counts. Judging takes longer than all the rest. Raises
    ConfigError for another `by`.
    """
    if by not in ("hour", "day"):
        raise ConfigError(f"timeline: by {by!r} must be 'hour' or 'day'")
    window = clamp(watch, clock=clock, since=since, until=until)
    frame = hourly(reader, watch, window, clock=clock, sources=sources, languages=languages, topic=topic)
    if by == "day":
        return _with_share(by_day(frame, watch.zone).rename(columns={"day": "time"}))
    rows = _with_share(frame.rename(columns={"hour": "time"}))
    if not states:
        return rows
    judged = hour_states(reader, watch, clock=clock, since=window.since, until=window.until)
    return rows.assign(state=judged["state"].to_numpy(dtype=object))


def _with_share(frame: pd.DataFrame) -> pd.DataFrame:
    """Posts of a sampled hour stand for those that were not read; the interval is that of what they are worth."""
    negative, base = frame["negative"].to_numpy(dtype=float), frame["measured"].to_numpy(dtype=float)
    whole, square = frame["weighted_measured"].to_numpy(dtype=float), frame["weighted_square"].to_numpy(dtype=float)
    partly = (square != whole) & (square > 0)
    if partly.any():
        worth = np.divide(whole * whole, square, out=base.copy(), where=partly)
        part = np.divide(
            frame["weighted_negative"].to_numpy(dtype=float), whole, out=np.zeros(len(frame)), where=partly
        )
        negative, base = np.where(partly, part * worth, negative), worth
    share = np.divide(negative, base, out=np.full(len(frame), np.nan), where=base > 0)
    low, high = wilson(negative, base)
    return frame.assign(negative_share=share, low=low, high=high)[list(COLUMNS)]
