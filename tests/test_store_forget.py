"""Deletion: everything of a post goes, its counts stay, and it does not come back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from sqlalchemy import text
from store_fixtures import LengthClassifier, save, score_all

from store import Forgotten, PostFilter, open_annotations, open_store
from store.engine import make_engine, reading
from store.schema import MEASURES, metadata

HOUR = timedelta(hours=1)
SECRET = "zyxomma quibblefrotz"


@pytest.fixture
def annotations(store, store_url):
    with open_annotations(store_url) as opened:
        yield opened


def everything(url):
    """Every value of every table, as one text."""
    engine = make_engine(url, "read")
    with reading(engine) as connection:
        tables = [*metadata.tables, *(["posts_fts"] if engine.dialect.name == "sqlite" else [])]
        rows = [str(tuple(row)) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return "\n".join(rows)


def counts(reader, **asked):
    return reader.rollup("acme", **asked)[list(MEASURES)].sum().to_dict()


def test_counts_stay_and_the_post_goes(store, reader):
    save(store, make_post(text="I hate these terms"), make_post(id="2", text="great terms"))
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    before = counts(reader), counts(reader, topic="trust")
    assert store.forget("forum", ids=["p1"], now=T0) == Forgotten(posts=1, hours=1)
    store.refresh_rollups()
    assert (counts(reader), counts(reader, topic="trust")) == before
    assert store.check_rollups() == []
    assert list(reader.posts(PostFilter("acme"))["id"]) == ["2"]


def test_a_pending_post_goes_as_not_scored(store, reader):
    save(store, make_post())
    store.forget("forum", ids=["p1"], now=T0)
    store.refresh_rollups()
    found = counts(reader)
    assert (found["posts"], found["pending"], found["not_scored"]) == (1, 0, 1)
    score_all(store, KeywordClassifier())
    score_all(store, LengthClassifier())
    store.refresh_rollups()
    for model in ("keyword@1", "length@1"):
        assert counts(reader, model=model)["not_scored"] == 1, "models that come later count the deleted as well"
    assert store.check_rollups() == []


def test_a_text_counts_as_distinct_until_its_last_copy_of_the_hour_goes(store, reader):
    save(store, make_post(), make_post(id="2"), make_post(id="3"))
    for gone in ("p1", "2", "3"):
        store.forget("forum", ids=[gone], now=T0)
        store.refresh_rollups()
        found = counts(reader)
        assert (found["posts"], found["distinct_texts"]) == (3, 1)
    assert store.check_rollups() == []


def test_nothing_of_a_deleted_post_is_left_in_any_table(store, reader, annotations, store_url, keys):
    author = keys.author("forum", "ann")
    post = make_post(id="id-4711", text=SECRET, url="https://forum.example/4711", author=author)
    save(store, post, make_post(id="reply", parent_id="id-4711", root_id="id-4711"))
    save(store, post, watch="other")
    score_all(store, KeywordClassifier())
    annotations.add_label("forum", "id-4711", head="sentiment", value="negative", author="me", now=T0)
    annotations.tag_posts([("forum", "id-4711")], tag="quote", author="me", now=T0)
    traces = ("zyxomma", "4711", author)
    assert all(trace in everything(store_url) for trace in traces)
    assert store.forget("forum", ids=["id-4711"], now=T0).hours == 2
    left = everything(store_url)
    assert not [trace for trace in traces if trace in left]
    assert reader.count_posts(PostFilter("acme", search="zyxomma")) == 0


def test_the_words_leave_sqlites_files_too(sqlite_url, keys):
    # PostgreSQL frees the space by its own vacuum.
    with open_store(sqlite_url, keys) as store:
        save(store, *(make_post(id=str(n), text=f"ordinary words {n}") for n in range(50)))
        save(store, make_post(text=f"{SECRET} {'long ' * 5000}"))
        store.forget("forum", ids=["p1"], now=T0)
        files = list(Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("uproar.db*"))
        assert len(files) > 1
        assert not [file.name for file in files for word in SECRET.encode().split() if word in file.read_bytes()]


def test_a_deleted_post_does_not_come_back(store, reader):
    save(store, make_post())
    store.forget("forum", ids=["p1", "never seen"], now=T0)
    saved = save(store, make_post(), make_post(id="never seen"), make_post(id="new"), make_post(source="else"))
    assert (saved.new, saved.gone) == (2, 2)
    assert set(reader.posts(PostFilter("acme"))["id"]) == {"new", "p1"}
    assert save(store, make_post(), watch="other").gone == 1


def test_links_of_replies_lose_the_deleted_post_and_stay_so(store, store_url):
    link = "https://www.reddit.com/r/test/comments/aa1/zyxomma_title/bb1/"
    reply = make_post(source="reddit", id="t1_bb1", kind="comment", parent_id="t3_aa1", root_id="t3_aa1", url=link)
    other = make_post(
        source="reddit", id="t1_bb2", parent_id="t3_cc1", url="https://www.reddit.com/comments/cc1/_/bb2/"
    )
    copy = make_post(source="reddit", id="t3_dd1", kind="repost", parent_id="t3_aa1", text=SECRET)
    save(store, make_post(source="reddit", id="t3_aa1", text=SECRET), reply, other)
    store.forget("reddit", ids=["t3_aa1"], now=T0)
    for _ in range(2):
        left = everything(store_url)
        assert not [trace for trace in ("zyxomma", "aa1") if trace in left]
        assert "comments/cc1/_/bb2" in left
        saved = save(store, reply, other, copy)
        assert (saved.seen, saved.gone) == (2, 1), "a repost that comes later is a copy of what was deleted"


def test_an_unknown_source_leaves_its_mark(store):
    assert store.forget("else", ids=["p1"], now=T0) == Forgotten(0, 0)
    assert save(store, make_post(source="else")).gone == 1


def test_all_posts_of_an_author_by_account_or_pseudonym(store, reader, keys):
    ann, bob = keys.author("forum", "ann"), keys.author("forum", "bob")
    save(store, *(make_post(id=str(n), author=ann if n < 3 else bob) for n in range(5)))
    assert store.forget("forum", author="ann", now=T0).posts == 3
    assert store.forget("elsewhere", author="bob", now=T0).posts == 0
    assert store.forget("forum", author=bob, now=T0).posts == 2
    assert reader.posts(PostFilter("acme")).empty


def test_the_score_goes_with_the_last_post_of_its_text(store, store_url):
    save(store, make_post(), make_post(id="2"))
    score_all(store, KeywordClassifier())
    for post_id, left in (("p1", 1), ("2", 0)):
        store.forget("forum", ids=[post_id], now=T0)
        engine = make_engine(store_url, "read")
        with reading(engine) as connection:
            assert connection.scalar(text("SELECT count(*) FROM scores")) == left
        engine.dispose()


def test_exports_that_hold_the_post_are_named(store, annotations, store_url):
    save(store, make_post(), make_post(id="2"))
    posts = [("forum", "p1"), ("forum", "2"), ("forum", "2"), ("forum", "gone")]
    annotations.log_export("acme", "posts", "acme-posts.csv", 2, {"model": "m"}, posts, T0)
    annotations.log_export("acme", "posts", "other.csv", 1, {}, [("forum", "2")], T0)
    assert store.forget("forum", ids=["p1"], now=T0).exports == ("acme-posts.csv",)
    assert store.forget("forum", ids=["2"], now=T0).exports == ("acme-posts.csv", "other.csv")
    assert store.forget("forum", ids=["2"], now=T0).exports == ()


def test_many_posts_over_many_hours(store, reader):
    save(store, *(make_post(id=str(n), created_at=T0 + n * HOUR, text=f"text {n % 9}") for n in range(700)))
    store.refresh_rollups()
    before = counts(reader)
    assert store.forget("forum", ids=[str(n) for n in range(600)], now=T0) == Forgotten(600, 600)
    store.refresh_rollups()
    after = counts(reader)
    assert (after["posts"], after["distinct_texts"]) == (before["posts"], before["distinct_texts"])
    assert (after["pending"], after["not_scored"]) == (100, 600)
    assert store.check_rollups() == []
