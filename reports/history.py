"""The hours of a watch: padded counts by its measure, each with its coverage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from analysis.hours import pad_hours
from analysis.weights import hour_weights, weighted
from core.watches import Watch
from reports.coverage import covered_hours, known_runs
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
    """Every hour of `window`, in order: hour, the counts of `Reader.rollup`, measured, volume and the weighted sums
    (`analysis.weights.weighted`), coverage.

    volume is how many posts there were, by the sampling rate where only a part was read; else it is posts.
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
    counts = measured(counts, watch)
    runs = known_runs(reader, watch, window, clock=clock, sources=sources)
    weights = hour_weights(runs, window.since, window.until)
    if weights.empty:
        counts = counts.assign(volume=counts["posts"], **{name: counts[base].astype(float) for name, base in _PLAIN})
    else:
        split = reader.rollup(
            watch.name, since=window.since, until=window.until, topic=topic, sources=list(sources) or None,
            languages=list(languages) or None, split=("source",),
        )  # fmt: skip
        counts = counts.merge(weighted(measured(split, watch), weights), on="hour")
    padded = pad_hours(counts, window.since, window.until)
    padded["coverage"] = covered_hours(runs, window).to_numpy(dtype=str)
    padded["coverage"] = padded["coverage"].astype("str")
    return padded


_PLAIN = (("weighted_negative", "negative"), ("weighted_measured", "measured"), ("weighted_square", "measured"))
