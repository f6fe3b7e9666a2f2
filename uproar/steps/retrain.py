"""Labels out of the store into heads of this installation's own."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from core.records import SENTIMENTS, STANCES, TOPICS
from core.text import model_input
from models.data import MISSING, Row
from models.retrain import HEADS_TAUGHT

_YES, _NO = frozenset({"yes", "true", "1", "relevant"}), frozenset({"no", "false", "0", "irrelevant", "not relevant"})
_CLASSES = {"sentiment": SENTIMENTS, "stance": STANCES}


def rows_of_labels(found: pd.DataFrame, *, without: Iterable[str] = ()) -> tuple[list[Row], int]:
    """One row per distinct text, and how many labels could not be used: an unknown head or value, or a tie.

    A reader's last word on a head counts; of several readers the majority; where they are even, the head is left out.
    Each topic is voted on by itself.
    """
    kept = found[~found["source"].isin(list(without))]
    votes: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    unusable = 0
    rows: list[Any] = list(kept.itertuples(index=False))
    for label in rows:
        value = _value(label.head, label.value)
        if value is None:
            unusable += 1
        else:
            votes[model_input(label.text)][label.head][label.author] = value
    made = []
    for text, heads in votes.items():
        decided = {head: _decided(head, list(said.values())) for head, said in heads.items()}
        unusable += sum(value is None for value in decided.values())
        usable = {head: value for head, value in decided.items() if value is not None}
        if text and usable:
            made.append(Row(text, **usable))
    return made, unusable


def _value(head: str, value: str) -> Any:
    said = value.strip().lower()
    if head in _CLASSES:
        return _CLASSES[head].index(said) if said in _CLASSES[head] else None
    if head == "relevance":
        return 1 if said in _YES else 0 if said in _NO else None
    if head != "topics":
        return None
    named = [name for name in re.split(r"[\s,;|]+", said) if name not in ("", "none", "[]")]
    return tuple(float(topic in named) for topic in TOPICS) if set(named) <= set(TOPICS) else None


def _decided(head: str, said: Sequence[Any]) -> Any:
    if head not in HEADS_TAUGHT:
        return None
    if head == "topics":
        return tuple(float(2 * sum(column) > len(said)) for column in zip(*said, strict=True))
    ranked = Counter(said).most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        return None
    return ranked[0][0] if ranked[0][0] != MISSING else None
