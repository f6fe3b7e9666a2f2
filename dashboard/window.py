"""Which hours a view asks for: the window and the step that a state, a watch and the clock make together."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.records import HOUR, utc_hour
from core.watches import Watch
from dashboard.state import ALL, DEFAULT_SPAN, SPANS, State

SPAN_NAMES = {"24h": "24 hours", "3d": "3 days", "7d": "7 days", "14d": "14 days", "30d": "30 days", ALL: "All"}
HOURLY_UP_TO = timedelta(days=14)
HOURLY_AT_MOST = timedelta(days=90)


def asked_window(state: State, watch: Watch, clock: datetime) -> tuple[datetime, datetime]:
    """(since, until) on whole UTC hours, inside the watch's life and never empty."""
    now = watch.now(clock)
    until = min(state.until or now, now)
    if state.since:
        since = state.since
    elif state.span == ALL:
        since = watch.since
    else:
        since = until - SPANS[state.span or DEFAULT_SPAN]
    since = utc_hour(max(since, watch.since))
    until = until if until == utc_hour(until) else utc_hour(until) + HOUR
    if until <= since:
        # The address names a time outside the watch: show its usual window instead of an empty one.
        return asked_window(State(), watch, clock) if state != State() else (since, since + HOUR)
    return since, until


def chosen_step(state: State, since: datetime, until: datetime) -> tuple[str, str]:
    """("hour" or "day", and a sentence where the reader's own choice could not be drawn)."""
    length = until - since
    if state.by == "hour" and length > HOURLY_AT_MOST:
        return "day", f"Shown by day: hours are drawn for up to {HOURLY_AT_MOST.days} days at a time."
    if state.by:
        return state.by, ""
    return ("hour" if length <= HOURLY_UP_TO else "day"), ""
