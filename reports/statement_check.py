"""A draft statement against what people demand and object to today. The draft is neither stored nor sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from analysis.demands import COMMITMENT, DEMANDS, sentences
from analysis.keywords import terms, words
from core.records import Classifier
from core.watches import Watch
from reports.playbook import Case, playbook
from reports.theme_names import NamedTheme
from reports.themes import ThemesReport, themes

if TYPE_CHECKING:
    from store import Reader

OBJECTION = 0.5
"""A theme is an objection where at least half of its posts are negative."""
NEAR = 0.55
"""Cosine between a sentence of the draft and a theme from which on it is about the same; see `_speaks`."""


class Spoken(StrEnum):
    """What a draft does with a demand or an objection."""

    ANSWERS = "answers"
    TOUCHES = "touches"
    OMITS = "omits"


@dataclass(frozen=True, slots=True)
class Checked:
    """One demand or objection, how many people make it, and the sentence of the draft (from 1) that speaks to it."""

    kind: str  # demand | objection
    name: str
    people: int | None
    texts: int
    share: float
    spoken: Spoken
    sentence_number: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class StatementCheck:
    """What the draft answers, touches and omits, most people first, beside how long others took."""

    rows: tuple[Checked, ...]
    draft_sentences: int
    playbook: tuple[Case, ...]
    themes: ThemesReport
    sentence: str


def check_statement(
    reader: Reader, watch: Watch, classifier: Classifier, draft: str, *, clock: datetime,
    since: datetime | None = None, until: datetime | None = None, known: Sequence[NamedTheme] = (),
) -> StatementCheck:  # fmt: skip
    """Check `draft` against the demands and the mostly negative themes of [since, until), by default seven days.

    By patterns and likeness of meaning: a pointer for an editor, never a judgement on the draft.
    """
    report = themes(reader, watch, classifier, clock=clock, since=since, until=until, known=known)
    parts = sentences(draft)
    vectors = classifier.embed(parts).astype(float) if parts else np.empty((0, 1))
    rows = [*_demands(report, parts), *_objections(report, parts, vectors, watch)]
    rows.sort(key=lambda row: (-(row.people or row.texts), row.name))
    return StatementCheck(tuple(rows), len(parts), playbook(), report, _sentence(rows))


def _demands(report: ThemesReport, parts: Sequence[str]) -> list[Checked]:
    patterns = {demand.code: demand.touched for demand in DEMANDS}
    found = []
    for row in report.demands:
        if row.texts is None or row.share is None:
            continue  # fewer than five people
        touching = [n for n, part in enumerate(parts) if patterns[row.code].search(part)]
        spoken, number = _how(parts, touching)
        found.append(
            Checked("demand", row.label, row.people, row.texts, row.share, spoken, number,
                    _line(f"to {row.label}", row.people, row.texts, spoken, number))
        )  # fmt: skip
    return found


def _objections(
    report: ThemesReport, parts: Sequence[str], vectors: np.ndarray, watch: Watch
) -> list[Checked]:  # fmt: skip
    without = set(words(watch.platform))
    said = [terms(part, without=without) for part in parts]
    found = []
    for theme, centre in zip(report.themes, report.centres, strict=True):
        if theme.negative_share < OBJECTION:
            continue
        likeness = vectors @ centre / (np.linalg.norm(centre) or 1.0) if len(vectors) else np.empty(0)
        touching = [n for n in range(len(parts)) if _speaks(float(likeness[n]), said[n], theme.keywords)]
        spoken, number = _how(parts, touching)
        found.append(
            Checked("objection", theme.name, theme.people, theme.texts, theme.share, spoken, number,
                    _line(f"“{theme.name}”", theme.people, theme.texts, spoken, number))
        )  # fmt: skip
    return found


def _speaks(likeness: float, said: set[str], keywords: Sequence[str]) -> bool:
    """Near in meaning and sharing a keyword, or sharing two of the theme's keywords."""
    shared = len(said & set(keywords[:6]))
    return (likeness >= NEAR and shared >= 1) or shared >= 2


def _how(parts: Sequence[str], touching: Sequence[int]) -> tuple[Spoken, int | None]:
    """Answered where a sentence that touches it also says what is or will be done."""
    for n in touching:
        if COMMITMENT.search(parts[n]):
            return Spoken.ANSWERS, n + 1
    return (Spoken.TOUCHES, touching[0] + 1) if touching else (Spoken.OMITS, None)


def _line(what: str, people: int | None, texts: int, spoken: Spoken, number: int | None) -> str:
    who = f"{people:,} people" if people else f"{texts:,} texts"
    where = f" (sentence {number})" if number else ""
    return f"{who}: {what}. The draft {spoken.value} it{where}."


def _sentence(rows: Sequence[Checked]) -> str:
    if not rows:
        return "No demand or objection of five people or more was found in this window, so there is nothing to check."
    counts = {spoken: sum(row.spoken is spoken for row in rows) for spoken in Spoken}
    largest = next((row for row in rows if row.spoken is Spoken.OMITS), None)
    tail = f" The largest that it omits: {largest.name}." if largest else ""
    return (
        f"Of {len(rows)} demands and objections the draft answers {counts[Spoken.ANSWERS]}, touches "
        f"{counts[Spoken.TOUCHES]} and omits {counts[Spoken.OMITS]}.{tail}"
    )
