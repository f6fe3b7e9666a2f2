"""One false-alarm rate for all child watches of a radar: a spike of one must beat the record of them all.

Each hour has one value, the largest excess of any child: (negative - expected) / sqrt(max(expected, 1)), a Pearson
residual. By the conformal rank of `analysis.record` over the last 60 days an hour beats it by chance at the stated
rate, however many children there are. Hours inside an incident are left out, so that a past spike does not deafen it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analysis.record import Record
from core.records import HOUR, Decision
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader

DAYS = timedelta(days=60)
ENOUGH = 30 * 24
Gate = Callable[[Decision], str]


def shared_gate(reader: Reader, radar: Watch, children: Sequence[Watch], *, now: datetime) -> Gate:
    """Says why a child's spike may alert nobody, "" when it may.

    With under 30 days of decided hours the floor rule of each child stands, which calls itself not yet calibrated.
    """
    largest: dict[datetime, float] = {}
    for child in children:
        spans = _incidents(reader, child)
        kept = reader.decisions(child.name, since=now - DAYS, until=now)
        for hour, negative, expected in zip(kept["hour"], kept["negative"], kept["expected"], strict=True):
            at = hour.to_pydatetime()
            if not any(start <= at <= end for start, end in spans):
                largest[at] = max(largest.get(at, -math.inf), excess(int(negative), float(expected)))

    def why_not(decision: Decision) -> str:
        past = {at: value for at, value in largest.items() if at < decision.hour}
        if not decision.calibrated or len(past) < ENOUGH:
            return ""
        record = Record()
        for number, at in enumerate(sorted(past)):
            record.add(number, past[at])
        if excess(decision.negative, decision.expected) > record.threshold(radar.alerts.false_alarms).value:
            return ""
        return "other services on the radar have had hours as far above their usual: the rate is shared by all of them"

    return why_not


def excess(negative: int, expected: float) -> float:
    """How far an hour is above what is expected, in standard errors of a Poisson count; NaN expected counts as 0."""
    usual = 0.0 if math.isnan(expected) else expected
    return (negative - usual) / math.sqrt(max(usual, 1.0))


def _incidents(reader: Reader, child: Watch) -> list[tuple[datetime, datetime]]:
    rows = reader.incidents(child.name)
    return [
        (first.to_pydatetime(), last.to_pydatetime() + 6 * HOUR)
        for first, last in zip(rows["hour"], rows["last_hour"], strict=True)
    ]
