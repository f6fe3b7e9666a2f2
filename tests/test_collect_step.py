"""The collect step: what a run claims, and what a failure leaves behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import make_post

from collectors.protocol import Limits
from core.errors import AccessDenied, BudgetExhausted, RetryLater
from core.keys import Keys
from core.records import Interval, Outcome, Page, Query, Reason, Sighted
from core.watches import SourceRule, Watch
from store import migrate, open_reader, open_store
from uproar.steps.collect import collect_source, query_for

T0 = datetime(2025, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = Keys(b"k" * 32)
WATCH = Watch("acme", "Acme", "Acme", "acme", T0, sources=(SourceRule("forum"),))


class HourlySource:
    """One post an hour, a page and a cursor per closed hour; `fail_at` raises before that hour once."""

    name = "forum"

    def __init__(
        self, *, fail_at: datetime | None = None, error: Exception | None = None, truncated: datetime | None = None
    ):
        self.fail_at, self.error, self.truncated = fail_at, error, truncated
        self.asked: list[tuple[datetime, str | None]] = []

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        at = datetime.fromisoformat(cursor) if cursor else query.since
        self.asked.append((query.since, cursor))
        while at < query.until:
            if self.error and self.fail_at == at:
                raise self.error
            post = make_post(source="forum", id=f"{at:%d%H}", created_at=at, text=f"acme {at}")
            cut = (Interval(at, at + HOUR),) if self.truncated == at else ()
            yield Page((Sighted(post, Reason.TEXT),), (at + HOUR).isoformat(), truncated=cut, read=1)
            at += HOUR


@pytest.fixture
def store(store_url):
    migrate(store_url, keys=KEYS)
    with open_store(store_url, KEYS) as opened:
        opened.register_watch("acme", subject="Acme")
        yield opened


@pytest.fixture
def reader(store, store_url):
    with open_reader(store_url) as opened:
        yield opened


def run(store, collector, until, *, fresh=False):
    query = query_for(WATCH, WATCH.sources[0], since=None, now=until)
    return collect_source(store, WATCH, query, collector, limits=Limits(), clock=lambda: until, fresh=fresh)


def hours_of(reader):
    frame = reader.rollup("acme", since=T0, until=T0 + timedelta(days=2), model=None)
    return int(frame["posts"].sum())


def test_a_second_run_resumes_and_claims_only_what_is_new(store, reader):
    source = HourlySource()
    assert run(store, source, T0 + 4 * HOUR).new == 4
    second = run(store, source, T0 + 6 * HOUR)
    assert (second.outcome, second.new) == (Outcome.OK, 2)
    assert second.window == (T0 + 4 * HOUR, T0 + 6 * HOUR)
    assert source.asked[1][1] == (T0 + 4 * HOUR).isoformat()


def test_an_empty_answer_is_no_failure(store):
    report = run(store, HourlySource(), T0)
    assert (report.outcome, report.error) == (Outcome.EMPTY, None)


@pytest.mark.parametrize("error", [RetryLater("later", after=30), AccessDenied("no")])
def test_a_failed_run_keeps_its_posts_and_claims_nothing(store, reader, error):
    source = HourlySource(fail_at=T0 + 2 * HOUR, error=error)
    report = run(store, source, T0 + 4 * HOUR)
    assert (report.outcome, report.new, report.error) == (Outcome.FAILED, 2, error)
    source.error = None
    again = run(store, source, T0 + 4 * HOUR)
    assert (again.outcome, again.new) == (Outcome.OK, 2)
    assert again.window == (T0, T0 + 4 * HOUR), "the run that completes the span covers all of it"


def test_a_truncated_hour_of_a_failed_run_is_not_healed_by_the_next(store, reader):
    source = HourlySource(fail_at=T0 + 2 * HOUR, error=RetryLater("later"), truncated=T0 + HOUR)
    run(store, source, T0 + 4 * HOUR)
    source.error = source.truncated = None
    run(store, source, T0 + 4 * HOUR)
    closed = reader.runs("acme").set_index("outcome")
    spans = [span for spans in closed["truncated"] for span in spans]
    assert Interval(T0 + HOUR, T0 + 2 * HOUR) in spans
    newest = reader.runs("acme").sort_values("run").iloc[-1]
    assert Interval(T0 + HOUR, T0 + 2 * HOUR) in list(newest["truncated"])


def test_a_spent_budget_is_truncated_not_failed(store):
    report = run(store, HourlySource(fail_at=T0 + HOUR, error=BudgetExhausted("spent")), T0 + 4 * HOUR)
    assert report.outcome is Outcome.TRUNCATED
    assert isinstance(report.error, BudgetExhausted)


def test_fresh_starts_again_and_adds_nothing(store):
    source = HourlySource()
    run(store, source, T0 + 4 * HOUR)
    again = run(store, source, T0 + 4 * HOUR, fresh=True)
    assert (again.new, again.seen) == (0, 4)
    assert source.asked[-1] == (T0, None)
