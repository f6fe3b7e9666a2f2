"""Heads retrained on labels from one installation, each let through only where it is surely better.

A fit sees the labels and, weighing as much together, the posts that ship with the project, so that a head does not
forget what the labels do not show. Two gates per head, both paired bootstraps of macro-F1 (new less shipped, the same
posts drawn for both), every post judged by a fit that did not see it: on the labels the whole 99 % interval lies above
zero; on the shipped posts the loss is under two points and is not sure. The shipped network was trained on those
posts, so the second gate leans towards it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records import Classifier
from models.data import HEADS, MISSING, Row, own_posts
from models.linear import Correction, Matrix, Seen, chances, deal, fit_best, out_of_fold
from models.metrics import f1, macro_f1

HEADS_TAUGHT = ("sentiment", "stance", "relevance", "topics")
FEWEST = 50  # labelled texts that a head needs
FEWEST_OF_CLASS = 8  # of each class that is to be learned; a topic below it stays as shipped
FOLDS = 5
ROUNDS = 1_000
MOST_LOST = 0.02
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of one head: scores are macro-F1 in 0..1, `gain` and `gain_shipped` are (value, low, high), 99 %."""

    head: str
    labels: int
    accepted: bool
    reason: str
    before: float | None = None
    after: float | None = None
    gain: tuple[float, float, float] | None = None
    gain_shipped: tuple[float, float, float] | None = None


def retrain(
    classifier: Classifier, rows: Sequence[Row], *, shipped: Sequence[Row] | None = None
) -> tuple[dict[str, Correction], list[Gate]]:
    """Corrections of the heads that passed, and what came of every head. `classifier` is the shipped one.

    Equal model inputs are to be one row. Rows in a language that is not scored are left out.
    """
    labelled, held_out = _read(classifier, rows), _read(classifier, own_posts() if shipped is None else shipped)
    corrections, gates = {}, []
    for head in HEADS_TAUGHT:
        made, gate = _head(head, labelled.get(head), held_out.get(head))
        gates.append(gate)
        if made is not None:
            corrections[head] = made
    return corrections, gates


def _head(head: str, seen: Seen | None, held_out: Seen | None) -> tuple[Correction | None, Gate]:
    independent = head == "topics"
    count = 0 if seen is None else len(seen)
    if seen is None or count < FEWEST:
        return None, Gate(head, count, False, f"{count} labelled texts; {FEWEST} are needed")
    positives = seen.targets.sum(axis=0)
    learned = (positives >= FEWEST_OF_CLASS) & (count - positives >= FEWEST_OF_CLASS)
    if learned.sum() < (1 if independent else 2):
        return None, Gate(head, count, False, f"fewer than {FEWEST_OF_CLASS} labels of each class")
    if held_out is None:
        return None, Gate(head, count, False, "there are no shipped posts to hold it to")
    if independent:
        seen, held_out = _columns(seen, learned), _columns(held_out, learned)
    both = _together(seen, held_out)
    home = np.concatenate([deal(part.targets, FOLDS, seed=1) for part in (seen, held_out)])
    after = out_of_fold(both, home, independent=independent)
    gain = _gain(seen, after[:count], independent=independent)
    gain_shipped = _gain(held_out, after[count:], independent=independent)
    reason = _verdict(gain, gain_shipped)
    before, value = (_score(seen.targets, logits, independent=independent) for logits in (seen.logits, after[:count]))
    gate = Gate(head, count, reason == "better", reason, before, value, gain, gain_shipped)
    if reason != "better":
        return None, gate
    made = fit_best(both, independent=independent)
    return (_widened(made, learned) if independent else made), gate


def _together(seen: Seen, held_out: Seen) -> Seen:
    parts = (seen, held_out)
    weight = [np.full((len(part), 1), 1 / len(part)) for part in parts]
    vectors, logits, targets = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("vectors", "logits", "targets")
    )
    return Seen(vectors, logits, targets, np.concatenate(weight))


def _verdict(gain: tuple[float, float, float], gain_shipped: tuple[float, float, float]) -> str:
    if gain[1] <= 0:
        return "not surely better on the labels"
    if gain_shipped[2] < 0 or gain_shipped[0] < -MOST_LOST:
        return "worse on the posts that ship with Uproar"
    return "better"


def _read(classifier: Classifier, rows: Sequence[Row]) -> dict[str, Seen]:
    """What each head sees of the rows that carry a label for it."""
    if not rows:
        return {}
    texts = [row.text for row in rows]
    scores, vectors = classifier.score(texts), classifier.embed(texts).astype(np.float64)
    found = {}
    for head in HEADS_TAUGHT:
        if head not in classifier.heads:
            continue
        targets = np.array([_targets(head, row) for row in rows])
        kept = scores.scored & np.isfinite(targets).all(axis=1)
        logits = _logits(head, scores.probabilities[head][kept].astype(np.float64))
        if kept.any():
            found[head] = Seen(vectors[kept], logits, targets[kept], np.ones((int(kept.sum()), 1)))
    return found


def _targets(head: str, row: Row) -> list[float]:
    width = len(HEADS[head])
    if head == "topics":
        return list(row.topics) if row.topics is not None else [np.nan] * width
    value = int(getattr(row, head))
    return [np.nan] * width if value == MISSING else [float(value == n) for n in range(width)]


def _logits(head: str, chance: Matrix) -> Matrix:
    sure = chance.clip(_TINY, 1 - _TINY)
    return np.asarray(np.log(sure) - (np.log(1 - sure) if head == "topics" else 0))


def _gain(seen: Seen, after: Matrix, *, independent: bool) -> tuple[float, float, float]:
    """(gain, low, high) of macro-F1 by a paired bootstrap over the rows."""
    draw = np.random.default_rng(0)

    def gained(rows: NDArray[np.int64] | slice) -> float:
        gold = seen.targets[rows]
        new, old = (_score(gold, logits[rows], independent=independent) for logits in (after, seen.logits))
        return new - old

    values = [gained(draw.integers(0, len(after), len(after))) for _ in range(ROUNDS)]
    low, high = np.percentile(values, [0.5, 99.5])
    return gained(slice(None)), float(low), float(high)


def _score(gold: Matrix, logits: Matrix, *, independent: bool) -> float:
    if not independent:
        return macro_f1(gold.argmax(axis=1), logits.argmax(axis=1))
    truth, said = gold.astype(np.int64), (chances(logits, independent=True) >= 0.5).astype(np.int64)
    return float(np.mean([f1(truth[:, topic], said[:, topic]) for topic in range(truth.shape[1])]))


def _columns(seen: Seen, learned: NDArray[np.bool_]) -> Seen:
    return Seen(seen.vectors, seen.logits[:, learned], seen.targets[:, learned], seen.weight)


def _widened(made: Correction, learned: NDArray[np.bool_]) -> Correction:
    weights, bias = np.zeros((len(made.weights), len(learned))), np.zeros(len(learned))
    weights[:, learned], bias[learned] = made.weights, made.bias
    return Correction(weights, bias)


def figures(gates: Sequence[Gate]) -> Mapping[str, object]:
    """The gates as they are kept beside the heads."""
    return {
        gate.head: {
            "labels": gate.labels, "accepted": gate.accepted, "reason": gate.reason, "before": gate.before,
            "after": gate.after, "gain": gate.gain, "gain_on_shipped_posts": gate.gain_shipped,
        }
        for gate in gates
    }  # fmt: skip
