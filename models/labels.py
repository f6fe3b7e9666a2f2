"""From probabilities to labels: what the verb `classify` prints and what a reader would call the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.records import Scores

THRESHOLD = 0.5
"""Relevance and every topic say yes from here on; exported weights are shifted so that this is the tuned point."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one text; None, and no topics, where a head is absent or the text was not scored.

    `probabilities` maps head to label to probability, empty for a text that was not scored.
    """

    lang: str
    scored: bool
    sentiment: str | None
    stance: str | None
    relevant: bool | None
    emotion: str | None
    topics: tuple[str, ...]
    probabilities: Mapping[str, Mapping[str, float]]


def labels(scores: Scores) -> list[Labels]:
    """One Labels per text, in input order: the likeliest class of softmax heads, yes from THRESHOLD on elsewhere."""
    return [_labels(scores, row) for row in range(len(scores))]


def _labels(scores: Scores, row: int) -> Labels:
    scored = bool(scores.scored[row])
    named: dict[str, dict[str, float]] = {}
    if scored:
        for head, values in scores.probabilities.items():
            named[head] = dict(zip(scores.heads[head], map(float, values[row]), strict=True))

    def likeliest(head: str) -> str | None:
        return scores.heads[head][int(np.argmax(scores.probabilities[head][row]))] if head in named else None

    return Labels(
        lang=scores.lang[row],
        scored=scored,
        sentiment=likeliest("sentiment"),
        stance=likeliest("stance"),
        relevant=named["relevance"]["yes"] >= THRESHOLD if "relevance" in named else None,
        emotion=likeliest("emotion"),
        topics=tuple(topic for topic, value in named.get("topics", {}).items() if value >= THRESHOLD),
        probabilities=named,
    )
