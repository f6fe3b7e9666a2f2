"""De-flapping: what returns within a week was never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.terms import CaptureState, Version
from terms.flaps import steps

T0 = datetime(2025, 1, 1, tzinfo=UTC)
LATER = T0 + timedelta(days=400)


def history(text: str, *, technical: str = "", bad: str = "") -> list[Version]:
    """ "A0 B3 A5": text A on day 0, B on day 3, A again on day 5."""
    out = []
    for number, item in enumerate(text.split(), 1):
        name, day = item[0], float(item[1:])
        state = CaptureState.EMPTY if name in bad else CaptureState.OK
        at = T0 + timedelta(days=day)
        out.append(Version(number, at, name.encode(), name.encode(), state, technical=name in technical))
    return out


def statuses(text: str, *, now: float = 400, **more: str) -> list[str]:
    return [step.status.value for step in steps(history(text, **more), now=T0 + timedelta(days=now))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A0", []),
        ("A0 A1 A2", []),
        ("A0 B3", ["confirmed"]),
        ("A0 B3 A5", ["withdrawn"]),
        ("A0 B3 A10", ["withdrawn"]),
        ("A0 B3 A10.01", ["confirmed", "confirmed"]),
        ("A0 B1 C2 A3", ["withdrawn", "withdrawn"]),
        ("A0 B1 C2 B3", ["confirmed", "withdrawn"]),
        ("A0 B1 A2 B3", ["confirmed"]),
        ("A0 B1 A2 B3 A4 B5 A6", ["withdrawn"]),
        ("A0 B1 A2 B30", ["withdrawn", "confirmed"]),
        ("A0 B1 A20 B40 A60", ["confirmed"] * 4),
    ],
)
def test_histories(text, expected):
    assert statuses(text) == expected


def test_the_decision_is_causal():
    assert statuses("A0 B3 A5", now=4) == ["provisional"]
    assert statuses("A0 B3 A5", now=5) == ["withdrawn"]
    assert statuses("A0 B3", now=9.9) == ["provisional"]
    assert statuses("A0 B3", now=10) == ["confirmed"]


def test_of_a_text_that_flaps_the_week_runs_from_its_last_return():
    assert statuses("A0 B1 A2 B6", now=9) == ["provisional"]
    assert statuses("A0 B1 A2 B6", now=13) == ["confirmed"]


def test_another_extraction_is_no_change_and_neither_is_going_back_to_the_old_one():
    assert statuses("A0 T5", technical="T") == ["technical"]
    assert statuses("A0 T5 A30 T40 B50", technical="T") == ["technical", "confirmed"]


def test_a_bad_capture_takes_no_part():
    assert statuses("A0 X5 A30 X40 B50", bad="X") == ["confirmed"]


ITEMS = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 60)), max_size=14)


@given(ITEMS, st.integers(0, 80))
def test_what_stays_leads_from_the_first_text_to_the_last(items, now):
    text = " ".join(f"{name}{day}" for name, day in sorted(items, key=lambda item: item[1]))
    versions = [v for v in history(text) if v.captured_at <= T0 + timedelta(days=now)]
    found = [s for s in steps(history(text), now=T0 + timedelta(days=now)) if s.status.value != "withdrawn"]
    assert all(step.at <= T0 + timedelta(days=now) for step in found)
    if versions:
        key = {v.id: v.key for v in versions}
        current = versions[0].key
        for step in found:
            assert key[step.before] == current
            current = key[step.after]
        assert current == versions[-1].key
