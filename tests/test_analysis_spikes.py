from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.spike_words import by_chance
from analysis.spikes import DECIDED, judge_hours
from core.watches import AlertRules

T0 = datetime(2025, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS_70 = 70 * 24


def frame(negative: Any, relevant: Any, *, start: datetime = T0, **columns: Any) -> pd.DataFrame:
    """Hours from `start`, all posts scored and relevant, wholly collected."""
    relevant = np.asarray(relevant)
    plain = {"posts": relevant, "pending": 0, "scored": relevant, "relevant": relevant, "negative": negative,
             "coverage": "complete"}  # fmt: skip
    hours = pd.date_range(start, periods=len(relevant), freq="h", unit="us")
    return pd.DataFrame({"hour": hours, **plain, **columns})


def rhythm(hours: int, mean: float) -> np.ndarray:
    return mean * (1 + 0.8 * np.sin(2 * np.pi * (np.arange(hours) % 24) / 24))


def quiet(hours: int = DAYS_70, *, mean: float = 10, share: float = 0.3, seed: int = 0) -> pd.DataFrame:
    """Poisson hours with a rhythm of the day."""
    rng = np.random.default_rng(seed)
    negative = rng.poisson(rhythm(hours, mean))
    return frame(negative, negative + rng.poisson(rhythm(hours, mean) * (1 - share) / share))


def judge(hours: pd.DataFrame, *, now: datetime | None = None, **changes: Any) -> pd.DataFrame:
    rules = changes.pop("rules", AlertRules())
    now = now or hours["hour"].iloc[-1].to_pydatetime() + 2 * HOUR
    return judge_hours(hours, rules=rules, lateness=HOUR, now=now, **changes)


def put(hours: pd.DataFrame, at: int, *, negative: int, relevant: int, length: int = 1) -> pd.DataFrame:
    out = hours.copy()
    rows = slice(at, at + length - 1)
    out.loc[rows, "negative"] = negative
    for column in ("posts", "scored", "relevant"):
        out.loc[rows, column] = relevant
    return out


def test_a_burst_is_a_spike_with_counts_rate_and_rank() -> None:
    row = judge(put(quiet(), DAYS_70 - 1, negative=80, relevant=100)).iloc[-1]
    assert row["state"] == "spike"
    assert (row["negative"], row["relevant"], row["share"]) == (80, 100, 0.8)
    assert row["score"] == 1.0
    assert row["calibrated"]
    assert not row["provisional"]
    assert row["expected"] == pytest.approx(rhythm(24, 10)[-1], rel=0.25)
    assert row["sentence"].startswith("80 of 100 relevant posts are negative, ")
    assert "times the usual" in row["sentence"]
    assert row["sentence"].endswith("more than in any hour of the last 60 days, by chance about once in two months.")


def test_quiet_hours_are_calm_and_the_young_ones_learning() -> None:
    states = judge(quiet())
    assert set(states["state"].iloc[:24]) == {"learning"}
    assert (states["state"].iloc[60 * 24 :] == "calm").mean() > 0.95
    assert states["sentence"].iloc[3].endswith("still learning what is usual (3 hours of 30 days covered).")
    assert math.isnan(states["expected"].iloc[3])


@pytest.mark.parametrize(
    ("negative", "relevant", "why"),
    [(25, 900, "a small share of a huge hour"), (4, 4, "three angry posts"), (14, 19, "too few relevant")],
)
def test_volume_or_share_alone_is_no_spike(negative: int, relevant: int, why: str) -> None:
    assert judge(put(quiet(), DAYS_70 - 1, negative=negative, relevant=relevant)).iloc[-1]["state"] != "spike", why


def test_one_post_passed_on_a_hundred_times_is_no_spike_and_many_voices_passed_on_are() -> None:
    hours = put(quiet(), DAYS_70 - 1, negative=104, relevant=120).assign(negative_reposts=0, relevant_reposts=0)
    hours.loc[DAYS_70 - 1, ["negative_reposts", "relevant_reposts"]] = 100
    assert judge(hours).iloc[-1]["state"] != "spike"
    hours.loc[DAYS_70 - 1, ["negative_reposts", "relevant_reposts"]] = 74
    row = judge(hours).iloc[-1]
    assert row["state"] == "spike"
    assert row["sentence"].startswith("104 of 120 relevant posts are negative (74 of them reposts), ")


def test_an_hour_under_one_and_a_half_times_the_expected_is_no_spike() -> None:
    hours = frame([1000] * DAYS_70, [4000] * DAYS_70)
    loud = put(hours, DAYS_70 - 1, negative=1400, relevant=4400)
    assert judge(loud).iloc[-1]["state"] == "calm"
    assert judge(put(hours, DAYS_70 - 1, negative=1600, relevant=4600)).iloc[-1]["state"] == "spike"


def test_a_strong_hour_below_the_record_is_elevated() -> None:
    hours = put(quiet(), DAYS_70 - 20 * 24, negative=60, relevant=80)
    row = judge(put(hours, DAYS_70 - 1, negative=16, relevant=24)).iloc[-1]
    assert row["state"] == "elevated"
    assert "of the past hours, but no spike." in row["sentence"]
    assert 0.99 <= row["score"] < 1


def test_a_spike_goes_on_above_its_own_threshold_eases_and_is_over_after_six_quiet_hours() -> None:
    hours = put(quiet(), DAYS_70 - 20, negative=90, relevant=110)
    hours = put(hours, DAYS_70 - 19, negative=70, relevant=90, length=4)
    states = judge(hours).iloc[-20:]
    assert states["state"].tolist() == ["spike"] * 5 + ["elevated"] * 6 + ["calm"] * 9
    assert "the spike goes on (by chance about once in two months)" in states["sentence"].iloc[1]
    assert states["sentence"].iloc[5].endswith("over after six hours under its threshold (one so far).")


def test_a_second_wave_within_the_window_is_found_again() -> None:
    hours = put(quiet(), DAYS_70 - 200, negative=200, relevant=220, length=5)
    assert judge(put(hours, DAYS_70 - 2, negative=80, relevant=100, length=2))["state"].iloc[-1] == "spike"


def test_past_spikes_do_not_raise_what_is_expected() -> None:
    before = judge(quiet())["expected"].iloc[-1]
    after = judge(put(quiet(), DAYS_70 - 7 * 24, negative=400, relevant=450, length=24))["expected"].iloc[-1]
    assert after == pytest.approx(before, rel=0.1)


def test_a_new_level_becomes_the_watchs_own() -> None:
    hours = quiet(110 * 24)
    hours = put(hours, 70 * 24, negative=40, relevant=80, length=40 * 24)
    states = judge(hours)["state"]
    assert states.iloc[70 * 24] == "spike"
    assert "spike" not in set(states.iloc[100 * 24 :])


def test_unscored_posts_make_an_hour_pending_never_calm() -> None:
    hours = quiet()
    hours.loc[DAYS_70 - 1, "pending"] = 3
    row = judge(hours).iloc[-1]
    assert row["state"] == "pending"
    assert row["sentence"].startswith("3 of ")
    assert "wait to be scored" in row["sentence"]


@pytest.mark.parametrize("coverage", ["none", "failed", "truncated", "running", "mixed"])
def test_a_gap_is_never_calm_but_may_already_be_a_spike(coverage: str) -> None:
    hours = quiet()
    hours.loc[DAYS_70 - 30 :, "coverage"] = coverage
    states = judge(put(hours, DAYS_70 - 5, negative=90, relevant=110))
    assert set(states["state"].iloc[-30:-5]) <= {"no_data", "elevated"}
    assert "no_data" in set(states["state"].iloc[-30:-5])
    assert states["state"].iloc[-5] == "spike"
    assert states["sentence"].iloc[-5].startswith("At least, for the collection has a gap here: 90 of 110")


def test_a_gap_teaches_nothing() -> None:
    hours = quiet()
    low = put(hours, 1000, negative=0, relevant=0, length=300)
    low.loc[1000:1299, "coverage"] = "failed"
    gone = judge(low)["expected"].iloc[-1]
    assert gone == pytest.approx(judge(hours)["expected"].iloc[-1], rel=0.15)


def test_uncollected_hours_are_no_data_and_turn_stale_when_nothing_comes_any_more() -> None:
    hours = put(quiet(), DAYS_70 - 40, negative=0, relevant=0, length=10)
    hours.loc[DAYS_70 - 40 : DAYS_70 - 31, "coverage"] = "none"
    hours = put(hours, DAYS_70 - 12, negative=0, relevant=0, length=12)
    hours.loc[DAYS_70 - 12 :, "coverage"] = "none"
    states = judge(hours)
    assert set(states["state"].iloc[-40:-30]) == {"no_data"}
    assert set(states["state"].iloc[-12:]) == {"stale"}
    assert states["sentence"].iloc[-40] == "No data: this hour was never asked for."
    assert states["sentence"].iloc[-1] == "Stale: nothing has been collected for 13 hours."


def test_a_watch_that_never_collected_is_no_data_not_stale() -> None:
    empty = frame([0] * 48, [0] * 48, coverage="none")
    assert set(judge(empty)["state"]) == {"no_data"}


def test_an_import_that_falls_silent_is_no_calm() -> None:
    hours = put(quiet(), DAYS_70 - 60, negative=0, relevant=0, length=60).assign(coverage="sample")
    states = judge(hours)["state"]
    assert "calm" in set(states.iloc[-60:-36])
    assert set(states.iloc[-36:]) == {"stale"}


def test_the_open_hour_is_provisional_and_a_closed_one_waits_for_late_posts() -> None:
    hours = put(quiet(), DAYS_70 - 1, negative=90, relevant=110)
    last = hours["hour"].iloc[-1].to_pydatetime()
    states = judge(hours, now=last + timedelta(minutes=50))
    assert states["provisional"].tolist()[-3:] == [False, True, True]
    assert states["state"].iloc[-1] == "spike"
    assert states["sentence"].iloc[-1].startswith("So far, in an hour not yet closed: 90 of 110")
    assert not judge(hours, now=last + 2 * HOUR)["provisional"].any()


def test_an_open_hour_without_posts_says_that_it_is_open() -> None:
    hours = put(quiet(), DAYS_70 - 1, negative=0, relevant=0)
    hours.loc[DAYS_70 - 1, "coverage"] = "none"
    row = judge(hours, now=hours["hour"].iloc[-1].to_pydatetime() + timedelta(minutes=9)).iloc[-1]
    assert (row["state"], row["sentence"]) == ("no_data", "No data yet: this hour is not closed.")


def test_a_young_watch_alerts_by_the_floor_rule_and_says_so() -> None:
    hours = frame([2] * 72, [10] * 72)
    row = judge(put(hours, 71, negative=20, relevant=30)).iloc[-1]
    assert row["state"] == "spike"
    assert not row["calibrated"]
    assert math.isnan(row["score"])
    assert row["expected"] == 2
    assert "three times the 2 of a middling hour" in row["sentence"]
    assert "not yet calibrated" in row["sentence"]
    going_on = judge(put(hours, 70, negative=20, relevant=30, length=2)).iloc[-1]
    assert "the spike goes on (not yet calibrated)" in going_on["sentence"]


@pytest.mark.parametrize(
    ("negative", "relevant", "authors"),
    [(4, 30, 30), (20, 19, 30), (20, 30, 19)],
    ids=["negative", "relevant", "authors"],
)
def test_the_floor_rule_asks_for_every_minimum(negative: int, relevant: int, authors: int) -> None:
    hours = put(frame([1] * 72, [10] * 72), 71, negative=negative, relevant=relevant)
    assert judge(hours.assign(authors=authors)).iloc[-1]["state"] == "learning"
    assert judge(put(hours, 71, negative=20, relevant=30).assign(authors=20)).iloc[-1]["state"] == "spike"


def test_the_floor_rule_waits_for_twelve_hours_of_history() -> None:
    for history, state in ((11, "learning"), (12, "spike")):
        hours = put(frame([2] * (history + 1), [10] * (history + 1)), history, negative=20, relevant=30)
        assert judge(hours)["state"].iloc[-1] == state


def test_the_floor_rule_asks_for_three_times_the_median_hour() -> None:
    hours = frame([8] * 72, [20] * 72)
    assert judge(put(hours, 71, negative=23, relevant=40)).iloc[-1]["state"] == "learning"
    assert judge(put(hours, 71, negative=24, relevant=40)).iloc[-1]["state"] == "spike"


def test_thirty_covered_days_make_a_watch_calibrated_and_gaps_do_not_count() -> None:
    hours = quiet(31 * 24)
    assert judge(hours)["calibrated"].tolist().index(True) == 30 * 24
    hours.loc[100:199, "coverage"] = "failed"
    assert not judge(hours)["calibrated"].any()


def test_a_short_record_states_its_own_rate_not_the_wanted_one() -> None:
    hours = put(quiet(31 * 24), 31 * 24 - 1, negative=90, relevant=110)
    assert "of the last 30 days, by chance about once a month." in judge(hours)["sentence"].iloc[-1]


def test_just_after_a_break_the_middling_hour_of_before_still_tells_an_uproar() -> None:
    quiet_then = put(quiet(), DAYS_70 - 3, negative=90, relevant=110)
    broken = judge(quiet_then, breaks=[T0 + timedelta(hours=DAYS_70 - 6)])
    assert broken["state"].iloc[-6:].tolist() == ["learning"] * 3 + ["spike"] + ["elevated"] * 2
    assert "not yet calibrated" in broken["sentence"].iloc[-3]


def test_a_break_starts_the_learning_again() -> None:
    hours = put(quiet(), DAYS_70 - 1, negative=90, relevant=110)
    broken = judge(hours, breaks=[T0 + timedelta(days=69)])
    assert broken["state"].iloc[68 * 24] == "calm"
    assert broken["state"].iloc[69 * 24] == "learning"
    assert not broken["calibrated"].iloc[-1]


def test_the_word_of_the_measure_is_in_every_sentence() -> None:
    sentences = judge(put(quiet(), DAYS_70 - 1, negative=90, relevant=110), word="against Acme")["sentence"]
    assert sentences.iloc[-1].startswith("90 of 110 relevant posts are against Acme")
    assert not sentences.str.contains("negative").any()


def test_unsorted_and_doubled_hours_are_refused() -> None:
    hours = quiet(48)
    with pytest.raises(ValueError, match="once, in order"):
        judge(hours.iloc[::-1])
    with pytest.raises(ValueError, match="once, in order"):
        judge(pd.concat([hours, hours.tail(1)]))


def test_no_hours_give_an_empty_frame_with_the_same_columns() -> None:
    empty = judge(quiet(48).head(0), now=T0)
    assert list(empty.columns) == list(judge(quiet(48)).columns)
    assert empty.empty


HOURS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 60), st.sampled_from(["complete"] * 8 + ["failed", "sample", "none"]),
        st.sampled_from([0] * 9 + [2]),
    ),
    min_size=3, max_size=90,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(HOURS, st.integers(1, 89), st.booleans())
