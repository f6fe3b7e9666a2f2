"""The outbox: every delivery at least once, under an idempotency key, with leases that end by themselves."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from core.records import Delivery
from core.text import clean
from store.engine import changing
from store.handle import Handle
from store.schema import outbox

WAITING, SENT, FAILED = "waiting", "sent", "failed"
LEASE = timedelta(minutes=5)


class OutboxWriter(Handle):
    """The part of `Store` that hands deliveries out and hears how they went."""

    def lease_deliveries(self, *, now: datetime, limit: int = 10, lease: timedelta = LEASE) -> list[Delivery]:
        """Up to `limit` due deliveries, oldest first, which nobody else gets before `lease` has passed.

        `attempts` counts this try. One whose sender dies is due again when its lease ends: at least once.
        """
        due = select(outbox).where(outbox.c.state == WAITING, outbox.c.due_at <= now)
        with changing(self._engine) as connection:
            rows = connection.execute(due.order_by(outbox.c.due_at, outbox.c.id).limit(limit)).all()
            taken = update(outbox).where(outbox.c.id.in_([row.id for row in rows]))
            connection.execute(taken.values(due_at=now + lease, attempts=outbox.c.attempts + 1))
        return [
            Delivery(row.id, row.incident_id, row.channel, row.kind, row.idempotency_key, row.attempts + 1)
            for row in rows
        ]

    def mark_sent(self, delivery: int, now: datetime) -> None:
        """Note that a channel took the message."""
        with changing(self._engine) as connection:
            sent = update(outbox).where(outbox.c.id == delivery)
            connection.execute(sent.values(state=SENT, sent_at=now, due_at=None, last_error=""))

    def mark_failed(self, delivery: int, now: datetime, retry_at: datetime | None, reason: str) -> None:
        """Note that a channel did not take it: due again at `retry_at`, or given up where that is None.

        `reason` names the channel, never its address. A delivery that was sent meanwhile stays sent.
        """
        state = FAILED if retry_at is None else WAITING
        with changing(self._engine) as connection:
            failed = update(outbox).where(outbox.c.id == delivery, outbox.c.state != SENT)
            connection.execute(failed.values(state=state, due_at=retry_at, last_error=clean(reason), failed_at=now))


def put(connection: Connection, incident: int, kind: str, channels: Sequence[str], now: datetime) -> None:
    """Add one delivery per channel to the outbox, numbered within (incident, channel, kind).

    The key ends in random digits: another database counts its incidents from 1 too, and a receiver that knows both
    must not take the alert of one for a repeat of the other.
    """
    for channel in dict.fromkeys(channels):
        same = (outbox.c.incident_id == incident, outbox.c.channel == channel, outbox.c.kind == kind)
        number = (connection.scalar(select(func.max(outbox.c.number)).where(*same)) or 0) + 1
        row = {
            "incident_id": incident, "channel": channel, "kind": kind, "number": number, "state": WAITING,
            "idempotency_key": f"incident-{incident}-{channel}-{kind}-{number}-{secrets.token_hex(4)}", "attempts": 0,
            "due_at": now, "last_error": "",
        }  # fmt: skip
        connection.execute(insert(outbox), row)
