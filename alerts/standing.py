"""Alerts that stand while their rule holds: raised once, kept quiet by a graver one, closed when it no longer holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.records import Alarm
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader, Store

PARENTS = {"topic_spike": "spike", "share": "spike", "volume": "spike", "silent": "collection", "budget": "collection"}
"""By whom a rule is kept quiet: both say the same, and the graver one says it first."""
OWN_END = frozenset({"spike", "topic_spike", "digest", "channel"})
"""Rules that close by themselves."""
AGAIN = timedelta(hours=6)
"""A condition that comes and goes is told once in this time."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Ids of the incidents that were opened (loud or quiet), released from their parent, and closed."""

    opened: tuple[int, ...] = ()
    released: tuple[int, ...] = ()
    closed: tuple[int, ...] = ()


def settle(store: Store, reader: Reader, watch: Watch, holding: Sequence[Alarm], *, now: datetime) -> Settled:
    """Bring the incidents of `watch` in line with what holds. The same again changes nothing.

    What no longer holds is closed and not told; quiet hours put off what is told of it. A child whose parent has
    ended while it still holds is told then.
    """
    due = watch.alerts.due(now, watch.zone)
    held = {(alarm.rule, alarm.subject) for alarm in holding}
    closed = [
        int(row["id"])
        for row in _open(reader, watch)
        if row["rule"] not in OWN_END and (row["rule"], row["subject"]) not in held
    ]
    for number in closed:
        store.close_incident(number, now=now, reason="it no longer holds")
    opened = []
    for alarm in holding:
        parent = _parent(_open(reader, watch), alarm)
        raised = store.raise_alarm(
            alarm, watch.alerts.channels, now=now, cool_down=AGAIN, group=watch.group, due=due, parent=parent
        )
        if raised is not None:
            opened.append(raised)
    return Settled(tuple(opened), tuple(_release(store, reader, watch, now, due)), tuple(closed))


def _release(store: Store, reader: Reader, watch: Watch, now: datetime, due: datetime) -> list[int]:
    standing = _open(reader, watch)
    still = {int(row["id"]) for row in standing}
    free = [
        int(row["id"]) for row in standing if not pd.isna(row["parent"]) and int(row["parent"]) not in still
    ]  # fmt: skip
    for number in free:
        store.release_alarm(number, watch.alerts.channels, now=due, group=watch.group)
    return free


def _parent(standing: list[dict[Any, Any]], alarm: Alarm) -> int | None:
    grave = PARENTS.get(alarm.rule)
    return next((int(row["id"]) for row in standing if row["rule"] == grave), None)


def _open(reader: Reader, watch: Watch) -> list[dict[Any, Any]]:
    rows = reader.incidents(watch.name, every_rule=True)
    return list(rows[rows["closed_at"].isna()].to_dict("records"))