def test_later_hours_never_change_what_was_decided(
    rows: list[tuple[int, int, str, int]], cut: int, calibrated: bool
) -> None:
    tail = frame([n for n, *_ in rows], [n + other for n, other, *_ in rows])
    tail["coverage"] = [coverage for *_, coverage, _ in rows]
    tail["pending"] = [pending for *_, pending in rows]
    past = quiet((31 if calibrated else 2) * 24, mean=4)
    hours = pd.concat([past, tail], ignore_index=True)
    hours["hour"] = pd.date_range(T0, periods=len(hours), freq="h", unit="us")
    size = len(past) + min(cut, len(rows) - 1)
    whole, part = judge(hours), judge(hours.head(size))
    decided = part["state"].isin([state.value for state in DECIDED])
    pd.testing.assert_frame_equal(part[decided], whole.head(size)[decided])
    undecided = set(whole.head(size)[~decided]["state"])
    assert undecided <= {"no_data", "stale", "pending"}


def test_false_alarms_by_chance_stay_below_one_in_thirty_days() -> None:
    episodes, months = 0, 0.0
    for seed, mean in enumerate([1, 3, 10, 10, 30, 100] * 4):
        spikes = np.flatnonzero(judge(quiet(310 * 24, mean=mean, seed=seed))["state"].iloc[60 * 24 :] == "spike")
        episodes += int((np.diff(np.concatenate([[-99], spikes])) > 6).sum())
        months += 250 / 30
    assert months >= 200
    assert 0 < episodes / months < 0.8


