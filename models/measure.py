"""What the shipped weights are worth: the figures of the model card, as JSON on stdout.

`python -m models.measure --trained DIR [--test]`. TweetEval's test splits are read here and nowhere else.
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
from models.baselines import Said, regression, tweets_only, vader
from models.calibration import Logits, class_shift, temperature, topic_shift
from models.data import HEADS, Row, platform_of_reactions, reactions, tweeteval
from models.export import FOLDER, known_and_others
from models.folds import FOLDS, deal
from models.metrics import bootstrap, calibration_error, f1, macro_f1, macro_recall
from models.onnx import OnnxClassifier

Figure = dict[str, float]
SEVERAL = 50  # posts from which a platform has figures of its own
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

    Shifts are fitted on the other fold; sentiment has none on reactions.
    """
    rows, logits = _out_of_fold(trained, shared)
    said = _said(logits)
    found: dict[str, dict[str, Figure]] = {}
    for name, picked in _parts(rows):
        kept = [rows[int(i)] for i in picked]
        figures = compared(kept, {head: labels[picked] for head, labels in said.items()})
        for head in ("sentiment", "stance", "relevance"):
            gold = _gold(kept, head)
            for number, label in enumerate(HEADS[head]):
                value = round(100 * f1(gold, said[head][picked], number), 1)
                figures[f"{head}: {label}"] = {"value": value, "n": int((gold == number).sum())}
        truth = np.array([row.topics for row in kept]).astype(np.int64)
        for number, topic in enumerate(TOPICS):
            value = round(100 * f1(truth[:, number], said["topics"][picked, number]), 1)
            figures[f"topics: {topic}"] = {"value": value, "n": int(truth[:, number].sum())}
        found[name] = figures
    return found


def by_platform(trained: Path, shared: Path) -> dict[str, dict[str, Figure]]:
    """The scores of `unseen` for each platform with SEVERAL posts or more."""
    rows, logits = _out_of_fold(trained, shared)
    said = _said(logits)
    names = np.array(platform_of_reactions(shared))[np.load(trained / "out_of_fold.npz", allow_pickle=False)["row"]]
    found = {}
    for name in sorted(set(names.tolist())):
        picked = np.flatnonzero(names == name)
        if len(picked) >= SEVERAL:
            found[name] = compared([rows[int(i)] for i in picked], {head: v[picked] for head, v in said.items()})
    return found


def baselines(trained: Path, shared: Path) -> dict[str, dict[str, dict[str, Figure]]]:
    """The same scores of what else one would run, on the same posts and folds."""
    rows = reactions(shared)
    answers = {"vader": vader(rows), "after tweets only": tweets_only(rows, trained), "regression": regression(rows)}
    return {
        name: {
            part: compared([rows[int(i)] for i in picked], {head: labels[picked] for head, labels in said.items()})
            for part, picked in _parts(rows)
        }
        for name, said in answers.items()
    }


def compared(rows: Sequence[Row], said: Said) -> dict[str, Figure]:
    """Macro-F1 per head of `said` against the labels of `rows`; topics with FEW positives or more are averaged."""
    figures: dict[str, Figure] = {
        head: _figure(bootstrap(macro_f1, _gold(rows, head), said[head]), len(rows))
        for head in ("sentiment", "stance", "relevance")
        if head in said
    }
    truth = np.array([row.topics for row in rows]).astype(np.int64)
    kept = [number for number in range(len(TOPICS)) if truth[:, number].sum() >= FEW]
    if "topics" in said and kept:
        picks = np.arange(len(truth))

        def mean(chosen: NDArray[np.int64], _: NDArray[np.int64]) -> float:
            return float(np.mean([f1(truth[chosen, n], said["topics"][chosen, n]) for n in kept]))

        figures["topics"] = _figure(bootstrap(mean, picks, picks), len(truth)) | {"averaged": len(kept)}
    return figures


def calibration(trained: Path, shared: Path) -> dict[str, Figure]:
    """Expected calibration error per head in points, shift and temperature fitted on the other fold."""
    rows, logits = _out_of_fold(trained, shared)
    fold = deal(rows)
    found: dict[str, Figure] = {}
    for head in ("sentiment", "stance", "relevance", "topics"):
        gold = np.array([row.topics for row in rows]).astype(np.int64) if head == "topics" else _gold(rows, head)
        cooled = logits[head].copy()
        for number in range(FOLDS):
            there = fold != number
            cooled[~there] /= temperature(gold[there], logits[head][there])
        if head == "topics":
            claimed, right = (1 / (1 + np.exp(-cooled))).ravel(), gold.ravel() == 1
        else:
            chances = np.exp(cooled - cooled.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            claimed, right = chances.max(axis=1), chances.argmax(axis=1) == gold
        found[head] = {"value": round(100 * calibration_error(claimed, right), 1), "n": len(rows)}
    return found


def _said(logits: dict[str, Logits]) -> Said:
    said: Said = {head: logits[head].argmax(axis=1) for head in ("sentiment", "stance", "relevance")}
    said["topics"] = (logits["topics"] >= 0).astype(np.int64)
    return said


def _out_of_fold(trained: Path, shared: Path) -> tuple[list[Row], dict[str, Logits]]:
    logits = dict(np.load(trained / "out_of_fold.npz", allow_pickle=False))
    every = reactions(shared)
    rows = [every[int(i)] for i in logits.pop("row")]
    return rows, _cross_fitted(rows, logits)


def _parts(rows: Sequence[Row]) -> list[tuple[str, NDArray[np.int64]]]:
    known, others = known_and_others(rows)
    return [("known", known), ("others", others), ("all", np.arange(len(rows)))]


def _cross_fitted(rows: Sequence[Row], logits: dict[str, Logits]) -> dict[str, Logits]:
    moved = {head: values.copy() for head, values in logits.items()}
    fold = deal(rows)
    for number in range(FOLDS):
        here, there = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        tuning = [rows[int(i)] for i in there]
        parts = known_and_others(tuning)
        for head in ("stance", "relevance"):
            gold = _gold(tuning, head)
            moved[head][here] += class_shift(*((gold[p], logits[head][there][p], macro_f1) for p in parts))
        topics = np.array([row.topics for row in tuning]).astype(np.int64)
        moved["topics"][here] += topic_shift(topics, logits["topics"][there])
    return moved


def _gold(rows: Sequence[Row], head: str) -> NDArray[np.int64]:
    return np.array([getattr(row, head) for row in rows], dtype=np.int64)


def _figure(interval: tuple[float, float, float], posts: int) -> Figure:
    value, low, high = (round(100 * part, 1) for part in interval)
    return {"value": value, "low": low, "high": high, "n": posts}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m models.measure", description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="the folder that models.train wrote")
    parser.add_argument("--test", action="store_true", help="read TweetEval's test splits: once per shipped model")
    parser.add_argument("--shared", type=Path, help="the shared data folder (default: UPROAR_SHARED_DATA)")
    options = parser.parse_args(arguments)
    shared = options.shared or load_settings().shared_data
    classifier = OnnxClassifier(FOLDER, name="measured", detect_language=False)
    found: dict[str, object] = {
        "out_of_fold": unseen(options.trained, shared),
        "by_platform": by_platform(options.trained, shared),
        "baselines": baselines(options.trained, shared),
        "calibration_error": calibration(options.trained, shared),
    }
    if options.test:
        found["tweeteval_test"] = benchmark(classifier, shared)
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
