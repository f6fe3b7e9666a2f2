"""Announcements: dated events as intervals, from a watch file or the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigError
from core.records import Announcement, AnnouncementKind, Conflict

PRECISIONS = ("minute", "day", "month")
_KEYS = ("id", "kind", "at", "zone", "title", "sources", "wording", "conflicts")


def interval(at: object, zone: str, where: str) -> tuple[datetime, datetime, str]:
    """(start, end, precision) in UTC of `at`: a time with offset, a day, a month ("2025-02") or "day/day".

    A day or a month is that of `zone`; the end of "day/day" is the last day named. Raises ConfigError.
    """
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{where}: zone {zone!r} is no IANA name, such as Europe/Berlin") from None
    if isinstance(at, datetime):
        return _minute(at, where)
    if isinstance(at, date):
        return _days(at, at, tz)
    text = str(at).strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text):
            month = date.fromisoformat(f"{text}-01")
            following = (month + timedelta(days=32)).replace(day=1)
            start, end, _ = _days(month, following - timedelta(days=1), tz)
            return start, end, "month"
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}(/\d{4}-\d{2}-\d{2})?", text):
            first, _, last = text.partition("/")
            return _days(date.fromisoformat(first), date.fromisoformat(last or first), tz)
        return _minute(datetime.fromisoformat(text), where)
    except ValueError:
        raise ConfigError(f"{where}: {text!r} is no time, day (2025-05-09), month or span of days") from None


def announcement_from_table(row: Mapping[str, Any], where: str) -> Announcement:
    """An announcement from a table with `kind`, `at`, `title` and optional keys. Raises ConfigError."""
    for key in row:
        if key not in _KEYS:
            raise ConfigError(f"{where}: unknown key {key!r}. Known: {', '.join(_KEYS)}.")
    for key in ("kind", "at", "title"):
        if key not in row:
            raise ConfigError(f"{where}: {key!r} is missing in {row.get('title', row.get('id', 'an announcement'))!r}")
    kinds = [k.value for k in AnnouncementKind]
    if row["kind"] not in kinds:
        raise ConfigError(f"{where}: kind {row['kind']!r} is none of {', '.join(kinds)}")
    zone = row.get("zone", "UTC")
    start, end, precision = interval(row["at"], zone, where)
    return Announcement(
        id=row.get("id") or announcement_id(row["kind"], start, row["title"]),
        kind=AnnouncementKind(row["kind"]),
        start=start,
        end=end,
        precision=precision,
        zone=zone,
        title=row["title"],
        sources=tuple(row.get("sources", ())),
        wording=row.get("wording", ""),
        conflicts=tuple(_conflict(c, zone, where) for c in row.get("conflicts", ())),
    )


def announcement_id(kind: str, start: datetime, title: str) -> str:
    """A stable, readable id: kind, day and the first words of the title."""
    slug = "-".join(re.findall(r"[a-z0-9]+", title.lower())[:5])
    return f"{kind.replace('_', '-')}-{start:%Y-%m-%d}-{slug}"


def _conflict(row: Mapping[str, Any], zone: str, where: str) -> Conflict:
    for key in row:
        if key not in ("at", "source"):
            raise ConfigError(f"{where}: conflicts: unknown key {key!r}. Known: at, source.")
    start, end, precision = interval(row.get("at", ""), zone, f"{where}: conflicts")
    return Conflict(start, end, precision, row.get("source", ""))


def _minute(at: datetime, where: str) -> tuple[datetime, datetime, str]:
    if at.tzinfo is None:
        raise ConfigError(f"{where}: {at} has no offset; write 2025-05-09T14:00:00Z, or a day without a time")
    start = at.astimezone(UTC).replace(second=0, microsecond=0)
    return start, start + timedelta(minutes=1), "minute"


def _days(first: date, last: date, tz: ZoneInfo) -> tuple[datetime, datetime, str]:
    start = datetime.combine(first, time(), tz).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), tz).astimezone(UTC)
    if end <= start:
        raise ValueError("the span ends before it starts")
    return start, end, "day"
