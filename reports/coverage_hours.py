"""How many hours of each source were complete, cut short, failed or never asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from analysis.coverage import COMPLETE, FAILED, NONE, RUNNING, SAMPLE, TRUNCATED, hour_coverage
from core.watches import Watch
from reports.coverage import known_runs
from reports.window import clamp

if TYPE_CHECKING:
    from store import Reader

STATES = (COMPLETE, SAMPLE, TRUNCATED, FAILED, NONE, RUNNING)


def coverage_hours(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """One row per source that runs speak of or the watch names, by name: source, and its hours in each of `STATES`.

    The hours of the window before a source was first asked count as never asked; so do all of one that never was.
    """
    window = clamp(watch, clock=clock, since=since, until=until)
    hours = hour_coverage(known_runs(reader, watch, window, clock=clock), window.since, window.until)
    whole = len(pd.date_range(window.since, window.until, freq="h", inclusive="left"))
    counts = hours.groupby(["source", "coverage"]).size().unstack(fill_value=0)
    names = sorted({rule.name for rule in watch.sources} | set(map(str, counts.index)))
    counts = counts.reindex(index=names, columns=list(STATES), fill_value=0).astype("int64")
    counts[NONE] += whole - counts.sum(axis=1)
    return counts.rename_axis("source").rename_axis(None, axis=1).reset_index()
