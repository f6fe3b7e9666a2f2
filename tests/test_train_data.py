"""Uproar's own training posts, the folds, and the pieces of the training loop that can be checked without training."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from core.records import SENTIMENTS, STANCES, TOPICS
from models.calibration import class_shift, topic_shift
from models.data import MISSING, OWN_POSTS, Row, ordinary, own_posts
from models.folds import deal
from models.metrics import macro_recall


def stored() -> list[dict]:
    return [json.loads(line) for line in OWN_POSTS.read_text(encoding="utf-8").splitlines()]


def test_own_posts_are_many_distinct_and_well_formed() -> None:
    posts = stored()
    assert len(posts) >= 500
    assert len({post["text"].casefold() for post in posts}) == len(posts)
    for post in posts:
        assert set(post) == {"text", "platform", "sentiment", "stance", "relevant", "topics"}
        assert post["sentiment"] in SENTIMENTS
        assert post["stance"] in STANCES
        assert post["topics"] == [topic for topic in TOPICS if topic in post["topics"]]
        assert post["relevant"] or not post["topics"]


def test_own_posts_cover_every_topic_and_the_sides_that_tone_does_not_tell() -> None:
    posts = stored()
    topics = Counter(topic for post in posts for topic in post["topics"])
    assert min(topics[topic] for topic in TOPICS) >= 60
    sides = Counter((post["sentiment"], post["stance"]) for post in posts)
    assert sides["negative", "for"] >= 30
    assert sides["positive", "against"] >= 30
    assert sum(not post["relevant"] for post in posts) >= 100


def test_rows_carry_the_labels_of_the_posts() -> None:
    rows = own_posts()
    assert len(rows) == len(stored())
    assert {row.emotion for row in rows} == {MISSING}
    assert {row.relevance for row in rows} == {0, 1}
    assert sum(sum(row.topics or ()) for row in rows) == sum(len(post["topics"]) for post in stored())


def test_ordinary_tweets_leave_out_the_subject() -> None:
    rows = [Row("lovely evening by the river", sentiment=2), Row("read the new Terms before you agree", sentiment=1)]
    (kept,) = ordinary(rows, 10, seed=1)
    assert kept.text == "lovely evening by the river"
    assert (kept.relevance, kept.sentiment, sum(kept.topics or (1,))) == (0, 2, 0)


def test_folds_keep_a_controversy_together_and_split_only_the_largest() -> None:
    rows = [Row("x", group=group) for group, size in (("big", 60), ("a", 9), ("b", 9), ("c", 9)) for _ in range(size)]
    fold = deal(rows, folds=3)
    homes = {group: set(fold[[i for i, row in enumerate(rows) if row.group == group]]) for group in ("a", "b", "c")}
    assert all(len(home) == 1 for home in homes.values())
    assert set.union(*homes.values()) == {0, 1, 2}
    assert set(fold[:60]) == {0, 1, 2}
    assert np.array_equal(fold, deal(rows, folds=3))


def test_class_shift_lifts_a_class_that_argmax_overlooks() -> None:
    draw = np.random.default_rng(2)
    gold = draw.integers(0, 3, 600)
    logits = (np.eye(3)[gold] * 2 + draw.normal(0, 1, (600, 3)) - np.array([1.2, 0, 0])).astype(np.float32)
    shift = class_shift((gold, logits, macro_recall))
    assert shift[1] == 0
    assert shift[0] > 0.5
    assert macro_recall(gold, (logits + shift).argmax(1)) > macro_recall(gold, logits.argmax(1))


def test_topic_shift_moves_the_tuned_threshold_to_one_half() -> None:
    draw = np.random.default_rng(2)
    gold = (draw.random((900, 9)) < 0.2).astype(np.float32)
    logits = (gold * 3 - 4 + draw.normal(0, 0.5, gold.shape)).astype(np.float32)
    shift = topic_shift(gold, logits)
    assert shift.shape == (9,)
    assert ((logits + shift >= 0) == (gold == 1)).mean() > 0.97
    assert shift == pytest.approx(np.full(9, 2.5), abs=0.7)


def test_batches_hold_every_row_once_and_like_lengths_together() -> None:
    pytest.importorskip("torch")
    from models.fitting import buckets, pad

    tokens = [[1] * (1 + (7 * i) % 40) for i in range(1_000)]
    order = buckets(tokens, size=48, seed=1)
    assert sorted(row for batch in order for row in batch) == list(range(1_000))
    assert order == buckets(tokens, size=48, seed=1) != buckets(tokens, size=48, seed=2)
    assert max(max(len(tokens[r]) for r in batch) - min(len(tokens[r]) for r in batch) for batch in order) <= 10
    ids, mask = pad([[5], [6, 7, 8]])
    assert ids.tolist() == [[5, 0, 0], [6, 7, 8]]
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
