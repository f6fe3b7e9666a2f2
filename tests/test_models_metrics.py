"""The metrics, against hand-counted cases and against TweetEval's own predictions."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.settings import load_settings
from models.metrics import bootstrap, f1, macro_f1, macro_recall

PUBLISHED = [
    ("sentiment", macro_recall, 12_284, 72.9),
    ("emotion", macro_f1, 1_421, 79.8),
    ("irony", f1, 784, 62.5),
    ("offensive", macro_f1, 860, 81.6),
]


def tweeteval() -> Path:
    folder = load_settings().shared_data / "train" / "tweeteval"
    if not folder.is_dir():
        assert os.environ.get("CI") != "true", f"{folder} must be there in CI"
        pytest.skip("needs TweetEval in UPROAR_SHARED_DATA")
    return folder


def numbers(path: Path) -> np.ndarray:
    return np.array(path.read_text(encoding="utf-8").split(), dtype=np.int64)


@pytest.mark.parametrize(("task", "metric", "posts", "expected"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_reproduces_the_scores_of_published_predictions(task, metric, posts, expected) -> None:
    folder = tweeteval()
    gold, predicted = numbers(folder / task / "test_labels.txt"), numbers(folder / "predictions" / f"{task}.txt")
    assert len(gold) == len(predicted) == posts
    assert round(100 * metric(gold, predicted), 1) == expected


def test_by_hand() -> None:
    gold, predicted = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 0])
    assert macro_recall(gold, predicted) == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert f1(gold, predicted, 0) == pytest.approx(4 / 6)
    assert macro_f1(gold, predicted) == pytest.approx((4 / 6 + 2 / 3 + 0) / 3)
    assert f1(gold, predicted, 9) == 0.0


def test_a_class_that_is_only_predicted_costs_macro_f1_but_not_macro_recall() -> None:
    gold, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert macro_recall(gold, predicted) == pytest.approx(0.75)
    assert macro_f1(gold, predicted) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_bootstrap_interval_holds_the_value_and_narrows_with_n() -> None:
    draw = np.random.default_rng(1)
    gold = draw.integers(0, 3, 2_000)
    predicted = np.where(draw.random(2_000) < 0.7, gold, (gold + 1) % 3)
    value, low, high = bootstrap(macro_recall, gold, predicted, rounds=200)
    _, low_few, high_few = bootstrap(macro_recall, gold[:100], predicted[:100], rounds=200)
    assert low < value < high
    assert high - low < high_few - low_few
    assert bootstrap(macro_recall, gold, predicted, rounds=200) == (value, low, high)
