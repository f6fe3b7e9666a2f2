"""Deliveries: lease, render, send, mark. At least once, one channel never in another's way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from alerts.channels import Channel, known
from alerts.message import Message
from core.errors import AlertNotSent, UproarError
from core.records import Delivery

if TYPE_CHECKING:
    from store import Reader, Store

BETWEEN_MESSAGES = timedelta(minutes=5)
"""The store hands out one message about a group to one channel in this time, to whichever process asks."""

LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
MESSAGES_A_CALL = 1_000

Render = Callable[[Sequence[Delivery]], Message]


class Result(StrEnum):
    """What came of one delivery."""

    SENT = "sent"
    RETRY = "retry"
    GAVE_UP = "gave_up"
    DUE = "due"  # dry run


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery as it went; `message` is what was, or would be, sent. Those of one message share its `key`."""

    delivery: int
    incident: int
    channel: str
    kind: str
    result: Result
    reason: str = ""
    retry_at: datetime | None = None
    message: Message | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The attempts of one call, in order."""

    attempts: tuple[Attempt, ...] = ()

    def count(self, result: Result) -> int:
        """How many ended so."""
        return sum(attempt.result is result for attempt in self.attempts)


def deliver(
    store: Store, channels: Mapping[str, Channel], *, reader: Reader, clock: Callable[[], datetime], render: Render,
    dry_run: bool = False, stopped: Callable[[], bool] = lambda: False,
) -> Sent:  # fmt: skip
    """Send what is due, until `stopped`. `render` makes the text of one message's deliveries at the moment of sending.

    A message is marked after it was sent: a crash between the two sends it again under the same idempotency key.
    One that fails is tried again after 1, 2, 4 ... 60 minutes, or later where the receiver asks for it, and given up
    after 24 hours. A channel that failed is left alone for the rest of the call, so that one which hangs does not
    hold up the others. With `dry_run` nothing is leased, sent or marked.
    """
    if dry_run:
        return _would_send(reader, channels, render, clock())
    failing: set[str] = set()
    attempts: list[Attempt] = []
    for _ in range(MESSAGES_A_CALL):
        leased = [] if stopped() else store.lease_message(now=clock(), between=BETWEEN_MESSAGES, skip=failing)
        if not leased:
            break
        tried = _send(store, channels, leased, clock, render)
        if any(attempt.result is not Result.SENT for attempt in tried):
            failing.add(leased[0].channel)
        attempts += tried
    return Sent(tuple(attempts))


def next_try(attempts: int, now: datetime, *, asked: float | None = None) -> datetime | None:
    """When to try again after `attempts` tries, the failed one counted; None: give up, a day has gone.

    `asked` is the receiver's Retry-After in seconds; the later of the two holds.
    """
    spent = sum((pause(n) for n in range(1, attempts)), timedelta())
    if spent >= GIVE_UP_AFTER:
        return None
    wait = max(pause(attempts), timedelta(seconds=min(max(asked or 0.0, 0.0), GIVE_UP_AFTER.total_seconds())))
    return now + wait


def pause(failure: int) -> timedelta:
    """The pause after the n-th failure: 1, 2, 4 ... minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(failure - 1, 10)), LONGEST_PAUSE)


def _send(
    store: Store, channels: Mapping[str, Channel], leased: Sequence[Delivery], clock: Callable[[], datetime],
    render: Render,
) -> list[Attempt]:  # fmt: skip
    numbers = [delivery.id for delivery in leased]
    first = leased[0]
    try:
        message = render(leased)
        _channel(channels, first.channel).send(message, first.idempotency_key)
    except UproarError as error:
        asked, taken = (error.retry_after, error.maybe_taken) if isinstance(error, AlertNotSent) else (None, False)
        tries = min(delivery.attempts for delivery in leased)
        # What may have arrived is not repeated within the five minutes.
        floor = BETWEEN_MESSAGES.total_seconds() if taken else 0.0
        retry_at = next_try(tries, clock(), asked=max(asked or 0.0, floor))
        store.mark_failed(numbers, now=clock(), retry_at=retry_at, reason=str(error), taken=taken)
        result = Result.RETRY if retry_at else Result.GAVE_UP
        return [_attempt(d, result, reason=str(error), retry_at=retry_at) for d in leased]
    store.mark_sent(numbers, now=clock())
    return [_attempt(delivery, Result.SENT, message=message) for delivery in leased]


def _channel(channels: Mapping[str, Channel], name: str) -> Channel:
    if name not in channels:
        raise AlertNotSent(
            f"channel {name!r}: set UPROAR_CHANNELS__{name.upper()}. Channels that are set: {known(channels)}"
        )
    return channels[name]


def _would_send(reader: Reader, channels: Mapping[str, Channel], render: Render, now: datetime) -> Sent:
    rows = reader.deliveries()
    due = rows[rows["sent_at"].isna() & rows["due_at"].notna() & (rows["due_at"] <= now)].sort_values(["due_at", "id"])
    attempts = []
    for row in due.to_dict("records"):
        told = None if pd.isna(row["update"]) else int(row["update"])
        delivery = Delivery(
            int(row["id"]), int(row["incident"]), str(row["channel"]), str(row["kind"]), "", int(row["attempts"]), told
        )
        reason = "" if delivery.channel in channels else f"channel {delivery.channel!r} is not set"
        attempts.append(_attempt(delivery, Result.DUE, reason=reason, message=render([delivery])))
    return Sent(tuple(attempts))


def _attempt(
    delivery: Delivery, result: Result, *, reason: str = "", retry_at: datetime | None = None,
    message: Message | None = None,
) -> Attempt:  # fmt: skip
    return Attempt(
        delivery.id, delivery.incident, delivery.channel, delivery.kind, result, reason, retry_at, message,
        delivery.idempotency_key,
    )  # fmt: skip
