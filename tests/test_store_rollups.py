"""Rollups: whatever happens, in whatever order, they are the live recount plus what was removed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from store_fixtures import LengthClassifier, save, score_all, wipe

from core.errors import ConfigError
from core.keys import Keys
from core.records import Reason
from core.text import model_input, text_key
from store import open_reader, open_store
from store.engine import make_engine, writing
from store.schema import MEASURES

HOUR = timedelta(hours=1)
KEYS = Keys(b"k" * 32)
# Without shrinking: on a database it takes minutes. A failure prints its steps all the same.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
ZERO = dict.fromkeys(MEASURES, 0)
TEXTS = (
    "I hate these terms", "RT @bob: I hate these terms", "great ai clause thanks", "nothing of interest here",
    "unbewusst ja", "\u043e\u0447\u0435\u043d\u044c \u043f\u043b\u043e\u0445\u043e", "", "!!!",
    "leaving, delete, cancel: terms and privacy",
)  # fmt: skip
MODELS = (KeywordClassifier(), LengthClassifier())

posts = st.builds(
    make_post,
    source=st.sampled_from(("forum", "reddit")),
    id=st.sampled_from("abcde"),
    text=st.sampled_from(TEXTS),
    created_at=st.integers(0, 7).map(lambda n: T0 + n * HOUR / 2),
    collected_at=st.integers(0, 3).map(lambda n: T0 + timedelta(days=1 + n)),
    kind=st.sampled_from(("post", "repost")),
    lang=st.sampled_from(("", "en", "ru")),
    author=st.sampled_from(("", "ann", "bob")),
).map(lambda post: replace(post, author=KEYS.author(post.source, post.author)))
watches = st.sampled_from(("acme", "other"))
saves = st.tuples(st.just("save"), watches, st.lists(posts, min_size=1, max_size=6), st.sampled_from(Reason))
operations = st.one_of(
    saves,
    saves,
    st.tuples(st.just("score"), st.sampled_from(MODELS), st.sampled_from((None, "acme", "other"))),
    st.tuples(st.just("rescore"), st.sampled_from(MODELS)),
    st.tuples(st.just("forget"), st.sampled_from(("forum", "reddit")), st.sampled_from("abcde")),
    st.tuples(st.just("forget author"), st.sampled_from(("forum", "reddit")), st.sampled_from(("ann", "bob"))),
    st.tuples(st.just("refresh")),
)


class Truth:
    """What posts there should be, kept by hand: the newest copy of each, its sightings, and the deleted."""

    def __init__(self):
        self.posts, self.sightings, self.removed, self.gone = {}, set(), Counter(), set()

    def save(self, watch, page):
        for post in page:
            name = (post.source, post.id)
            if name in self.gone:
                continue
            if name not in self.posts or post.collected_at >= self.posts[name].collected_at:
                self.posts[name] = post
            self.sightings.add((watch, name))

    def forget(self, source, wanted):
        for name in [n for n, post in self.posts.items() if n[0] == source and wanted(post)]:
            post = self.posts.pop(name)
            for watch, _ in {s for s in self.sightings if s[1] == name}:
                self.sightings.remove((watch, name))
                self.removed[watch, self.hour(post)] += 1
            self.gone.add(name)

    @staticmethod
    def hour(post):
        return post.created_at.replace(minute=0)

    def counts(self):
        return self.removed + Counter((watch, self.hour(self.posts[name])) for watch, name in self.sightings)


def play(store, keys, truth, operation):
    match operation:
        case "save", watch, page, reason:
            save(store, *page, watch=watch, reason=reason)
            truth.save(watch, page)
        case "score", model, watch:
            score_all(store, model, watch=watch, batch=2)
        case "rescore", model:
            texts = sorted({model_input(post.text): post.text for post in truth.posts.values()}.values())
            if texts:
                store.save_scores([text_key(text, keys.text) for text in texts], model.score(texts))
        case "forget", source, post_id:
            store.forget(source, ids=[post_id], now=T0)
            truth.forget(source, lambda post: post.id == post_id)
            truth.gone.add((source, post_id))
        case "forget author", source, author:
            store.forget(source, author=author, now=T0)
            truth.forget(source, lambda post: post.author == KEYS.author(source, author))
        case ("refresh",):
            store.refresh_rollups()


@settings(max_examples=settings().max_examples // 4, phases=PHASES)
@given(steps=st.lists(operations, max_size=14))
def test_any_order_of_events_leaves_the_rollup_equal_to_a_recount(store_url, keys, steps):
    wipe(store_url)
    truth = Truth()
    with open_store(store_url, keys) as store, open_reader(store_url) as reader:
        for step in steps:
            play(store, keys, truth, step)
        store.refresh_rollups()
        assert store.check_rollups() == []
        names = list(reader.models()["model"]) or [None]
        for name in names:
            found = Counter()
            for watch in reader.watches():
                frame = reader.rollup(watch, model=name)
                found.update({(watch, row.hour.to_pydatetime()): row.posts for row in frame.itertuples()})
                assert (frame["posts"] == frame[["pending", "not_scored", "scored"]].sum(axis=1)).all()
                assert (frame["relevant"] <= frame["scored"]).all()
                assert (frame["negative"] + frame["neutral"] + frame["positive"] == frame["relevant"]).all()
            assert found == truth.counts()
            score_all(store, next(m for m in MODELS if m.model == (name or MODELS[0].model)))
            store.refresh_rollups()
            assert store.check_rollups() == []
            assert not any(reader.rollup(watch, model=name)["pending"].any() for watch in reader.watches() if name)


@settings(max_examples=settings().max_examples // 12, phases=PHASES)
@given(pages=st.lists(st.tuples(watches, st.lists(posts, min_size=1, max_size=5)), max_size=6), data=st.data())
def test_the_order_of_arrival_does_not_matter(store_url, keys, pages, data):
    # Of two copies collected at the same moment the last to arrive wins: here each has a moment of its own.
    moments = iter(range(10_000))
    pages = [(w, [make_later(post, next(moments)) for post in page]) for w, page in pages]
    found = []
    for order in (pages, data.draw(st.permutations(pages))):
        wipe(store_url)
        with open_store(store_url, keys) as store, open_reader(store_url) as reader:
            for watch, page in order:
                save(store, *page, watch=watch)
                score_all(store, MODELS[0])
            store.refresh_rollups()
            frames = {watch: reader.rollup(watch, split=("source", "language")) for watch in reader.watches()}
            found.append(frames)
    assert found[0].keys() == found[1].keys()
    for watch, frame in found[0].items():
        pd.testing.assert_frame_equal(frame, found[1][watch])


def make_later(post, moment):
    return replace(post, collected_at=T0 + timedelta(seconds=moment))


@pytest.fixture
def counted(store):
    """Six posts over three hours and two sources: scored and counted."""
    save(
        store,
        make_post(id="1", text="I hate these terms"),
        make_post(id="2", text="RT @bob: I hate these terms", kind="repost", created_at=T0 + HOUR / 2),
        make_post(id="3", text="great ai clause thanks", created_at=T0 + HOUR),
        make_post(id="4", text="nothing of interest here", created_at=T0 + HOUR),
        make_post(id="5", text="\u043e\u0447\u0435\u043d\u044c \u043f\u043b\u043e\u0445\u043e", created_at=T0 + HOUR),
        make_post(id="6", source="reddit", text="angry about privacy terms", created_at=T0 + 5 * HOUR),
    )
    score_all(store, MODELS[0])
    store.refresh_rollups()


def test_a_rollup_counts_each_measure(counted, reader):
    frame = reader.rollup("acme")
    assert list(frame.columns) == ["hour", *MEASURES]
    assert list(frame["hour"]) == [T0, T0 + HOUR, T0 + 5 * HOUR]
    assert frame.iloc[0, 1:].to_dict() == {
        **ZERO, "posts": 2, "reposts": 1, "distinct_texts": 1, "scored": 2, "relevant": 2, "negative": 2,
        "against": 2, "relevant_reposts": 1, "negative_reposts": 1, "against_reposts": 1}  # fmt: skip
    assert frame.iloc[1, 1:].to_dict() == {
        **ZERO, "posts": 3, "distinct_texts": 3, "not_scored": 1, "scored": 2, "relevant": 1, "positive": 1,
        "in_favour": 1}  # fmt: skip
    assert (frame.dtypes[1:] == "int64").all()


def test_filters_and_splits(counted, reader):
    assert reader.rollup("acme", sources=["reddit"])["posts"].tolist() == [1]
    assert reader.rollup("acme", sources=[])["posts"].tolist() == []
    assert reader.rollup("acme", languages=["xx"])["posts"].tolist() == [1]
    assert reader.rollup("acme", since=T0 + HOUR, until=T0 + 5 * HOUR)["posts"].tolist() == [3]
    # An hour belongs to the span in which it begins.
    assert reader.rollup("acme", since=T0 + HOUR / 2, until=T0 + 1.5 * HOUR)["posts"].tolist() == [3]
    split = reader.rollup("acme", split=("source", "language"))
    assert list(zip(split["source"], split["language"], split["posts"], strict=True)) == [
        ("forum", "en", 2), ("forum", "en", 2), ("forum", "xx", 1), ("reddit", "en", 1)]  # fmt: skip
    topics = reader.rollup("acme", topic=None, split=("topic",)).groupby("topic")["posts"].sum()
    assert topics.to_dict() == {"ai_training": 1, "privacy": 1, "trust": 4}
    assert reader.rollup("acme", topic="privacy")["negative"].tolist() == [1]


def test_a_timeline_touches_only_its_own_rows(sqlite_url, keys):
    """Whatever the number of posts: the primary key leads to the rows of the watch, model, topic and hours."""
    with open_store(sqlite_url, keys) as store, open_reader(sqlite_url) as reader:
        save(store, make_post())
        plans = []

        @event.listens_for(reader._engine, "before_cursor_execute")
        def explain(connection, cursor, statement, parameters, *_):
            if "FROM rollups" in statement:
                plan = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.extend(row[3] for row in plan)

        reader.rollup("acme", since=T0, until=T0 + HOUR)
        key = "watch_id=? AND model_id=? AND topic=? AND hour>? AND hour<?"
        assert plans == [f"SEARCH rollups USING PRIMARY KEY ({key})"]


def test_an_unknown_watch_is_empty_with_columns(reader):
    frame = reader.rollup("nobody", split=("source",))
    assert frame.empty
    assert list(frame.columns) == ["hour", "source", *MEASURES]
    assert str(frame["hour"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("asked", [{"topic": "weather"}, {"split": ("author",)}, {"model": "no@1"}, {"topic": None}])
def test_a_rollup_of_unknown_things_is_refused(counted, reader, asked):
    with pytest.raises(ConfigError):
        reader.rollup("acme", **asked)


def test_posts_are_pending_until_a_model_scores_them(store, reader):
    save(store, make_post())
    store.refresh_rollups()
    assert reader.rollup("acme")[["posts", "pending"]].values.tolist() == [[1, 1]]
    store.register_model("keyword@1")
    store.refresh_rollups()
    assert reader.rollup("acme")[["posts", "pending"]].values.tolist() == [[1, 1]]


def test_refreshing_counts_the_hours_done_and_only_once(store):
    save(store, make_post(), make_post(id="2", created_at=T0 + HOUR))
    save(store, make_post(id="3"), watch="other")
    assert store.refresh_rollups(watch="other") == 1
    assert store.refresh_rollups() == 2
    assert store.refresh_rollups() == 0


def test_a_changed_count_is_found_by_the_check(counted, store, store_url):
    engine = make_engine(store_url, "write")
    with writing(engine) as connection:
        connection.execute(text("UPDATE rollups SET negative = 7 WHERE topic = 0 AND source_id = 2"))
    engine.dispose()
    assert store.check_rollups() == [
        "watch acme, keyword@1: 2025-05-09 05h, topic 0, source 2, en: negative 7 stored, 1 counted"]  # fmt: skip
