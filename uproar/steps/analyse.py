"""Stage three: bring the rollups up to date, decide the closed hours, and open, follow or close incidents."""

from __future__ import annotations

from datetime import datetime

from alerts.conditions import conditions
from alerts.rules import Verdict, judge
from alerts.standing import settle
from alerts.trouble import daily_digest, report_channels
from alerts.updates import follow
from core.watches import Watch
from reports.spikes import decide_hours
from store import Reader, Store


def analyse(store: Store, reader: Reader, watch: Watch, *, clock: datetime) -> Verdict:
    """Refresh, decide and keep what was decided; returns what the rule of spikes made of it.

    Then every other rule of the watch: see `alerts.conditions`, `alerts.standing`, `alerts.updates`, `alerts.trouble`.
    """
    store.refresh_rollups(watch=watch.name)
    fresh = decide_hours(reader, watch, clock=clock)
    store.save_decisions(watch.name, fresh)
    verdict = judge(store, reader, watch, fresh, clock=clock)
    now = watch.now(clock)
    settle(store, reader, watch, conditions(reader, watch, clock=clock), now=now)
    report_channels(store, reader, watch, now=now)
    follow(store, reader, watch, clock=clock)
    daily_digest(store, watch, now=now)
    return verdict