@pytest.mark.parametrize(("spread", "autocorrelated"), [(1.0, False), (3.0, False), (1.0, True)])
def test_bursty_watches_have_no_more_false_alarms(spread: float, autocorrelated: bool) -> None:
    episodes, months = 0, 0.0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        hours = 310 * 24
        noise = np.log(rng.gamma(spread, 1 / spread, hours))
        if autocorrelated:
            for at in range(1, hours):
                noise[at] = 0.9 * noise[at - 1] + rng.normal(0, 0.2)
        level = rhythm(hours, 10) * np.exp(noise)
        negative = rng.poisson(level)
        spikes = np.flatnonzero(
            judge(frame(negative, negative + rng.poisson(level * 2)))["state"].iloc[60 * 24 :] == "spike"
        )
        episodes += int((np.diff(np.concatenate([[-99], spikes])) > 6).sum())
        months += 250 / 30
    assert episodes / months < 1


def test_five_times_the_negative_posts_for_six_hours_are_found() -> None:
    found = 0
    for seed in range(20):
        hours = quiet(seed=seed)
        rng = np.random.default_rng(1000 + seed)
        at = DAYS_70 - 6 - int(rng.integers(0, 24))
        extra = rng.poisson(4 * 10, 6)
        for column in ("negative", "relevant", "posts", "scored"):
            hours.loc[at : at + 5, column] += extra
        found += "spike" in set(judge(hours)["state"].iloc[at : at + 2])
    assert found >= 19


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.5, "about once in two months"),
        (1.0, "about once a month"),
        (720 / 697, "about once a month"),
        (0.08, "about once a year"),
        (0.04, "about once in two years"),
        (4.0, "about once a week"),
        (2.0, "about once in two weeks"),
        (10.0, "about once in three days"),
        (30.0, "about once a day"),
        (90.0, "about 3 times a day"),
    ],
)
def test_a_rate_is_said_as_people_say_it(rate: float, words: str) -> None:
    assert by_chance(rate) == words
