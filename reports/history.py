"""The hours of a watch: padded counts by its measure, each with its coverage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    runs = known_runs(reader, watch, window, clock=clock, sources=sources)
    counts = counted(reader, watch, window, runs, sources=sources, languages=languages, topic=topic)
    padded = pad_hours(counts, window.since, window.until)
    padded["coverage"] = covered_hours(runs, window).to_numpy(dtype=str)
    padded["coverage"] = padded["coverage"].astype("str")
    return padded


def counted(
    reader: Reader,
    watch: Watch,
    window: Window,
    runs: pd.DataFrame,
    *,
    split: Sequence[str] = (),
    sources: Collection[str] = (),
    languages: Collection[str] = (),
    topic: str | None = "all",
) -> pd.DataFrame:
    """`Reader.rollup` of the window by the watch's measure, with `analysis.weights.weighted` by hour and `split`.

    `runs` (see `reports.coverage.known_runs`) say which hours were read in part; without such, a post counts once.
    """

    def rollup(parts: Sequence[str]) -> pd.DataFrame:
        found = reader.rollup(
            watch.name, since=window.since, until=window.until, topic=topic, sources=list(sources) or None,
            languages=list(languages) or None, split=parts,
        )  # fmt: skip
        return measured(found, watch)

    counts = rollup(split)
    weights = hour_weights(runs, window.since, window.until)
    if weights.empty:
        return counts.assign(volume=counts["posts"], **{name: counts[base].astype(float) for name, base in _PLAIN})
    by = ("hour", *split)
    apart = counts if "source" in split else rollup((*split, "source"))
    return counts.merge(weighted(apart, weights, by=by), on=list(by))


_PLAIN = (("weighted_relevant", "relevant"), ("weighted_negative", "negative"), ("weighted_measured", "measured"),
          ("weighted_square", "measured"))  # fmt: skip
