"""Column types: times and hours as whole numbers, the same on both databases, aware UTC in Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR_MICROS = 3_600_000_000


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time. Raises ValueError on a naive one."""
    if at.tzinfo is None:
        raise ValueError(f"a stored time needs an offset: {at}")
    return (at - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware UTC time of `micros`."""
    return EPOCH + timedelta(microseconds=value)


def hour_number(at: datetime) -> int:
    """Hours since 1970 of the UTC hour that holds the aware time `at`."""
    return micros(at) // HOUR_MICROS


def from_hour(value: int) -> datetime:
    """The aware UTC start of an hour given as its number."""
    return EPOCH + timedelta(hours=value)


def hour_from(at: datetime) -> int:
    """The number of the first hour that begins at or after `at`: the bound of spans of hours."""
    return -(-micros(at) // HOUR_MICROS)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970, returned in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware time in, whole number out; ValueError on a naive one."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Whole number in, aware UTC time out."""
        return None if value is None else from_micros(value)


class UtcHour(TypeDecorator[datetime]):
    """The start of a UTC hour, stored as hours since 1970."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware time in, number of its hour out; ValueError on a naive one."""
        return None if value is None else hour_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Number in, aware UTC start of the hour out."""
        return None if value is None else from_hour(value)
