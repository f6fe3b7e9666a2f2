"""Deliveries: lease, render, send, mark. At least once, one channel never in another's way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from alerts.channels import Channel, known
from alerts.message import Message
from core.errors import AlertNotSent, UproarError
from core.records import Delivery

if TYPE_CHECKING:
    from store import Reader, Store

BETWEEN_MESSAGES = timedelta(minutes=5)
"""A channel gets at most one message about a watch in this time."""

HELD_BACK = "a channel gets one message about a watch in five minutes"
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
BATCH = 4
"""Leased at once: with 30 seconds for each the lease of five minutes holds."""

Render = Callable[[Delivery], Message]


class Result(StrEnum):
    """What came of one delivery."""

    SENT = "sent"
    RETRY = "retry"
    GAVE_UP = "gave_up"
    HELD = "held"  # too soon after the last message about the same watch
    DUE = "due"  # dry run


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery as it went; `message` is what was, or would be, sent."""

    delivery: int
    incident: int
    channel: str
    kind: str
    result: Result
    reason: str = ""
    retry_at: datetime | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The attempts of one call, in order."""

    attempts: tuple[Attempt, ...] = ()

    def count(self, result: Result) -> int:
        """How many ended so."""
        return sum(attempt.result is result for attempt in self.attempts)


def deliver(
    store: Store, channels: Mapping[str, Channel], *, reader: Reader, clock: Callable[[], datetime], render: Render,
    dry_run: bool = False,
) -> Sent:  # fmt: skip
    """Send what is due. `render` makes a delivery's text at the moment of sending.

    A delivery is marked after it was sent: a crash between the two sends it again under the same idempotency key.
    A channel that fails is tried again after 1, 2, 4 ... 60 minutes, or later where the receiver asks for it, and
    given up after 24 hours. With `dry_run` nothing is leased, sent or marked.
    """
    if dry_run:
        return _would_send(reader, channels, render, clock())
    desk = None
    attempts: list[Attempt] = []
    while leased := store.lease_deliveries(now=clock(), limit=BATCH):
        desk = desk or _Desk(store, channels, reader, clock, render)
        attempts += [desk.handle(delivery) for delivery in leased]
    return Sent(tuple(attempts))


def next_try(attempts: int, now: datetime, *, asked: float | None = None) -> datetime | None:
    """When to try again after `attempts` tries, the failed one counted; None: give up, a day has gone.

    `asked` is the receiver's Retry-After in seconds; the later of the two holds.
    """
    spent = sum((pause(n) for n in range(1, attempts)), timedelta())
    if spent >= GIVE_UP_AFTER:
        return None
    wait = max(pause(attempts), timedelta(seconds=min(asked or 0.0, GIVE_UP_AFTER.total_seconds())))
    return now + wait


def pause(failure: int) -> timedelta:
    """The pause after the n-th failure: 1, 2, 4 ... minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(failure - 1, 10)), LONGEST_PAUSE)


class _Desk:
    """One call of `deliver`: remembers when a channel may next hear of a watch."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], reader: Reader, clock: Callable[[], datetime],
        render: Render,
    ) -> None:  # fmt: skip
        self._store = store
        self._channels = channels
        self._clock = clock
        self._render = render
        self._watches, self._free = _history(reader)

    def handle(self, delivery: Delivery) -> Attempt:
        now = self._clock()
        group = self._watches.get(delivery.incident, f"incident {delivery.incident}"), delivery.channel
        free = self._free.get(group, now)
        if free > now:
            # Each one held gets its own turn: it is held once, not every five minutes.
            self._free[group] = free + BETWEEN_MESSAGES
            return self._failed(delivery, Result.HELD, HELD_BACK, free)
        try:
            message = self._render(delivery)
            self._channel(delivery.channel).send(message, delivery.idempotency_key)
        except UproarError as error:
            asked = error.retry_after if isinstance(error, AlertNotSent) else None
            retry_at = next_try(delivery.attempts, self._clock(), asked=asked)
            return self._failed(delivery, Result.RETRY if retry_at else Result.GAVE_UP, str(error), retry_at)
        now = self._clock()
        self._store.mark_sent(delivery.id, now=now)
        self._free[group] = now + BETWEEN_MESSAGES
        return _attempt(delivery, Result.SENT, message=message)

    def _failed(self, delivery: Delivery, result: Result, reason: str, retry_at: datetime | None) -> Attempt:
        self._store.mark_failed(delivery.id, now=self._clock(), retry_at=retry_at, reason=reason)
        return _attempt(delivery, result, reason=reason, retry_at=retry_at)

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            raise AlertNotSent(
                f"channel {name!r}: set UPROAR_CHANNELS__{name.upper()}. Channels that are set: {known(self._channels)}"
            )
        return self._channels[name]


def _history(reader: Reader) -> tuple[dict[int, str], dict[tuple[str, str], datetime]]:
    incidents = reader.incidents()
    watches = {int(i): str(w) for i, w in zip(incidents["id"], incidents["watch"], strict=True)}
    sent = reader.deliveries().dropna(subset=["sent_at"]).sort_values("sent_at")
    free = {
        (watches.get(int(i), ""), str(channel)): at.to_pydatetime() + BETWEEN_MESSAGES
        for i, channel, at in zip(sent["incident"], sent["channel"], sent["sent_at"], strict=True)
    }
    return watches, free


def _would_send(reader: Reader, channels: Mapping[str, Channel], render: Render, now: datetime) -> Sent:
    rows = reader.deliveries()
    due = rows[rows["sent_at"].isna() & rows["due_at"].notna() & (rows["due_at"] <= now)].sort_values(["due_at", "id"])
    attempts = []
    for row in due.to_dict("records"):
        delivery = Delivery(
            int(row["id"]), int(row["incident"]), str(row["channel"]), str(row["kind"]), "", int(row["attempts"])
        )
        reason = "" if delivery.channel in channels else f"channel {delivery.channel!r} is not set"
        attempts.append(_attempt(delivery, Result.DUE, reason=reason, message=render(delivery)))
    return Sent(tuple(attempts))


def _attempt(
    delivery: Delivery, result: Result, *, reason: str = "", retry_at: datetime | None = None,
    message: Message | None = None,
) -> Attempt:  # fmt: skip
    return Attempt(delivery.id, delivery.incident, delivery.channel, delivery.kind, result, reason, retry_at, message)
