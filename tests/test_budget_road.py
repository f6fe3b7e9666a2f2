"""A budget on its whole road, on both databases: spent, shown as a gap, and read when there is money again."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from fake_x import FakeX, post

from collectors.protocol import Limits
from collectors.x import XCollector
from collectors.x_client import XClient
from core.errors import BudgetExhausted
from core.http import Transport
from core.permissions import Permission
from core.records import Outcome, Query
from core.settings import Caps, Settings
from core.watches import SourceRule, Watch
from reports.coverage import coverage
from reports.timeline import timeline
from uproar.steps.budget import SourceBudget
from uproar.steps.collect import collect_source

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = NOW - 3 * HOUR
WATCH = Watch("acme", "Acme", "Acme", "acme", SINCE, sources=(SourceRule("x"),))
ALLOWED = Permission("contract 7", "J. Doe", NOW.date(), "a test")


@pytest.fixture
def road(httpserver, tmp_path, store, keys):
    posts = [post(SINCE + n * HOUR / 100, f"acme {n}", n) for n in range(300)]
    fake = FakeX(posts, NOW, prefix="/x")
    httpserver.expect_request(re.compile("/x/2/.*")).respond_with_handler(fake)
    settings = Settings(
        home=tmp_path, allow_private_addresses=True, x_bearer_token="canary-4711", x_url=httpserver.url_for("/x")
    )
    client = XClient(settings, Transport(settings, sleep=lambda seconds: None))
    collector = XCollector(client, lambda: keys, clock=lambda: fake.now, chance=random.Random(3))
    store.register_watch("acme", subject="Acme")

    def run(daily, *, now=NOW):
        fake.now = now
        budget = SourceBudget(store, "x", Caps(daily=daily, monthly=1_000), lambda: now)
        report = collect_source(
            store, WATCH, Query("acme", SINCE, now, "x"), collector, limits=Limits(budget=budget), clock=lambda: now,
            permission=ALLOWED,
        )  # fmt: skip
        store.refresh_rollups(watch="acme")
        return report

    return run


def test_a_spent_budget_is_a_gap_and_is_read_when_there_is_money_again(road, reader):
    spent = road(0.01)
    assert isinstance(spent.error, BudgetExhausted)
    assert spent.outcome is Outcome.TRUNCATED
    shown = timeline(reader, WATCH, clock=NOW, until=NOW)
    assert set(shown["coverage"]) == {"truncated"}, "never calm"
    later = road(1_000.0, now=NOW + HOUR)
    assert (later.outcome, later.new) == (Outcome.OK, 300)
    assert later.window[0] == SINCE, "the run answers for what the one before could not read"
    healed = timeline(reader, WATCH, clock=NOW + HOUR, until=NOW)
    assert set(healed["coverage"]) == {"complete"}


def test_a_sampled_run_shows_volume_rate_cost_and_permission(road, reader):
    report = road(2.0)
    assert report.error is None
    assert report.sampled > 0
    assert 0 < report.cost <= 2.0
    assert report.new < 300
    shown = timeline(reader, WATCH, clock=NOW, until=NOW)
    assert shown["volume"].sum() == pytest.approx(300, rel=0.1)
    assert shown["posts"].sum() == report.new
    [row] = coverage(reader, WATCH, clock=NOW, until=NOW).to_dict("records")
    assert row["permission"] == str(ALLOWED)
    assert row["cost"] == pytest.approx(report.cost)
    assert "moments drawn by chance" in row["sentence"]
    assert reader.spent("x", since=NOW, until=NOW) == pytest.approx(report.cost)
