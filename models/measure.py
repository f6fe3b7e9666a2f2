"""What the shipped weights are worth: the figures of the model card, as JSON on stdout.

`python -m models.measure --trained DIR`. TweetEval's test splits are read here and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.records import TOPICS
from core.settings import load_settings
from models.calibration import Logits, class_shift, topic_shift
from models.data import HEADS, Row, reactions, tweeteval
from models.export import FOLDER, stored_shifts
from models.folds import deal
from models.metrics import bootstrap, f1, macro_f1, macro_recall
from models.onnx import OnnxClassifier

Figure = dict[str, float]
FEW = 15  # positives under which a topic is listed but not averaged


def benchmark(classifier: OnnxClassifier, shared: Path) -> dict[str, Figure]:
    """Sentiment (macro recall) and emotion (macro-F1) on TweetEval's test splits, percent."""
    found = {}
    for task, metric in (("sentiment", macro_recall), ("emotion", macro_f1)):
        rows = tweeteval(shared, task, "test")
        gold = np.array([getattr(row, task) for row in rows])
        scores = classifier.score([row.text for row in rows])
        predicted = scores.probabilities[task][scores.scored].argmax(axis=1)
        found[task] = _figure(bootstrap(metric, gold[scores.scored], predicted), int(scores.scored.sum()))
    return found


def unseen(trained: Path, shared: Path) -> dict[str, dict[str, Figure]]:
    """Macro-F1 of the mission's heads on posts whose fold was held out, percent; the largest controversy apart.

    The shifts of stance, relevance and topics are fitted on one half of those posts and used on the other; the
    shift of sentiment is the shipped one, fitted on all of them and on TweetEval's validation split.
    """
    logits = dict(np.load(trained / "out_of_fold.npz", allow_pickle=False))
    every = reactions(shared)
    rows = [every[int(i)] for i in logits.pop("row")]
    logits = _cross_fitted(rows, logits)
    groups = np.array([row.group for row in rows])
    names, sizes = np.unique(groups, return_counts=True)
    known = str(names[sizes.argmax()])
    found: dict[str, dict[str, Figure]] = {}
    for name, kept in ((known, groups == known), ("others", groups != known), ("all", groups != "")):
        picked = np.flatnonzero(kept)
        figures: dict[str, Figure] = {}
        for head in ("sentiment", "stance", "relevance"):
            gold = _gold([rows[int(i)] for i in picked], head)
            predicted = logits[head][picked].argmax(axis=1)
            figures[head] = _figure(bootstrap(macro_f1, gold, predicted), len(picked))
            for number, label in enumerate(HEADS[head]):
                value = round(100 * f1(gold, predicted, number), 1)
                figures[f"{head}: {label}"] = {"value": value, "n": int((gold == number).sum())}
        found[name] = figures | _topics(np.array([rows[int(i)].topics for i in picked]), logits["topics"][picked] >= 0)
    return found


def _cross_fitted(rows: Sequence[Row], logits: dict[str, Logits]) -> dict[str, Logits]:
    moved = {head: values.copy() for head, values in logits.items()}
    moved["sentiment"] += stored_shifts(FOLDER)["sentiment"]  # two numbers, fitted on tweets as well
    half = deal(rows, folds=2)
    for number in range(2):
        here, there = np.flatnonzero(half == number), np.flatnonzero(half != number)
        tuning = [rows[int(i)] for i in there]
        for head in ("stance", "relevance"):
            moved[head][here] += class_shift((_gold(tuning, head), logits[head][there], macro_f1))
        topics = np.array([row.topics for row in tuning], np.float32)
        moved["topics"][here] += topic_shift(topics, logits["topics"][there])
    return moved


def _gold(rows: Sequence[Row], head: str) -> NDArray[np.int64]:
    return np.array([getattr(row, head) for row in rows], dtype=np.int64)


def _topics(gold: NDArray[np.float64], claimed: NDArray[np.bool_]) -> dict[str, Figure]:
    truth, said = gold.astype(np.int64), claimed.astype(np.int64)
    kept = [number for number in range(len(TOPICS)) if truth[:, number].sum() >= FEW]
    picks = np.arange(len(truth))

    def mean(rows: NDArray[np.int64], _: NDArray[np.int64]) -> float:
        return float(np.mean([f1(truth[rows, number], said[rows, number]) for number in kept]))

    found: dict[str, Figure] = {}
    if kept:
        found["topics"] = _figure(bootstrap(mean, picks, picks), len(truth)) | {"averaged": len(kept)}
    for number, topic in enumerate(TOPICS):
        value = round(100 * f1(truth[:, number], said[:, number]), 1)
        found[f"topics: {topic}"] = {"value": value, "n": int(truth[:, number].sum())}
    return found


def _figure(interval: tuple[float, float, float], posts: int) -> Figure:
    value, low, high = (round(100 * part, 1) for part in interval)
    return {"value": value, "low": low, "high": high, "n": posts}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m models.measure", description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="the folder that models.train wrote")
    parser.add_argument("--shared", type=Path, help="the shared data folder (default: UPROAR_SHARED_DATA)")
    options = parser.parse_args(arguments)
    shared = options.shared or load_settings().shared_data
    classifier = OnnxClassifier(FOLDER, name="measured", detect_language=False)
    found = {"tweeteval_test": benchmark(classifier, shared), "out_of_fold": unseen(options.trained, shared)}
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
