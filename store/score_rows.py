"""A model's answer as rows of `scores`: labels by the one global rule, probabilities in ten-thousandths.

Relevant is p(yes) >= 0.5, a topic is had at p >= 0.5, sentiment and stance are the likeliest class. Without a
relevance head every scored text is relevant; without another head its label is NULL, never neutral.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.records import SENTIMENTS, STANCES, TOPICS, Scores
from core.text import clean
from store.schema import PROBABILITIES

LABELS = ("status", "lang", "relevant", "sentiment", "stance", "topics", *PROBABILITIES)


def score_rows(scores: Scores) -> list[tuple[Any, ...]]:
    """One tuple in the order of `LABELS` per text. Raises ValueError for a class that the store does not know."""
    scored = np.asarray(scores.scored, dtype=bool)
    sentiment, tones = _softmax(scores, "sentiment", SENTIMENTS)
    stance, sides = _softmax(scores, "stance", STANCES)
    answers, relevance = _softmax(scores, "relevance", ("no", "yes"))
    p_relevant = relevance["yes"]
    relevant = np.ones(len(scores)) if answers is None else _at_least_half(p_relevant)
    columns = [
        scored.astype(int).tolist(),
        [clean(lang)[:16].lower() for lang in scores.lang],
        *(_labels(values, scored) for values in (relevant, sentiment, stance, _topics(scores))),
        *(_ten_thousandths(tones[name], scored) for name in ("negative", "neutral", "positive")),
        *(_ten_thousandths(sides[name], scored) for name in ("against", "for")),
        _ten_thousandths(p_relevant, scored),
    ]
    return list(zip(*columns, strict=True))


def _softmax(
    scores: Scores, head: str, classes: Sequence[str]
) -> tuple[np.ndarray | None, dict[str, np.ndarray | None]]:
    """The likeliest class by its number in `classes`, and each class's probability; None where absent."""
    given = _classes(scores, head, classes)
    if not given:
        return None, dict.fromkeys(classes)
    values = np.nan_to_num(scores.probabilities[head], nan=-1.0)
    order = np.array([classes.index(name) for name in given])
    columns = {name: scores.probabilities[head][:, given.index(name)] if name in given else None for name in classes}
    return order[values.argmax(axis=1)] if len(values) else np.empty(0, int), columns


def _topics(scores: Scores) -> np.ndarray | None:
    given = _classes(scores, "topics", TOPICS)
    if not given:
        return None
    bits = np.array([1 << TOPICS.index(name) for name in given])
    had: np.ndarray = np.matmul(_at_least_half(scores.probabilities["topics"]), bits)
    return had


def _classes(scores: Scores, head: str, known: Sequence[str]) -> tuple[str, ...]:
    given = tuple(scores.heads.get(head, ()))
    for name in given:
        if name not in known:
            raise ValueError(
                f"{scores.model}: head {head!r} has the class {name!r}; the store knows {', '.join(known)}"
            )
    return given


def _at_least_half(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    halves: np.ndarray = np.nan_to_num(values, nan=0.0) >= 0.5
    return halves.astype(int)


def _labels(values: np.ndarray | None, scored: np.ndarray) -> list[int | None]:
    if values is None:
        return [None] * len(scored)
    return [int(value) if ok else None for value, ok in zip(values.tolist(), scored.tolist(), strict=True)]


def _ten_thousandths(values: np.ndarray | None, scored: np.ndarray) -> list[int | None]:
    whole = None if values is None else np.rint(np.nan_to_num(np.asarray(values, np.float64), nan=0.0) * 10_000)
    return _labels(whole, scored)
