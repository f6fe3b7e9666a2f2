"""The hour that is not over: looked at in every pass, against how high past hours had ever stood."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from factories import T0, make_post
from fake_reader import T0 as NOON
from fake_reader import FakeReader, make_watch
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all
from test_analysis_spikes import DAYS_70, judge, put, quiet

from core.watches import SourceRule
from reports.spikes import decide_hours, hour_states, look
from store import Reader, Store

HOUR = timedelta(hours=1)
WATCH = make_watch(since=NOON - timedelta(days=200), sources=(SourceRule("forum", HOUR),))


def watched(negative: int, relevant: int) -> FakeReader:
    """130 days of ordinary hours, and an hour that has run for twenty minutes."""
    reader = FakeReader()
    reader.run(NOON - timedelta(days=130), NOON + timedelta(minutes=20))
    for n in range(130 * 24):
        reader.score(NOON - (n + 1) * HOUR, negative=2 + n % 3, relevant=8 + n % 3)
    reader.score(NOON, negative=negative, relevant=relevant)
    return reader


def test_an_hour_beyond_the_record_is_told_before_it_is_over_and_not_kept_as_decided() -> None:
    clock = NOON + timedelta(minutes=20)
    found = look(watched(30, 40), WATCH, clock=clock)
    (running,) = found.running
    assert (running.hour, running.negative, running.calibrated) == (NOON, 30, True)
    assert running.sentence.startswith("So far, in an hour not yet closed: 30 of 40 relevant posts are negative")
    assert NOON not in {decision.hour for decision in found.closed}
    assert set(found.looks) == {NOON - HOUR, NOON}, "the hour before waits for late posts"
    assert found.looks[NOON] > 5 > found.looks[NOON - HOUR]


def test_an_ordinary_open_hour_tells_nothing() -> None:
    found = look(watched(2, 5), WATCH, clock=NOON + timedelta(minutes=20))
    assert found.running == ()
    assert found.looks[NOON] < 0


def test_a_look_that_high_before_is_a_record_to_beat() -> None:
    reader = watched(12, 20)
    clock = NOON + timedelta(minutes=20)
    assert len(look(reader, WATCH, clock=clock).running) == 1
    reader.looked[NOON - 48 * HOUR] = 50.0
    assert look(reader, WATCH, clock=clock).running == ()
    assert "evidence" not in hour_states(reader, WATCH, clock=clock, since=NOON - HOUR)
    assert decide_hours(reader, WATCH, clock=clock + 3 * HOUR)[-1].state.value != "spike"


@pytest.mark.parametrize("seed", range(3))
def test_looks_no_higher_than_the_close_change_nothing(seed: int) -> None:
    hours = put(quiet(seed=seed), DAYS_70 - 3, negative=60, relevant=80)
    plain = judge(hours)
    with_looks = judge(hours.assign(look=plain["evidence"] - np.random.default_rng(seed).uniform(0, 2, len(hours))))
    assert with_looks["state"].tolist() == plain["state"].tolist()
    assert "spike" in set(plain["state"].iloc[-3:])


def test_the_highest_look_of_an_hour_stays_and_belongs_to_its_model(store: Store, reader: Reader) -> None:
    save(store, make_post())
    score_all(store, KeywordClassifier())
    store.save_looks("acme", {T0: 1.5, T0 + HOUR: -0.5})
    store.save_looks("acme", {T0: 0.5, T0 + HOUR: 2.0})
    store.save_looks("acme", {})
    assert reader.looks("acme", since=T0, until=T0 + 2 * HOUR) == {T0: 1.5, T0 + HOUR: 2.0}
    assert reader.looks("acme", since=T0 + HOUR, until=T0 + 2 * HOUR) == {T0 + HOUR: 2.0}
    assert reader.looks("other", since=T0, until=T0 + HOUR) == {}
    store.register_model("another@1")
    store.activate_model("another@1")
    assert reader.looks("acme", since=T0, until=T0 + 2 * HOUR) == {}
