"""Stage three: bring the rollups up to date, decide the closed hours, and open, follow or close incidents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.conditions import conditions, mood_unknown
from alerts.rules import Verdict, judge
from alerts.standing import settle
from alerts.topics import tell_topics
from alerts.trouble import daily_digest, report_channels
from alerts.updates import follow
from core.records import Decision
from core.watches import Watch
from reports.spikes import look
from store import Reader, Store


def analyse(
    store: Store, reader: Reader, watch: Watch, *, clock: datetime,
    gate: Callable[[Decision], str] = lambda _decision: "",
) -> Verdict:  # fmt: skip
    """Refresh, decide and keep what was decided; returns what the rule of spikes made of it.

    Then every other rule of the watch: see `alerts.conditions`, `alerts.standing`, `alerts.updates`, `alerts.trouble`.
    """
    store.refresh_rollups(watch=watch.name)
    found = look(reader, watch, clock=clock)
    store.save_decisions(watch.name, found.closed)
    store.save_looks(watch.name, found.looks)
    verdict = judge(store, reader, watch, found.closed, clock=clock, gate=gate, running=found.running)
    now = watch.now(clock)
    tell_topics(store, reader, watch, found, now=now)
    holding = [*mood_unknown(watch, found.loud, now), *conditions(reader, watch, clock=clock)]
    settle(store, reader, watch, holding, now=now)
    follow(store, reader, watch, clock=clock)
    if not watch.radar:  # a child's channels and day are the radar's
        report_channels(store, reader, watch, now=now)
        daily_digest(store, watch, now=now)
    return verdict
