"""Corrected shares: by simulation the interval holds the truth, and labels beat a biased classifier."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.correction import LEAST, corrected_share, kappa


def _world(chance: np.random.Generator, *, size: int, negative: float, recall: float, false: float):
    """Posts with a true answer and that of a classifier that errs; half of them, about, are relevant."""
    relevant = chance.random(size) < 0.6
    truth = relevant & (chance.random(size) < negative)
    seen_relevant = np.where(relevant, chance.random(size) < 0.9, chance.random(size) < 0.1)
    seen = seen_relevant & np.where(truth, chance.random(size) < recall, chance.random(size) < false)
    return (truth * 1.0, relevant * 1.0), (seen * 1.0, seen_relevant * 1.0)


def _corrected(truth, seen, taken, weights):
    counts = (int(seen[0].sum()), int(seen[1].sum()), len(seen[0]))
    return corrected_share(
        counts, (truth[0][taken], truth[1][taken]), (seen[0][taken], seen[1][taken]), weights=weights
    )


@pytest.mark.parametrize(
    ("labels", "negative", "recall", "false"),
    [(50, 0.4, 0.7, 0.2), (100, 0.4, 0.7, 0.2), (300, 0.2, 0.5, 0.1), (100, 0.1, 0.8, 0.05), (200, 0.8, 1.0, 0.0)],
)
def test_the_interval_holds_the_truth_about_as_often_as_it_says(labels, negative, recall, false) -> None:
    chance = np.random.default_rng(7)
    held = widths = 0.0
    trials = 600
    for _ in range(trials):
        truth, seen = _world(chance, size=4000, negative=negative, recall=recall, false=false)
        found = _corrected(truth, seen, chance.choice(4000, labels, replace=False), np.full(labels, 4000 / labels))
        held += found.low <= truth[0].sum() / truth[1].sum() <= found.high
        widths += found.high - found.low
    assert held / trials >= 0.93
    assert widths / trials < 4 / np.sqrt(labels)


def test_unequal_weights_are_heeded() -> None:
    chance = np.random.default_rng(3)
    held, trials = 0, 300
    for _ in range(trials):
        truth, seen = _world(chance, size=4000, negative=0.4, recall=0.6, false=0.2)
        odds = np.where(seen[0] > 0, 0.1, 0.03)  # those read as negative are drawn thrice as often
        taken = np.flatnonzero(chance.random(4000) < odds)
        found = _corrected(truth, seen, taken, 1 / odds[taken])
        held += found.low <= truth[0].sum() / truth[1].sum() <= found.high
    assert held / trials >= 0.92


def test_a_good_classifier_narrows_what_labels_alone_would_give() -> None:
    chance = np.random.default_rng(5)
    truth, seen = _world(chance, size=20_000, negative=0.4, recall=0.97, false=0.02)
    taken, weights = chance.choice(20_000, 300, replace=False), np.full(300, 20_000 / 300)
    good = _corrected(truth, seen, taken, weights)
    none = _corrected(truth, (np.zeros(20_000), np.zeros(20_000)), taken, weights)
    assert good.high - good.low < 0.8 * (none.high - none.low)


def test_too_few_labels_correct_nothing() -> None:
    ones = np.ones(LEAST - 1)
    assert corrected_share((10, 20, 100), (ones, ones), (ones, ones), weights=ones) is None
    none = np.zeros(50)
    assert corrected_share((10, 20, 100), (none, none), (none, none), weights=np.ones(50)) is None


def test_kappa_is_agreement_beyond_chance() -> None:
    assert kappa(["a", "b", "a", "b"], ["a", "b", "a", "b"]) == 1
    assert kappa(["a", "b", "a", "b"], ["a", "a", "b", "b"]) == 0
    assert np.isnan(kappa([], []))
