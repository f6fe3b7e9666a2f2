"""The table [alerts] of a watch file: which rules alert, when, and where to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import ConfigError
from core.tables import check_keys, parse_duration, texts

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_KEYS = (
    "channels", "cool_down", "false_alarms", "minimum_negative", "minimum_relevant", "share_above",
    "silent_after", "budget", "second", "acknowledge_within", "quiet_hours", "digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlertRules:
    """When and where a watch alerts. `false_alarms` is the stated rate per 30 days.

    `share_above`: an hour whose share is surely above it alerts (None: never). `silent_after`: a source that was not
    read for so long alerts (None: never); so does a spent `budget`. `second`: channels that hear of an incident
    which nobody acknowledged within `acknowledge_within`. `quiet_hours` (from, until, in the watch's zone) hold back
    all but spikes. `digest`: the time of day of a daily summary.
    """

    channels: tuple[str, ...] = ()
    cool_down: timedelta = timedelta(hours=24)
    false_alarms: float = 0.5
    minimum_negative: int = 5
    minimum_relevant: int = 20
    share_above: float | None = None
    silent_after: timedelta | None = timedelta(hours=6)
    budget: bool = True
    second: tuple[str, ...] = ()
    acknowledge_within: timedelta = timedelta(minutes=30)
    quiet_hours: tuple[time, time] | None = None
    digest: time | None = None

    def due(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When something that is no spike may be told: `now`, or the end of the quiet hours that hold `now`."""
        if self.quiet_hours is None:
            return now
        start, end = self.quiet_hours
        local = now.astimezone(zone)
        at = local.time()
        quiet = start <= at < end if start <= end else at >= start or at < end
        if not quiet:
            return now
        day = local.date() + timedelta(days=1 if at >= end else 0)
        return datetime.combine(day, end, tzinfo=zone).astimezone(now.tzinfo)


def alert_rules(table: Mapping[str, Any], where: str) -> AlertRules:
    """The rules that the table states, with defaults for the rest. Raises ConfigError naming key and value."""
    check_keys(table, _KEYS, where)
    rate = table.get("false_alarms", 0.5)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate <= 30:
        raise ConfigError(f"{where}: false_alarms {rate!r} must be a rate per 30 days above 0 and at most 30")
    return AlertRules(
        channels=tuple(name.lower() for name in texts(table, "channels", where, default=())),
        cool_down=parse_duration(table.get("cool_down", "24h"), f"{where}: cool_down"),
        false_alarms=float(rate),
        minimum_negative=_count(table, "minimum_negative", 5, where),
        minimum_relevant=_count(table, "minimum_relevant", 20, where),
        share_above=_share(table, where),
        silent_after=parse_duration(table.get("silent_after", "6h"), f"{where}: silent_after") or None,
        budget=_switch(table, "budget", where),
        second=tuple(name.lower() for name in texts(table, "second", where, default=())),
        acknowledge_within=parse_duration(table.get("acknowledge_within", "30m"), f"{where}: acknowledge_within"),
        quiet_hours=_quiet(table, where),
        digest=_clock(table["digest"], f"{where}: digest") if "digest" in table else None,
    )


def _count(table: Mapping[str, Any], key: str, default: int, where: str) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{where}: {key} {value!r} must be a whole number from 1")
    return value


def _switch(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, True)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: {key} {value!r} must be true or false")
    return value


def _share(table: Mapping[str, Any], where: str) -> float | None:
    value = table.get("share_above")
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1:
        raise ConfigError(f"{where}: share_above {value!r} must be a share between 0 and 1, such as 0.6")
    return float(value)


def _quiet(table: Mapping[str, Any], where: str) -> tuple[time, time] | None:
    value = table.get("quiet_hours")
    if value is None:
        return None
    start, dash, end = str(value).partition("-")
    if not dash:
        raise ConfigError(f"{where}: quiet_hours {value!r} must be a span such as 22:00-07:00")
    span = _clock(start.strip(), f"{where}: quiet_hours"), _clock(end.strip(), f"{where}: quiet_hours")
    if span[0] == span[1]:
        raise ConfigError(f"{where}: quiet_hours {value!r} would be a whole day or none; leave the key out for none")
    return span


def _clock(value: object, where: str) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(str(value))
    if not found:
        raise ConfigError(f"{where}: {value!r} is no time of day, such as 08:00")
    return time(int(found[1]), int(found[2]))
