from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fake_reader import FakeReader
from hypothesis import given
from hypothesis import strategies as st

from analysis.coverage import combine, combine_states, hour_coverage
from core.records import Interval

T0 = datetime(2025, 5, 9, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def states(reader: FakeReader, hours: int = 4, source: str = "forum") -> list[str]:
    frame = hour_coverage(reader.runs("w"), T0, at(hours))
    return frame[frame["source"] == source]["coverage"].tolist()


def test_an_hour_is_complete_only_where_runs_cover_all_of_it() -> None:
    reader = FakeReader()
    reader.run(at(0), at(2.5))
    assert states(reader) == ["complete", "complete", "running", "none"]


def test_several_runs_cover_an_hour_together_and_a_hole_between_them_does_not() -> None:
    reader = FakeReader()
    for quarter in range(8):
        if quarter != 5:
            reader.run(at(quarter / 4), at((quarter + 1) / 4))
    assert states(reader, 3) == ["complete", "none", "none"]


def test_a_run_covers_nothing_after_its_own_start() -> None:
    reader = FakeReader()
    reader.run(at(0), at(4), started_at=at(2))
    assert states(reader) == ["complete", "complete", "none", "none"]


def test_what_a_run_names_as_cut_is_truncated_and_the_rest_complete() -> None:
    reader = FakeReader()
    reader.run(at(0), at(4), outcome="truncated", truncated=[Interval(at(1.5), at(2))])
    assert states(reader) == ["complete", "truncated", "complete", "complete"]


def test_a_cut_run_that_names_nothing_is_truncated_throughout_until_it_is_read_again() -> None:
    reader = FakeReader()
    reader.run(at(0), at(4), outcome="truncated")
    assert states(reader) == ["truncated"] * 4
    reader.run(at(1), at(3), started_at=at(5))
    assert states(reader) == ["truncated", "complete", "complete", "truncated"]


def test_failed_running_and_empty_are_told_apart() -> None:
    reader = FakeReader()
    reader.run(at(0), at(1), outcome="empty")
    reader.run(at(1), at(2), outcome="failed")
    reader.run(at(2), at(3), outcome="running")
    assert states(reader) == ["complete", "failed", "running", "none"]


def test_an_import_is_a_sample_and_says_nothing_outside_its_span() -> None:
    reader = FakeReader()
    reader.run(at(1), at(2.5), outcome="sample", source="files")
    frame = hour_coverage(reader.runs("w"), T0, at(6))
    assert frame["coverage"].tolist() == ["sample", "sample"]
    assert frame["hour"].tolist() == [at(1), at(2)]


def test_an_import_of_unknown_span_reaches_the_end_of_the_window() -> None:
    reader = FakeReader()
    reader.run(at(0), datetime(9998, 1, 1, tzinfo=UTC), outcome="sample", source="files")
    assert states(reader, 3, "files") == ["sample"] * 3


def test_a_source_counts_from_the_first_hour_it_was_asked_for() -> None:
    reader = FakeReader()
    reader.run(at(0), at(4))
    reader.run(at(2), at(4), source="second", outcome="failed")
    joined = combine(hour_coverage(reader.runs("w"), T0, at(4)))
    assert joined["coverage"].tolist() == ["complete", "complete", "mixed", "mixed"]
    assert joined["hour"].tolist() == [at(n) for n in range(4)]


def test_no_runs_give_no_rows() -> None:
    assert hour_coverage(FakeReader().runs("w"), T0, at(4)).empty
    assert combine(hour_coverage(FakeReader().runs("w"), T0, at(4))).empty


@pytest.mark.parametrize(
    ("together", "state"),
    [
        ({"complete"}, "complete"),
        ({"complete", "sample"}, "sample"),
        ({"complete", "truncated"}, "truncated"),
        ({"complete", "failed"}, "mixed"),
        ({"sample", "none"}, "mixed"),
        ({"failed", "none"}, "failed"),
        ({"none", "running"}, "none"),
        ({"mixed", "complete"}, "mixed"),
        (set(), "none"),
    ],
)
def test_several_states_together(together: set[str], state: str) -> None:
    assert combine_states(together) == state


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), max_size=6))
def test_complete_hours_are_just_those_inside_the_union_of_runs(spans: list[tuple[int, int]]) -> None:
    reader = FakeReader()
    for start, length in spans:
        reader.run(at(start / 4), at((start + length) / 4))
    quarters = {q for start, length in spans for q in range(start, start + length)}
    frame = hour_coverage(reader.runs("w"), T0, at(18))
    complete = frame[frame["coverage"] == "complete"]["hour"].tolist()
    assert complete == [at(h) for h in range(18) if {4 * h, 4 * h + 1, 4 * h + 2, 4 * h + 3} <= quarters]
