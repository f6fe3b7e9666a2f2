"""How many posts are written when: the pattern that was put into the demo replay on purpose (see README.md)."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta

HOUR = timedelta(hours=1)

START = datetime(2025, 3, 1, tzinfo=UTC)
DISCOVERY = datetime(2025, 5, 9, 13, tzinfo=UTC)
NEXT_DAY = datetime(2025, 5, 10, tzinfo=UTC)
STATEMENT = datetime(2025, 5, 10, 2, tzinfo=UTC)
LETTER = datetime(2025, 5, 14, 15, tzinfo=UTC)
AFTER = datetime(2025, 5, 17, tzinfo=UTC)
END = datetime(2025, 5, 26, tzinfo=UTC)

QUIET_LEVEL = 1.3  # posts an hour
# Waking hours of Europe and America laid over each other, by UTC hour; the mean is 1.
_DAY = (85, 70, 60, 50, 40, 38, 45, 60, 75, 85, 90, 95, 105, 115, 125, 135, 140, 145, 150, 155, 150, 140, 120, 100)
RHYTHM = tuple(24 * level / sum(_DAY) for level in _DAY)
WEEKDAY = (0.93, 0.95, 1.0, 1.0, 1.1, 1.06, 0.96)  # Monday first
FIRST_EVENING = {13: 8, 14: 28, 15: 60, 16: 105, 17: 145, 18: 180, 19: 205, 20: 205, 21: 180, 22: 150, 23: 115}
# Ordinary evenings (17 to 22 UTC) with more talk than usual, so that a quiet time is not too good to be true.
BUSY_EVENINGS = {
    date(2025, 3, 8): 3.0, date(2025, 3, 22): 4.5, date(2025, 4, 3): 2.5, date(2025, 4, 12): 3.0,
    date(2025, 4, 19): 2.5, date(2025, 4, 25): 4.0, date(2025, 5, 3): 2.5,
}  # fmt: skip


def quiet_level(at: datetime) -> float:
    """Expected ordinary posts in the hour that starts at `at`."""
    extra = BUSY_EVENINGS.get(at.date(), 0.0) if 17 <= at.hour < 22 else 0.0
    return QUIET_LEVEL * RHYTHM[at.hour] * WEEKDAY[at.weekday()] + extra


def surge_level(at: datetime) -> float:
    """Expected posts about the clause in the hour that starts at `at`."""
    if at < DISCOVERY:
        return 0.0
    if at < NEXT_DAY:
        return FIRST_EVENING[at.hour]
    age = (at - NEXT_DAY) / HOUR
    level = 55 * math.exp(-age / 3) + 70 * math.exp(-age / 26) + 6 * math.exp(-age / 210)
    if at >= LETTER:
        age = (at - LETTER) / HOUR
        level += 48 * (1 - math.exp(-(age + 0.7) / 1.2)) * math.exp(-age / 18)
    return level * RHYTHM[at.hour]


def phase_weights(at: datetime) -> dict[str, float]:
    """What people who talk about the clause refer to at `at`."""
    if at < STATEMENT:
        return {"discovery": 1.0}
    if at < LETTER:
        share = min(0.65, 0.30 + (at - STATEMENT) / HOUR * 0.012)
        return {"statement": share, "discovery": 1 - share}
    if at < AFTER:
        return {"letter": 0.90, "statement": 0.06, "discovery": 0.04}
    return {"after": 0.80, "letter": 0.20}


def draw_count(rng: random.Random, mean: float, shape: float) -> int:
    """A negative binomial count with this mean and variance mean + mean² / shape, as a mixture of Poissons."""
    rest = rng.gammavariate(shape, mean / shape)
    count = -1
    while rest >= 0:
        rest += math.log(1.0 - rng.random())
        count += 1
    return count
