"""The budget guard: caps hold across processes, an hour leaves the others something, a spike may take the reserve."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from factories import make_query

from core.errors import BudgetExhausted
from core.records import Interval, Outcome, Page, Sampled
from core.settings import Caps, load_settings
from store import open_store
from uproar.steps.budget import SourceBudget

NOON = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
CAPS = {"daily": 1.0, "monthly": 20.0}


def test_a_day_ends_at_its_cap_and_the_next_goes_on(store):
    store.reserve("x", 0.9, now=NOON, **CAPS)
    with pytest.raises(BudgetExhausted, match=r"0\.90 of the day's 1\.00"):
        store.reserve("x", 0.2, now=NOON + timedelta(hours=3), **CAPS)
    store.reserve("x", 0.1, now=NOON, **CAPS)
    store.reserve("y", 1.0, now=NOON, **CAPS)
    store.reserve("x", 1.0, now=NOON + timedelta(hours=12), **CAPS)


def test_a_month_ends_at_its_cap(store):
    for day in range(1, 4):
        store.reserve("x", 1.0, now=NOON.replace(day=day), daily=1.0, monthly=3.0)
    with pytest.raises(BudgetExhausted, match="UPROAR_BUDGETS__X__MONTHLY"):
        store.reserve("x", 0.01, now=NOON, daily=1.0, monthly=3.0)
    store.reserve("x", 1.0, now=NOON + timedelta(days=1), daily=1.0, monthly=3.0)


def test_what_a_refusal_asked_for_is_not_written_down(store):
    with pytest.raises(BudgetExhausted):
        store.reserve("x", 2.0, now=NOON, **CAPS)
    assert store.spent("x", since=NOON, until=NOON) == 0


def test_caps_outlive_the_process(store, store_url, keys):
    store.reserve("x", 1.0, now=NOON, **CAPS)
    store.close()
    with open_store(store_url, keys) as again, pytest.raises(BudgetExhausted):
        again.reserve("x", 0.01, now=NOON, **CAPS)


def test_two_that_reserve_at_once_never_go_over(store):
    def take(_: int) -> bool:
        try:
            store.reserve("x", 0.1, now=NOON, **CAPS)
        except BudgetExhausted:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(24))) == 10


def test_what_is_released_may_be_spent_again(store):
    budget = SourceBudget(store, "x", Caps(**CAPS), lambda: NOON)
    budget.reserve(1.0)
    budget.release(0.4)
    assert budget.spent == pytest.approx(0.6)
    budget.reserve(0.4)
    with pytest.raises(BudgetExhausted):
        budget.reserve(0.01)


def test_the_day_is_spread_over_its_hours_and_keeps_a_reserve_for_spikes(store):
    caps = Caps(daily=24.0, monthly=1_000.0)
    first = SourceBudget(store, "x", caps, lambda: NOON.replace(hour=0))
    assert first.allowance() == pytest.approx(0.7)
    assert first.allowance(spike=True) == pytest.approx(0.7 + 3.6)
    first.reserve(0.7)
    assert first.allowance() == pytest.approx(0)
    evening = SourceBudget(store, "x", caps, lambda: NOON.replace(hour=23))
    assert evening.allowance() == pytest.approx(0.7 * 24 - 0.7)
    evening.reserve(20.0)
    assert evening.allowance() == 0
    assert 0 < evening.allowance(spike=True) <= 24.0 - 20.7


def test_the_month_limits_the_hour(store):
    budget = SourceBudget(store, "x", Caps(daily=24.0, monthly=0.5), lambda: NOON)
    assert budget.allowance(spike=True) == pytest.approx(0.5)


def test_caps_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("UPROAR_BUDGETS__X__DAILY", "5")
    monkeypatch.setenv("UPROAR_BUDGETS__X__MONTHLY", "100")
    assert load_settings(home=tmp_path).budgets == {"x": Caps(daily=5, monthly=100)}


def test_sampled_spans_are_kept_with_rate_and_volume(store, reader):
    query = make_query()
    run = store.begin_run("acme", query, now=NOON)
    part = Sampled(Interval(query.since, query.until), 0.25, 400)
    for _ in range(2):
        store.save("acme", query, Page((), sampled=(part,)), run=run)
    store.end_run(run, Outcome.OK, now=NOON, cost=0.5)
    frame = reader.runs("acme")
    assert frame["sampled"].tolist() == [[part]]
    assert frame["cost"].tolist() == [0.5]


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="sampling rate"):
        Sampled(Interval(NOON, NOON + timedelta(hours=1)), rate)
