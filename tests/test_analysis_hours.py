from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analysis.hours import by_day, hour_index, pad_hours

T0 = datetime(2025, 3, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def hours(*at: datetime, posts: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"hour": pd.to_datetime(list(at), utc=True).as_unit("us"), "posts": posts})


def test_every_hour_is_there_in_order_with_zeros() -> None:
    padded = pad_hours(hours(T0 + timedelta(hours=2), T0), T0, T0 + timedelta(hours=4))
    assert padded["posts"].tolist() == [1, 0, 1, 0]
    assert str(padded["hour"].dtype) == "datetime64[us, UTC]"
    assert str(padded["posts"].dtype) == "int64"


def test_hours_outside_the_span_are_dropped_and_part_hours_kept_whole() -> None:
    padded = pad_hours(hours(T0, T0 + timedelta(hours=9)), T0 + timedelta(minutes=30), T0 + timedelta(minutes=90))
    assert padded["hour"].tolist() == [T0, T0 + timedelta(hours=1)]
    assert padded["posts"].tolist() == [1, 0]


def test_an_empty_frame_is_padded_and_an_empty_span_is_empty() -> None:
    assert len(pad_hours(hours(), T0, T0 + timedelta(hours=3))) == 3
    assert len(hour_index(T0, T0)) == 0


def test_an_hour_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="one row per hour"):
        pad_hours(hours(T0, T0), T0, T0 + timedelta(hours=1))


@pytest.mark.parametrize(("day", "length"), [((2025, 3, 30), 23), ((2025, 10, 26), 25), ((2025, 6, 1), 24)])
def test_days_follow_the_clock_changes_of_the_zone(day: tuple[int, int, int], length: int) -> None:
    start = datetime(*day, tzinfo=BERLIN) - timedelta(days=1)
    span = pad_hours(hours(), start.astimezone(UTC), start.astimezone(UTC) + timedelta(days=4))
    days = by_day(span.assign(posts=1), BERLIN).set_index("day")["posts"]
    assert days[pd.Timestamp(datetime(*day, tzinfo=BERLIN))] == length
    assert days.sum() == 96


def test_a_day_starts_at_the_first_instant_that_exists_where_midnight_does_not() -> None:
    zone = ZoneInfo("America/Santiago")  # 7 September 2025 begins at 01:00 there
    span = pad_hours(hours(), datetime(2025, 9, 6, 4, tzinfo=UTC), datetime(2025, 9, 8, 3, tzinfo=UTC)).assign(posts=1)
    days = by_day(span, zone)
    assert days["posts"].tolist() == [24, 23]
    assert days["day"].iloc[1] == pd.Timestamp("2025-09-07 01:00", tz=zone)


def test_a_day_has_the_coverage_of_its_hours_together() -> None:
    span = pad_hours(hours(), T0, T0 + timedelta(days=3))
    span["coverage"] = ["complete"] * 24 + ["complete"] * 23 + ["failed"] + ["sample"] * 24
    assert by_day(span, ZoneInfo("UTC"))["coverage"].tolist() == ["complete", "mixed", "sample"]
