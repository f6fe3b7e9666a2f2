"""The health of a watch's sources, as coverage and alerts tell it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analysis.coverage import hour_coverage
from analysis.health import DAYS, Health, source_health
from core.records import Outcome
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader


def health(reader: Reader, watch: Watch, *, clock: datetime) -> list[Health]:
    """Each collected source against its own 28 days, up to the end of the newest span that it was read to.

    Imports have no health. A source that nobody asked for a while is `unknown`: that is coverage's to tell.
    """
    lateness = max((rule.lateness for rule in watch.sources), default=timedelta())
    now = watch.now(clock) - lateness
    since = now - timedelta(days=DAYS + 1)
    runs = reader.runs(watch.name, since=since, until=now, now=clock)
    runs = runs[runs["outcome"] != Outcome.SAMPLE]
    counts = reader.rollup(watch.name, since=since, until=now, split=("source",))
    return source_health(counts, hour_coverage(runs, since, now), now=now)
