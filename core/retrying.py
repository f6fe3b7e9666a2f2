"""How long to wait before asking again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SLEEP = 60.0
"""A longer pause is not slept through: it goes to the caller, who has other sources to ask."""

LONGEST_WAIT = 900.0
"""No wait is longer than fifteen minutes, whatever a server says."""

_SPAN = 1e6
"""A smaller reset is no moment since 1970 but seconds from now."""


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, 0 to 900; None where it is missing or unreadable.

    Both forms of RFC 9110 are read: seconds and an HTTP date. A date in the past is 0.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def asked_pause(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that an answer asks for: Retry-After, else the reset of its rate limit; None where it says nothing.

    A reset is an epoch second (Bluesky: ratelimit-reset, X: x-rate-limit-reset), an ISO time (Mastodon:
    x-ratelimit-reset) or seconds from now (Reddit: x-ratelimit-reset), 0 to 900 seconds ahead; one in the past is none.
    """
    after = retry_after(headers.get("Retry-After"), now=now)
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        if after is None and headers.get(name):
            after = _until(headers[name], now, span=name == "x-ratelimit-reset")
    return after


def _until(reset: str, now: datetime, *, span: bool) -> float | None:
    try:
        number = float(reset)
        seconds = number if span and number < _SPAN else number - now.timestamp()
    except ValueError:
        try:
            at = datetime.fromisoformat(reset)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None  # NaN is none as well


def pause(attempt: int, after: float | None, jitter: float) -> float:
    """Seconds between attempt 1, 2, ... and the next: growing, at least `after`, spread by `jitter` in 0..1."""
    grown = 2.0 ** (attempt - 1) * (0.5 + jitter)
    return max(grown, after + jitter if after is not None else 0.0)
