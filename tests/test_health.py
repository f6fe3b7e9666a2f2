"""A source that goes quiet or floods against its own 28 days, told apart from a reaction."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from fake_reader import T0, FakeReader, make_watch
from hypothesis import given
from hypothesis import strategies as st

from analysis.health import source_health
from core.watches import SourceRule
from reports.coverage import coverage
from reports.health import health

NOW = datetime(2025, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def frames(read=None, **per_day):
    """Counts and coverage of 29 days; each source's posts per day, the oldest first, all in one hour."""
    counts, states = [], []
    for source, days in per_day.items():
        for back, posts in enumerate(reversed(days)):
            counts.append({"hour": pd.Timestamp(NOW - (back + 1) * 24 * HOUR), "source": source, "posts": posts})
            for n in range((read or {}).get((source, back), 24)):
                hour = pd.Timestamp(NOW - back * 24 * HOUR - (n + 1) * HOUR)
                states.append({"hour": hour, "source": source, "coverage": "complete"})
    return pd.DataFrame(counts), pd.DataFrame(states)


def states(read=None, **per_day):
    return {h.source: h.state for h in source_health(*frames(read, **per_day), now=NOW)}


USUAL = [40, 44, 38, 51] * 7


@pytest.mark.parametrize(
    ("last", "expected"),
    [(0, "quiet"), (5, "quiet"), (9, "usual"), (45, "usual"), (200, "usual"), (205, "flood"), (5_000, "flood")],
)
def test_one_source_leaves_its_own_28_days_while_another_is_as_ever(last, expected):
    assert states(a=[*USUAL, last], b=[*USUAL, 44]) == {"a": expected, "b": "usual"}


def test_a_reaction_raises_all_and_is_no_flood():
    assert states(a=[*USUAL, 900], b=[*USUAL, 120]) == {"a": "high", "b": "usual"}
    assert states(a=[*USUAL, 900]) == {"a": "high"}, "there is none to compare with"


def test_a_small_source_is_not_quiet_by_chance():
    assert states(a=[2, 0, 5, 3] * 7 + [0]) == {"a": "usual"}


def test_days_that_were_not_read_are_not_compared():
    assert states({("a", 0): 12}, a=[*USUAL, 0]) == {"a": "unknown"}, "the last day was not read whole"
    assert states({("a", back): 3 for back in range(1, 23)}, a=[*USUAL, 0]) == {"a": "unknown"}, "six days alone"
    assert states({("a", back): 3 for back in range(1, 22)}, a=[*USUAL, 0]) == {"a": "quiet"}


@given(st.lists(st.integers(0, 10_000), min_size=29, max_size=29))
def test_any_counts_have_a_state_and_a_sentence_where_it_matters(days):
    (found,) = source_health(*frames(a=days), now=NOW)
    assert found.state in {"usual", "quiet", "high"}
    assert bool(found.sentence) == (found.state != "usual")


def test_coverage_says_it_beside_what_was_read():
    reader = FakeReader()
    watch = make_watch(sources=(SourceRule("forum"), SourceRule("second"), SourceRule("never")))
    for source in ("forum", "second"):
        reader.run(T0 - 40 * 24 * HOUR, T0, source=source)
        for day in range(2, 35):
            reader.score(T0 - day * 24 * HOUR, negative=5, relevant=30, source=source)
    reader.score(T0 - 5 * HOUR, negative=5, relevant=31, source="second")
    assert {h.source: h.state for h in health(reader, watch, clock=T0)} == {"forum": "quiet", "second": "usual"}
    rows = coverage(reader, watch, clock=T0).set_index("source")
    assert rows["health"].to_dict() == {"forum": "quiet", "second": "usual", "never": "unknown"}
    assert "Gone quiet: 0 posts in 24 hours, where 30 are usual" in rows.loc["forum", "sentence"]
