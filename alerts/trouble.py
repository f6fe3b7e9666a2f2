"""A channel that takes nothing is told through the others, never through itself; the daily digest is due once a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from core.records import Alarm, utc_hour
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader, Store

TRIES = 3
"""So many tries of one message fail before its channel counts as failing."""
ONCE_A_DAY = timedelta(hours=24)


def failing_channels(reader: Reader) -> dict[str, str]:
    """Channels that failed a message three times, or gave it up, and have taken none since: name -> last error."""
    rows = reader.deliveries()
    found: dict[str, str] = {}
    for name, own in rows.groupby("channel"):
        taken = own["sent_at"].max()
        bad = own[own["failed_at"].notna() & (own["state"] != "sent")]
        bad = bad[(bad["attempts"] >= TRIES) | (bad["state"] == "failed")]
        if not pd.isna(taken):
            bad = bad[bad["failed_at"] > taken]
        if len(bad):
            found[str(name)] = str(bad.sort_values("failed_at")["last_error"].iloc[-1])
    return found


def report_channels(store: Store, reader: Reader, watch: Watch, *, now: datetime) -> list[int]:
    """Open an incident for each failing channel of `watch` and close those that work again; returns what was opened.

    It goes to the watch's other channels, the second ones among them, and to none that fails itself; where none is
    left it is only listed.
    """
    used = dict.fromkeys((*watch.alerts.channels, *watch.alerts.second))
    failing = {name: why for name, why in failing_channels(reader).items() if name in used}
    rows = reader.incidents(watch.name, every_rule=True)
    for row in rows[rows["closed_at"].isna() & (rows["rule"] == "channel")].to_dict("records"):
        if row["subject"] not in failing:
            store.close_incident(int(row["id"]), now=now, reason="it takes messages again, or is used no more")
    sound = [name for name in used if name not in failing]
    opened = []
    for name, why in failing.items():
        sentence = f"The channel {name!r} has taken no message after {TRIES} tries: {why}"
        alarm = Alarm(watch.name, "channel", name, utc_hour(now), sentence)
        opened.append(store.raise_alarm(alarm, sound, now=now, cool_down=ONCE_A_DAY, group=watch.group))
    return [number for number in opened if number is not None]


def daily_digest(store: Store, watch: Watch, *, now: datetime) -> int | None:
    """Put today's digest into the outbox once its time has come; None where it is not due, or was made.

    It is a message of its own: beside a spike it would shrink to a line.
    """
    at = watch.alerts.digest
    local = now.astimezone(watch.zone)
    if at is None or watch.as_of is not None or local.time() < at:
        return None
    alarm = Alarm(watch.name, "digest", local.date().isoformat(), utc_hour(now), "The daily digest.")
    number = store.raise_alarm(
        alarm, watch.alerts.channels, now=now, cool_down=2 * ONCE_A_DAY, group=f"{watch.group}: digest",
        due=watch.alerts.due(now, watch.zone),
    )  # fmt: skip
    if number is not None:
        store.close_incident(number, now=now, reason="sent once a day")
    return number
