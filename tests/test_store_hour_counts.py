"""Counts and far pages by the hours' counts: the same posts as one by one, also after deletions and late posts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all

from store import PostFilter, find

HOUR = timedelta(hours=1)
TEXTS = ("I hate these terms", "great ai clause thanks", "nothing of interest", "angry about privacy terms")
FILTERS = (
    {},
    {"sources": ("reddit",)},
    {"languages": ("en",)},
    {"topic": "privacy"},
    {"relevant": True},
    {"sentiment": "negative", "relevant": True},
    {"stance": "for", "topic": "ai_training"},
    {"sentiment": "negative", "stance": "against", "relevant": True},
    {"relevant": False},
    {"since": T0 + HOUR / 2, "until": T0 + 5 * HOUR + HOUR / 3},
)


@pytest.fixture
def many(store):
    save(store, *(
        make_post(id=f"{n}", text=f"{TEXTS[n % 4]} {n}", source=("forum", "reddit")[n % 3 == 0],
                  created_at=T0 + n * HOUR / 4)
        for n in range(40)
    ))  # fmt: skip
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    store.forget("forum", ids=["4", "5", "22"], now=T0)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("late", [False, True])
def test_counts_and_pages_are_those_of_the_posts(many, store, reader, monkeypatch, filters, late):
    monkeypatch.setattr(find, "_FAR", 1)
    if late:  # counted before the rollups know of it
        save(store, make_post(id="late", text="I hate these terms", created_at=T0 + 3 * HOUR))
    for order in ("time", "time_asc"):
        wanted = PostFilter("acme", order=order, **filters)
        every = [id for frame in reader.stream_posts(wanted) for id in frame["id"]]
        assert reader.count_posts(wanted) == reader.count_posts(wanted, at_most=1000) == len(every) > 0
        assert [id for n in range(0, 42, 3) for id in reader.posts(wanted, limit=3, offset=n)["id"]] == every


def test_a_count_that_would_read_every_post_may_stop(many, reader, store_url):
    both = {"sentiment": "negative", "stance": "against", "relevant": True}
    assert reader.count_posts(PostFilter("acme", **both)) > 2
    assert reader.count_posts(PostFilter("acme", **both), at_most=2) == 2
    rare = reader.count_posts(PostFilter("acme", search="hate"), at_most=2)
    assert rare == 2 if store_url.startswith("postgresql") else rare > 2  # SQLite's index tells that a word is rare
    assert reader.count_posts(PostFilter("acme"), at_most=2) == 37


def test_a_frequent_word_finds_the_same_posts(many, reader, monkeypatch):
    wanted = PostFilter("acme", search='"these terms"', order="time_asc")
    rare = list(reader.posts(wanted)["id"])
    monkeypatch.setattr("store.search._FEW", 1)
    monkeypatch.setattr("store.search._MANY", 2)
    assert list(reader.posts(wanted)["id"]) == rare != []
    assert reader.count_posts(wanted) == len(rare)
