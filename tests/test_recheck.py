"""Asking after posts: when each is due, what is erased, what stays when a source fails, what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from factories import T0, make_post
from fake_reddit import FakeReddit, submission
from fakes_models import KeywordClassifier
from pydantic import SecretStr
from sqlalchemy import text
from store_fixtures import save, score_all
from test_store_forget import everything
from worlds_paid import GIVEN

from collectors.protocol import Limits
from core.errors import BudgetExhausted, RetryLater, SourceError
from core.records import Gone, Seen
from core.settings import Caps, Settings
from store import PostFilter
from store.engine import make_engine, reading
from uproar.session import Session
from uproar.steps.budget import SourceBudget
from uproar.steps.recheck import UPSTREAM, recheck_source
from uproar.verbs.gather import collect_all
from uproar.verbs.rechecking import PATIENCE, recheck_all

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Forum:
    """A source that can be asked. `gone` are deleted there, of `silent` it says nothing, `fails` before an answer."""

    gone: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    fails: SourceError | None = None
    price: float = 0.0
    name: str = "forum"
    now: Callable[[], object] = lambda: T0
    asked: list[str] = field(default_factory=list)

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        for id_ in ids:
            limits.spend(self.price, now=T0)
            if self.fails and id_ == "failing":
                raise self.fails
            self.asked.append(id_)
            if id_ in self.gone:
                yield Gone(id_)
            elif id_ not in self.silent:
                yield Seen(id_, likes=self.counters.get(id_))


def ask(store, forum, now, **more):
    return recheck_source(
        store, forum, watches=["acme"], limits=more.pop("limits", Limits()), clock=lambda: now, **more
    )  # fmt: skip


def asked_at(store, forum, now):
    forum.asked.clear()
    ask(store, forum, now)
    return sorted(set(forum.asked))


@pytest.fixture(autouse=True)
def only_due(monkeypatch):
    monkeypatch.setattr("uproar.steps.recheck.SPREAD", 0)


def test_a_post_is_asked_after_at_each_tier_then_monthly(store):
    save(store, make_post(collected_at=T0 + timedelta(minutes=5)))
    forum = Forum()
    due = [
        hours
        for hours in (0.5, 1, 2, 23, 24, 25, 6 * 24, 7 * 24, 29 * 24, 30 * 24, 59 * 24, 60 * 24, 61 * 24)
        if asked_at(store, forum, T0 + hours * HOUR)
    ]
    assert due == [1, 24, 168, 720, 1440]


def test_an_old_post_that_comes_late_is_asked_after_at_once_then_monthly(store):
    save(store, make_post(created_at=T0 - 90 * DAY, collected_at=T0))
    forum = Forum()
    assert asked_at(store, forum, T0) == ["p1"]
    assert asked_at(store, forum, T0 + 29 * DAY) == []
    assert asked_at(store, forum, T0 + 30 * DAY) == ["p1"]


def test_where_posts_cost_money_having_been_collected_counts(store):
    save(store, make_post(created_at=T0 - 2 * DAY, collected_at=T0))
    forum = Forum(price=0.005)
    assert asked_at(store, forum, T0 + HOUR) == []
    assert asked_at(store, forum, T0 + 5 * DAY) == ["p1"]


def test_posts_of_other_watches_and_sources_are_not_asked_after(store):
    save(store, make_post())
    save(store, make_post(id="2"), watch="replay")
    save(store, make_post(id="3", source="else"))
    assert asked_at(store, Forum(), T0 + DAY) == ["p1"]
    assert recheck_source(store, object(), watches=["acme"], limits=Limits(), clock=lambda: T0) is None


def test_a_number_that_is_used_again_is_a_post_of_its_own(store):
    save(store, make_post(), make_post(id="2"))
    assert asked_at(store, Forum(gone={"2"}), T0 + HOUR) == ["2", "p1"]
    save(store, make_post(id="3"))
    assert asked_at(store, Forum(), T0 + 2 * HOUR) == ["3"]


def test_everything_of_the_gone_goes_within_one_run_and_counts_stay(store, reader, store_url):
    secret = make_post(id="id-4711", text="zyxomma, I hate these terms", url="https://forum.example/4711")
    save(store, secret, make_post(id="2", text="great terms"))
    save(store, make_post(id="rt-1", kind="repost", parent_id="id-4711", text="zyxomma, I hate these terms"))
    save(store, make_post(id="rt-2", kind="repost", text="zyxomma, I hate these terms"))
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    before = reader.rollup("acme")[["posts", "negative", "scored"]].sum().tolist()
    report = ask(store, Forum(gone={"id-4711"}), T0 + HOUR)
    store.refresh_rollups()
    assert (report.gone, report.copies, report.erased, report.alive, report.silent) == (1, 2, 3, 3, 0)
    left = everything(store_url)
    assert "zyxomma" not in left
    assert "4711" not in left
    assert reader.rollup("acme")[["posts", "negative", "scored"]].sum().tolist() == before
    assert store.check_rollups() == []
    assert save(store, secret).gone == 1, "it does not come back"
    assert reader.erasures()[["source", "reason", "posts"]].values.tolist() == [["forum", UPSTREAM, 3]]


def test_what_got_no_answer_stays_and_is_asked_after_again(store, reader):
    save(store, make_post(), make_post(id="2"))
    report = ask(store, Forum(silent={"2"}), T0 + HOUR)
    assert (report.asked, report.alive, report.silent, report.erased) == (2, 1, 1, 0)
    assert len(reader.posts(PostFilter("acme"))) == 2
    assert asked_at(store, Forum(), T0 + 2 * HOUR) == []
    assert asked_at(store, Forum(), T0 + 8 * HOUR) == ["2"]


def test_a_failing_source_keeps_what_was_answered_and_the_rest_stays_due(store, reader):
    ids = ["a", "failing", "z"]
    save(store, *(make_post(id=id_, created_at=T0 + n * timedelta(seconds=1)) for n, id_ in enumerate(ids)))
    report = ask(store, Forum(gone={"a"}, fails=RetryLater("down")), T0 + DAY)
    assert (report.gone, report.erased, type(report.error)) == (1, 1, RetryLater)
    assert set(reader.posts(PostFilter("acme"))["id"]) == {"failing", "z"}
    assert asked_at(store, Forum(), T0 + DAY) == ["failing", "z"]


def test_an_answer_about_another_post_erases_nothing(store, reader):
    class Odd(Forum):
        def recheck(self, ids, limits):
            yield Gone("2")

    save(store, make_post(), make_post(id="2", created_at=T0 + 30 * DAY))
    assert ask(store, Odd(), T0 + HOUR).erased == 0
    assert len(reader.posts(PostFilter("acme"))) == 2


def test_counters_are_refreshed_and_an_unknown_one_stays(store, store_url):
    save(store, make_post(likes=1, replies=7), make_post(id="2", likes=3))
    ask(store, Forum(counters={"p1": 99}), T0 + HOUR)
    engine = make_engine(store_url, "read")
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT post_id, likes, replies FROM posts ORDER BY likes")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("2", 3, None), ("p1", 99, 7)]


def test_the_most_spread_and_some_by_chance_are_asked_after_between_tiers(store, monkeypatch):
    monkeypatch.setattr("uproar.steps.recheck.SPREAD", 5)
    save(store, *(make_post(id=str(n), likes=n, collected_at=T0 + timedelta(minutes=1)) for n in range(40)))
    assert len(asked_at(store, Forum(), T0 + HOUR)) == 40
    first, second = (set(asked_at(store, Forum(), T0 + 12 * HOUR + n * HOUR)) for n in range(2))
    assert {"39", "38", "37", "36", "35"} <= first
    assert 5 <= len(first) <= 10
    assert not first & second, "what was just asked after is left in peace"


def test_its_cost_counts_against_the_budget_which_stops_it(store, monkeypatch):
    save(store, *(make_post(id=str(n)) for n in range(10)))
    now = T0 + 30 * DAY
    budget = SourceBudget(store, "forum", Caps(daily=0.02, monthly=1), lambda: now)
    report = ask(store, Forum(price=0.005), now, limits=Limits(budget=budget))
    assert (report.asked, report.alive, type(report.error)) == (4, 4, BudgetExhausted)
    assert report.cost == pytest.approx(0.02)
    assert store.spent("forum", since=now, until=now) == pytest.approx(0.02)


def test_what_reddit_no_longer_shows_is_erased_in_one_run(store_url, tmp_path, httpserver, keys):
    now = T0 + 2 * DAY
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "acme.toml").write_text(
        'platform = "Acme"\nterms = "acme"\nsince = 2025-05-08T00:00:00Z\n'
        '[[sources]]\nname = "reddit"\noptions = { subreddits = "test", search = "no" }\n'
    )
    things = [submission(f"s{n}", (T0 + n * HOUR).timestamp(), f"acme says {n}") for n in range(4)]
    fake = FakeReddit(things, now.timestamp())
    for method in ("GET", "POST"):
        httpserver.expect_request(re.compile("/reddit/.*"), method=method).respond_with_handler(fake)
    url = httpserver.url_for("/reddit")
    settings = Settings(
        home=tmp_path, store=SecretStr(store_url), allow_private_addresses=True, reddit_url=url, reddit_oauth_url=url,
        **GIVEN,
    )  # fmt: skip
    first, later = Session(settings, now), Session(settings, now + 7 * DAY)
    watch = first.watch("acme")
    assert collect_all(first, [(watch, watch.sources[0])], since=None)[0].new == 4
    del fake.things[1]
    with later.store() as store, later.reader() as found:
        [report] = recheck_all(later, store, [watch], patience=PATIENCE)
        assert (report.error, report.gone, report.alive) == (None, 1, 3)
        assert set(found.posts(PostFilter("acme"))["id"]) == {"t3_s0", "t3_s2", "t3_s3"}
        assert found.erasures()["reason"].tolist() == [UPSTREAM]


def test_a_source_without_a_permission_is_told_and_stops_no_other(store_url, tmp_path, httpserver, capsys):
    """Posts of Reddit came by a file, and nobody recorded a permission to ask Reddit."""
    session = Session(Settings(home=tmp_path, store=SecretStr(store_url), bluesky_public_url=httpserver.url_for("/b"),
                               allow_private_addresses=True))  # fmt: skip
    address = "at://did:plc:someone/app.bsky.feed.post/1"
    httpserver.expect_request("/b/xrpc/app.bsky.feed.getPosts").respond_with_json({"posts": []})
    with session.store() as store:
        save(store, make_post(source="reddit", id="t3_a"), make_post(source="bluesky", id=address))
        watch = replace(session.watch("duolingo-ai-first"), name="acme")
        asked, refused = recheck_all(session, store, [watch])
    assert (asked.source, asked.gone, asked.error) == ("bluesky", 1, None)
    assert "UPROAR_PERMISSIONS__REDDIT" in str(refused.error)
    assert "recheck: reddit" in capsys.readouterr().err
