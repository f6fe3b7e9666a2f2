"""The hours of a watch: padded counts by its measure, each with its coverage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from analysis.hours import pad_hours
from core.watches import Watch
from reports.coverage import hourly_coverage
from reports.measure import measured
from reports.window import Window

if TYPE_CHECKING:
    from store import Reader


def hourly(
    reader: Reader,
    watch: Watch,
    window: Window,
    *,
    clock: datetime,
    sources: Collection[str] = (),
    languages: Collection[str] = (),
    topic: str = "all",
) -> pd.DataFrame:
    """Every hour of `window`, in order: hour, the counts of `Reader.rollup`, measured, coverage.

    negative, neutral and positive follow the watch's measure (see `reports.measure.measured`). Coverage is that of
    the sources asked for; it knows no languages or topics.
    """
    counts = reader.rollup(
        watch.name,
        since=window.since,
        until=window.until,
        topic=topic,
        sources=list(sources) or None,
        languages=list(languages) or None,
    )
    padded = pad_hours(measured(counts, watch), window.since, window.until)
    padded["coverage"] = hourly_coverage(reader, watch, window, clock=clock, sources=sources).to_numpy(dtype=str)
    padded["coverage"] = padded["coverage"].astype("str")
    return padded
