"""Times as files write them: ISO 8601, epoch seconds or milliseconds, mail dates and the old form of X."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)
"""How far ahead of our clock a post may be dated: clocks differ, but not by more."""

_MILLISECONDS = 1e11  # as seconds this is the year 5138
_OLD_X = "%a %b %d %H:%M:%S %z %Y"


class BadTime(ValueError):
    """Not a time that can be taken. The message is the reason, without the value."""


def parse_time(value: object, zone: tzinfo | None, latest: datetime) -> datetime:
    """The moment in UTC. A time without an offset is read in `zone` (of two, the first).

    Raises BadTime: not understood, naive without a zone, before 1990 or after `latest`.
    """
    at = _read(value)
    try:
        if at.tzinfo is None:
            if zone is None:
                raise BadTime("time without an offset: give --timezone")
            at = at.replace(tzinfo=zone)
        if at.tzinfo is not UTC:
            at = at.astimezone(UTC)
    except OverflowError:
        raise BadTime("time before 1990") from None
    if at < EARLIEST:
        raise BadTime("time before 1990")
    if at > latest:
        raise BadTime("time more than ten minutes in the future")
    return at


def _read(value: object) -> datetime:
    if isinstance(value, str):
        value = value.strip()
        if not value:
            raise BadTime("no time")
        if value[4:5] == "-":
            return _iso(value)
        try:
            return _epoch(float(value))
        except ValueError:
            return _mail(value)
    if value is None:
        raise BadTime("no time")
    if isinstance(value, datetime):  # Parquet has a type for it, and pandas one of its own
        return datetime(*value.timetuple()[:6], value.microsecond, tzinfo=value.tzinfo)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTime("time not understood")
    try:
        return _epoch(float(value))
    except (ValueError, OverflowError):
        raise BadTime("time not understood") from None


def _iso(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(value.removesuffix("UTC").rstrip() + "Z")
    except ValueError:
        raise BadTime("time not understood") from None


def _epoch(seconds: float) -> datetime:
    if abs(seconds) > _MILLISECONDS:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise BadTime("time not understood") from None


def _mail(value: str) -> datetime:
    try:
        return datetime.strptime(value, _OLD_X)  # noqa: DTZ007 (the form ends in an offset and a year)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise BadTime("time not understood") from None
