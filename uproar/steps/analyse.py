"""Stage three: bring the rollups up to date, decide the closed hours, and open or close incidents."""

from __future__ import annotations

from datetime import datetime

from alerts.rules import Verdict, judge
from core.watches import Watch
from reports.spikes import decide_hours
from store import Reader, Store


def analyse(store: Store, reader: Reader, watch: Watch, *, clock: datetime) -> Verdict:
    """Refresh, decide and keep what was decided; returns what the alert rules made of it."""
    store.refresh_rollups(watch=watch.name)
    fresh = decide_hours(reader, watch, clock=clock)
    store.save_decisions(watch.name, fresh)
    return judge(store, reader, watch, fresh, clock=clock)
