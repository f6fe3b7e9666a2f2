"""Which of nine classes a changed clause belongs to, by a small head; its card is `CLAUSE_CARD.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.terms import CLASSES, Clause
from terms.cues import cues_of, patterns
from terms.dates import only_dates
from terms.directions import direction
from terms.features import features, parts_of
from terms.passages import read_document

WEIGHTS = Path(__file__).with_name("clause_head.npz")
SURE, ALSO_SURE, AI_SURE = 0.8, 0.8, 0.6
"""Probability from which the likeliest class is told, from which others are told beside it, and from which AI
training is: to miss that one costs more than to name one too many."""
_AI = re.compile(r"\bAIs?\b|[Aa]rtificial [Ii]ntelligence|[Mm]achine[ -][Ll]earning|[Gg]enerative|[Ll]anguage [Mm]odel")
STANDING = ("ai_training", "licence", "ownership", "consent")
"""Classes for which clauses are followed that stood before the first change: those that people got angry about."""
_SHORTEST = 10  # words
_PRIVATE = re.compile(r"privacy|cookie|data", re.IGNORECASE)
_AT_HOME = ("privacy", "ai_training", "consent", "notice")
"""What a privacy policy may be about; other subjects are weighed down by `_ELSEWHERE`."""
_ELSEWHERE, _HEADED = 2.5, 0.75  # logits
_DEFINES = re.compile(
    r"[\"'(][^\"']{2,60}[\"'],? (?:also )?(?:means|refers? to|has the meaning|have the meaning|is any|includes)\b"
)
_DEFINED = 3.0  # a definition speaks of many things and settles none
_TITLE = 6  # words
_LONGEST = 60  # sentences looked at one by one


def classed(clause: Clause, document: str = "") -> Clause:
    """The clause with its classes, likeliest first, its confidence and its direction.

    `document` is the name of the document: what a privacy policy says is more often about privacy.
    """
    text = clause.added or clause.removed
    if only_dates(f"{clause.removed} {clause.added}"):
        return replace(clause, classes=(), confidence=0.0, direction="unclear")
    values = probabilities(text, document, clause.heading)
    order = np.argsort(-values, kind="stable")
    names = tuple(CLASSES[n] for place, n in enumerate(order) if values[n] >= _needed(CLASSES[n], place))
    confidence = round(float(values[order[0]]), 3)
    return replace(clause, classes=names, confidence=confidence, direction=direction(clause.removed, clause.added))


def standing(text: str, document: str = "") -> Iterator[Clause]:
    """The passages of a whole text that belong to one of `STANDING`, in order."""
    read = read_document(text)
    headings = {sentence.passage: sentence.heading for sentence in reversed(read.sentences)}
    for number, passage in enumerate(read.passages):
        if passage.count(" ") < _SHORTEST:
            continue
        heading = headings.get(number, "")
        if not _may_stand(passage):
            continue
        clause = classed(Clause("standing", "", passage, "", passage, heading), document)
        if clause.name in STANDING or "ai_training" in clause.classes:
            yield clause


def _may_stand(passage: str) -> bool:
    """Whether the whole passage is half-way likely of a class of `STANDING`: most are not, and are read no closer."""
    if _AI.search(passage):
        return True
    plain = passage.casefold()
    chosen = [CLASSES.index(name) for name in STANDING]
    if not any(patterns()[place].search(plain) for place in chosen):
        return False
    weights, biases = _head()
    return bool((weights[chosen] @ features(passage) + biases[chosen]).max() > -1.0)


def _needed(name: str, place: int) -> float:
    if name == "ai_training":
        return AI_SURE
    return ALSO_SURE if place else SURE


def probabilities(text: str, document: str = "", heading: str = "") -> NDArray[np.float32]:
    """How likely each class of `CLASSES` is: half by the whole text, half by its likeliest sentence.

    What the document and the heading above the text are about moves both: what a privacy policy says of a payment
    or an account is about privacy, and so is the title with which a clause begins.
    """
    weights, biases = _head()
    parts = parts_of(text)[:_LONGEST]
    if len(parts) == 1:  # the text itself
        parts = []
    rows = np.stack([features(text), *(features(part) for part in parts)])
    logits = rows @ weights.T + biases
    logits += _place_of(document, heading, text, parts[0] if parts else "")
    values = 1 / (1 + np.exp(-logits))
    best = values[1:].max(axis=0) if len(parts) else values[0]
    result: NDArray[np.float32] = (values[0] + best) / 2
    if _AI.search(text):  # said in so many words: never missed, though another class may be likelier
        place = CLASSES.index("ai_training")
        result[place] = max(float(result[place]), AI_SURE + 0.01)
    return result


def _place_of(document: str, heading: str, text: str, first: str) -> NDArray[np.float32]:
    """What is known before the text is read, added to each class's logit."""
    added = np.zeros(len(CLASSES), np.float32)
    if _PRIVATE.search(document):
        added -= _ELSEWHERE
        for name in _AT_HOME:
            added[CLASSES.index(name)] += _ELSEWHERE
        added[CLASSES.index("privacy")] += 1.0
    if _DEFINES.match(text):
        added -= _DEFINED
    title = first if len(first.split()) <= _TITLE else ""
    told = np.array([bool(cues) for cues in cues_of(f"{heading}. {title}")], np.float32)
    if told.any():
        added += _HEADED * (2 * told - 1)
    return added


def kind_of(kind: str, clauses: Sequence[Clause]) -> str:
    """moved, dates, rewrite, substantive (a clause class is touched) or wording."""
    if kind != "edit":
        return kind
    return "substantive" if any(clause.classes for clause in clauses) else "wording"


@cache
def _head() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        return stored["weights"].astype(np.float32), stored["biases"].astype(np.float32)
