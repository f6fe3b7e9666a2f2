"""Announcements as intervals."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from core.announcements import announcement_from_table, interval
from core.errors import ConfigError


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "start", "end", "precision"),
    [
        ("2025-05-09", "UTC", utc(2025, 5, 9), utc(2025, 5, 10), "day"),
        ("2025-05-09", "Europe/Berlin", utc(2025, 5, 8, 22), utc(2025, 5, 9, 22), "day"),
        ("2025-02", "UTC", utc(2025, 2, 1), utc(2025, 3, 1), "month"),
        ("2025-12", "UTC", utc(2025, 12, 1), utc(2026, 1, 1), "month"),
        ("2025-05-10/2025-05-11", "UTC", utc(2025, 5, 10), utc(2025, 5, 12), "day"),
        (date(2025, 3, 30), "Europe/Berlin", utc(2025, 3, 29, 23), utc(2025, 3, 30, 22), "day"),
        ("2025-05-09T14:05:30+02:00", "UTC", utc(2025, 5, 9, 12, 5), utc(2025, 5, 9, 12, 6), "minute"),
        (datetime(2025, 5, 9, 14, tzinfo=timezone(timedelta(hours=2))), "UTC",
         utc(2025, 5, 9, 12), utc(2025, 5, 9, 12, 1), "minute"),
    ],
)  # fmt: skip
def test_dates_become_half_open_intervals(at, zone, start, end, precision):
    assert interval(at, zone, "here") == (start, end, precision)


@pytest.mark.parametrize("at", ["May 2025", "2025-13", "2025-02-30", "2025-05-11/2025-05-09", "", "2025-05-09T14:00"])
def test_what_is_no_date_is_refused(at):
    with pytest.raises(ConfigError, match="here"):
        interval(at, "UTC", "here")


def test_the_id_is_stable_and_readable():
    row = {"kind": "terms_change", "at": "2025-05-09", "title": "A clause, added!"}
    made = announcement_from_table(row, "here")
    assert made.id == "terms-change-2025-05-09-a-clause-added"
    assert made.id == announcement_from_table(dict(row), "there").id


def test_unknown_keys_are_errors():
    with pytest.raises(ConfigError, match="unknown key 'titel'"):
        announcement_from_table({"kind": "press", "at": "2025-05-09", "title": "x", "titel": "y"}, "here")
