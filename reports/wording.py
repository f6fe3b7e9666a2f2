"""How values are written on a screen: shares, intervals, times and the names of codes. Nothing is computed here."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.records import Announcement, AnnouncementKind
from reports import words

KINDS = {
    AnnouncementKind.TERMS_CHANGE: "Terms change",
    AnnouncementKind.DISCOVERY: "Discovery",
    AnnouncementKind.PRESS: "Press",
    AnnouncementKind.STATEMENT: "Statement",
    AnnouncementKind.REVERSAL: "Reversal",
    AnnouncementKind.OTHER: "Event",
}
STATES = {
    "no_data": "No data",
    "stale": "Out of date",
    "pending": "Not scored yet",
    "learning": "Still learning",
    "calm": "Calm",
    "elevated": "Elevated",
    "volume": "Volume up, mood unknown",
    "spike": "Spike",
}
COVERAGE = {
    "complete": "complete",
    "sample": "a sample (imported)",
    "truncated": "cut short",
    "failed": "failed",
    "running": "being collected",
    "none": "not collected",
    "mixed": "a source is missing",
}


def coverage_words(coverage: object) -> str:
    """A coverage code in plain words; an unknown one as it stands."""
    return COVERAGE.get(str(coverage), str(coverage))


def percent(share: float) -> str:
    """0.342 as "34 %"; "no share" where there is none."""
    return "no share" if math.isnan(share) else f"{share * 100:.0f} %"


def interval(low: float, high: float) -> str:
    """(0.26, 0.42) as "26 to 42 %"; empty where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"{low * 100:.0f} to {high * 100:.0f} %"


def points(change: float) -> str:
    """A difference of shares as signed percentage points: 0.12 as "+12 points"."""
    rounded = round(change * 100)
    sign = "+" if rounded > 0 else "\N{MINUS SIGN}" if rounded < 0 else ""
    return f"{sign}{abs(rounded)} {'point' if abs(rounded) == 1 else 'points'}"


def count(number: float) -> str:
    """1240 as "1,240"."""
    return f"{number:,.0f}"


def topic_name(topic: str) -> str:
    """A topic's words, with a capital."""
    name = words.topic_name(topic)
    return name[:1].upper() + name[1:]


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A time in the watch's zone, such as "Fri 9 May 2025, 14:00"."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def hour_span(at: datetime, zone: ZoneInfo) -> str:
    """The hour that starts at `at`, such as "Fri 9 May 2025, 14:00 to 15:00"."""
    return f"{moment(at, zone)} to {(at + timedelta(hours=1)).astimezone(zone):%H:%M}"


def announcement_date(announcement: Announcement, zone: ZoneInfo) -> str:
    """When an announcement was made, no more exactly than is known: "9 May 2025 (day known, not the hour)".

    A minute is told in `zone`, the watch's; a day or a month is that of the announcement's own zone.
    """
    if announcement.precision == "minute":
        return moment(announcement.start, zone)
    own = ZoneInfo(announcement.zone)
    start, last = announcement.start.astimezone(own), (announcement.end - timedelta(seconds=1)).astimezone(own)
    if announcement.precision == "month":
        return f"{start:%B %Y} (month known, not the day)"
    if start.date() != last.date():
        return f"{start.day} {start:%b} to {last.day} {last:%b %Y}"
    return f"{start.day} {start:%b %Y} (day known, not the hour)"
