"""Random draws on both databases: weights, blindness, labels of two readers, erasure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all

from core.errors import ConfigError
from store import open_annotations, open_reader

SINCE, UNTIL = T0 - timedelta(days=1), T0 + timedelta(days=1)


def _fill(store, posts: int = 20) -> None:
    store.register_watch("acme", subject="Acme")
    save(store, *(make_post(id=f"p{n}", created_at=T0, text=f"terrible terms {n}") for n in range(posts)))
    score_all(store, KeywordClassifier())


def test_a_draw_keeps_weights_and_each_reader_meets_each_post_once(store, store_url) -> None:
    _fill(store)
    with open_annotations(store_url) as notes, open_reader(store_url) as reader:
        number = notes.draw("acme", 5, since=SINCE, until=UNTIL, author="ann", now=T0, seed=1)
        for reader_name, value in (("ann", "negative"), ("bo", "neutral")):
            met = set()
            while post := reader.next_drawn(number, reader_name):
                assert not hasattr(post, "sentiment")
                met.add(post.post)
                notes.label_drawn(post.post, {"sentiment": value}, author=reader_name, now=T0)
            assert len(met) == 5
        rows = reader.labelled("acme", since=SINCE, until=UNTIL)
        assert set(rows["weight"]) == {4.0}
        assert len(rows) == 10
        assert set(rows["sentiment"]) == {"negative"}
        assert reader.draws("acme").loc[0, "population"] == 20


def test_nothing_to_draw_is_said(store, store_url) -> None:
    store.register_watch("acme", subject="Acme")
    with open_annotations(store_url) as notes, pytest.raises(ConfigError, match="no scored post"):
        notes.draw("acme", 5, since=SINCE, until=UNTIL, author="ann", now=T0)


@pytest.mark.parametrize("refreshed", [False, True])
def test_of_many_posts_numbers_are_tried_by_chance_with_the_same_weights(store, store_url, refreshed) -> None:
    _fill(store, posts=60)
    save(store, *(make_post(id=f"old{n}", created_at=T0 - timedelta(days=9), text=f"old {n}") for n in range(60)))
    score_all(store, KeywordClassifier())
    if refreshed:
        store.refresh_rollups()
        store.forget("forum", ids=["p0"], now=T0)
        store.refresh_rollups()
    left = 59 if refreshed else 60
    with open_annotations(store_url) as notes, open_reader(store_url) as reader:
        met: dict[int, int] = {}
        for seed in range(20):
            number = notes.draw("acme", 15, since=SINCE, until=UNTIL, author="ann", now=T0, seed=seed, many=5)
            assert reader.draws("acme").loc[0, ["population", "posts"]].tolist() == [left, 15]
            post = reader.next_drawn(number, "bo")
            met[post.post] = met.get(post.post, 0) + 1
            assert post.text.startswith("terrible")
        assert len(met) > 10, "the first post of a draw is any of them"
        whole = notes.draw("acme", 200, since=SINCE, until=UNTIL, author="ann", now=T0, many=5)
        assert reader.next_drawn(whole, "bo").left == left
