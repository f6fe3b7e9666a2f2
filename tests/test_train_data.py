"""Uproar's own training posts, the folds, and the pieces of the training loop that can be checked without training."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.records import SENTIMENTS, STANCES, TOPICS
from models.calibration import class_shift, cooled, temperature, topic_shift
from models.data import MISSING, OWN_POSTS, PUBLIC_LABELS, Row, ordinary, own_posts, public_labels, public_posts
from models.folds import deal
from models.metrics import calibration_error, macro_recall


def stored() -> list[dict]:
    return [json.loads(line) for line in OWN_POSTS.read_text(encoding="utf-8").splitlines()]


def test_own_posts_are_many_distinct_and_well_formed() -> None:
    posts = stored()
    assert len(posts) >= 3_000
    assert len({post["text"].casefold() for post in posts}) == len(posts)
    for post in posts:
        assert set(post) == {"text", "sentiment", "stance", "relevant", "topics"}
        assert post["sentiment"] in SENTIMENTS
        assert post["stance"] in STANCES
        assert post["topics"] == [topic for topic in TOPICS if topic in post["topics"]]


def test_own_posts_cover_every_topic_and_the_sides_that_tone_does_not_tell() -> None:
    posts = stored()
    topics = Counter(topic for post in posts for topic in post["topics"])
    assert min(topics[topic] for topic in TOPICS) >= 300
    sides = Counter((post["sentiment"], post["stance"]) for post in posts)
    assert sides["negative", "for"] >= 150
    assert sides["positive", "against"] >= 100
    assert sum(not post["relevant"] for post in posts) >= 500


def test_rows_carry_the_labels_of_the_posts() -> None:
    rows = own_posts()
    assert len(rows) == len(stored())
    assert {row.emotion for row in rows} == {MISSING}
    assert {row.relevance for row in rows} == {0, 1}
    assert sum(sum(row.topics or ()) for row in rows) == sum(len(post["topics"]) for post in stored())


def test_public_labels_hold_ids_and_labels_but_no_text() -> None:
    posts = [json.loads(line) for line in PUBLIC_LABELS.read_text(encoding="utf-8").splitlines()]
    assert len({post["id"] for post in posts}) == len(posts) >= 900
    for post in posts:
        assert set(post) == {"id", "controversy", "sentiment", "stance", "relevant", "topics"}


def test_public_labels_find_their_posts(shared_data: Path) -> None:
    rows = public_labels(shared_data)
    assert len(rows) >= 900
    assert {row.group for row in rows} >= {"duolingo_ai_first_2025", "steam_paid_mods_2015"}
    assert len(set(public_posts(shared_data).values())) == len(public_posts(shared_data))


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


def test_a_temperature_makes_overconfident_probabilities_true() -> None:
    draw = np.random.default_rng(4)
    logits = draw.normal(0, 1.5, (4_000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    gold = (chances.cumsum(1) < draw.random((4_000, 1))).sum(1).clip(max=2)
    loud = (3 * logits).astype(np.float32)
    assert temperature(gold, loud) == pytest.approx(3.0, rel=0.1)
    weights = {"heads.stance.weight": np.ones((3, 2), np.float32), "heads.stance.bias": np.full(3, 4, np.float32)}
    assert cooled(weights, {"stance": 2.0})["heads.stance.bias"].tolist() == [2.0, 2.0, 2.0]


def test_calibration_error_is_nothing_for_true_claims_and_the_gap_for_false_ones() -> None:
    draw = np.random.default_rng(5)
    claimed = draw.random(20_000)
    assert calibration_error(claimed, draw.random(20_000) < claimed) < 0.02
    assert calibration_error(np.full(900, 0.9), np.arange(900) % 2 == 0) == pytest.approx(0.4)


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


def test_balanced_training_moves_logits_by_the_frequencies_of_tweets_only() -> None:
    pytest.importorskip("torch")
    from models.fitting import _priors

    rows = [Row("a", sentiment=0)] + [Row("b", sentiment=1)] * 8 + [Row("c", sentiment=0, stance=0, group="x")] * 5
    found = _priors(rows)
    assert found["sentiment", True].argmax() == 1
    assert found["sentiment", True][0] > found["sentiment", True][2]
    assert set(found) == {("sentiment", True)}


def test_pooled_dropout_keeps_the_mean_and_rests_in_evaluation() -> None:
    torch = pytest.importorskip("torch")
    from models.dropout import PooledDropout, pooled

    torch.manual_seed(1)
    layer = PooledDropout(0.25)
    x = torch.ones(300, 200)
    shaken = layer(x)
    assert shaken.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert shaken.mean().item() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(layer.eval()(x), x)
    assert isinstance(pooled(torch.nn.Sequential(torch.nn.Dropout(0.1)))[0], PooledDropout)
