"""The outbox: every delivery at least once, one message per group and channel, with leases that end by themselves."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, insert, select, update

from core.records import Delivery
from core.text import clean
from store.engine import changing
from store.handle import Handle
from store.schema import incidents, outbox, slots, watches
from store.statements import chunks, upsert

WAITING, SENT, FAILED = "waiting", "sent", "failed"
LEASE = timedelta(minutes=5)
BETWEEN_MESSAGES = timedelta(minutes=5)
"""A channel gets at most one message about a group (a watch, or a radar with its children) in this time."""


class OutboxWriter(Handle):
    """The part of `Store` that hands deliveries out and hears how they went."""

    def lease_message(
        self, *, now: datetime, lease: timedelta = LEASE, between: timedelta = BETWEEN_MESSAGES,
        skip: Collection[str] = (),
    ) -> list[Delivery]:  # fmt: skip
        """The deliveries of the oldest message that is due; nobody else gets them before `lease` has passed.

        All that is due of one group to one channel is one message. A group and channel that had a message within
        `between` waits, whichever process sent it. A message whose sender died comes back whole, with nothing added,
        under the same key: at least once. `attempts` counts this try. Channels of `skip` are passed over.
        """
        with changing(self._engine) as connection:
            first = connection.execute(_due(now, skip).limit(1)).first()
            if first is None:
                return []
            rows = connection.execute(_same_message(first, now)).all()
            key = first.batch or first.idempotency_key
            for part in chunks([row.id for row in rows]):
                taken = update(outbox).where(outbox.c.id.in_(part))
                connection.execute(taken.values(due_at=now + lease, attempts=outbox.c.attempts + 1, batch=key))
            _occupy(connection, first.grouped, first.channel, now + between)
        return [
            Delivery(r.id, r.incident_id, r.channel, r.kind, key, r.attempts + 1, r.update_id) for r in rows
        ]  # fmt: skip

    def mark_sent(self, deliveries: Sequence[int], now: datetime) -> None:
        """Note that a channel took the message that these made."""
        with changing(self._engine) as connection:
            for part in chunks(deliveries):
                sent = update(outbox).where(outbox.c.id.in_(part))
                connection.execute(sent.values(state=SENT, sent_at=now, due_at=None, last_error=""))

    def mark_failed(
        self, deliveries: Sequence[int], now: datetime, retry_at: datetime | None, reason: str, *, taken: bool = False
    ) -> None:
        """Note that a channel did not take the message: due again at `retry_at`, or given up where that is None.

        `reason` names the channel, never its address. What was sent meanwhile stays sent. Unless the message may have
        been `taken` after all, its group is free for another at once.
        """
        state = FAILED if retry_at is None else WAITING
        with changing(self._engine) as connection:
            for part in chunks(deliveries):
                failed = update(outbox).where(outbox.c.id.in_(part), outbox.c.state != SENT)
                connection.execute(failed.values(state=state, due_at=retry_at, last_error=clean(reason), failed_at=now))
            if deliveries and not taken:
                row = connection.execute(select(outbox).where(outbox.c.id == deliveries[0])).one()
                _occupy(connection, row.grouped, row.channel, now)


def put(
    connection: Connection, incident: int, kind: str, channels: Sequence[str], now: datetime, *,
    group: str = "", update_id: int | None = None,
) -> None:  # fmt: skip
    """Add one delivery per channel to the outbox, numbered within (incident, channel, kind), due at `now`.

    `group` is whose message it joins, by default the watch. The key ends in random digits: another database counts
    its incidents from 1 too, and a receiver that knows both must not take the alert of one for a repeat of the other.
    """
    group = group or _watch_of(connection, incident)
    for channel in dict.fromkeys(channels):
        same = (outbox.c.incident_id == incident, outbox.c.channel == channel, outbox.c.kind == kind)
        number = (connection.scalar(select(func.max(outbox.c.number)).where(*same)) or 0) + 1
        row = {
            "incident_id": incident, "channel": channel, "kind": kind, "number": number, "state": WAITING,
            "idempotency_key": f"incident-{incident}-{channel}-{kind}-{number}-{secrets.token_hex(4)}", "attempts": 0,
            "due_at": now, "last_error": "", "grouped": group, "batch": "", "update_id": update_id,
        }  # fmt: skip
        connection.execute(insert(outbox), row)


def _due(now: datetime, skip: Collection[str]) -> Select[Any]:
    busy = exists().where(
        slots.c.grouped == outbox.c.grouped, slots.c.channel == outbox.c.channel, slots.c.next_at > now
    )
    found = select(outbox).where(outbox.c.state == WAITING, outbox.c.due_at <= now, ~busy)
    return found.where(outbox.c.channel.not_in(skip)).order_by(outbox.c.batch == "", outbox.c.due_at, outbox.c.id)


def _same_message(first: Row[Any], now: datetime) -> Select[Any]:
    found = select(outbox).where(outbox.c.state == WAITING).order_by(outbox.c.id)
    if first.batch:
        return found.where(outbox.c.batch == first.batch)
    together = (outbox.c.grouped == first.grouped, outbox.c.channel == first.channel, outbox.c.batch == "")
    return found.where(*together, outbox.c.due_at <= now)


def _occupy(connection: Connection, group: str, channel: str, until: datetime) -> None:
    row = {"grouped": group, "channel": channel, "next_at": until}
    connection.execute(upsert(connection, slots, ("grouped", "channel"), ("next_at",)), [row])


def _watch_of(connection: Connection, incident: int) -> str:
    join = incidents.join(watches, watches.c.id == incidents.c.watch_id)
    return str(connection.scalar(select(watches.c.name).select_from(join).where(incidents.c.id == incident)))
