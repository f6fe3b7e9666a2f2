"""Did a statement land: which later posts repeat it, which dispute it, which show no sign of it; what is new since."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.demands import DISPUTE, sentences
from analysis.keywords import terms, words
from analysis.shares import wilson
from core.errors import ConfigError
from core.records import Announcement, Classifier
from core.watches import Watch
from reports.announcements import announcements
from reports.statement_check import OBJECTION
from reports.theme_names import NamedTheme
from reports.themes import Theme, told
from reports.voices import enough, people, voices
from reports.window import Window, clamp
from reports.words import percent

if TYPE_CHECKING:
    from store import Reader

REACH = timedelta(days=3)
NEAR = 0.6
_MEANS = re.compile(
    r"\b(?:statements?|letter|apolog\w+|clarif\w+|announce\w*|respon[sd]\w*|ceo|walk\w* back|press release"
    r"|said that|they say|he says|she says|claim\w*|promis\w+)\b",
    re.IGNORECASE,
)
"""Words by which a post speaks of a statement at all."""


@dataclass(frozen=True, slots=True)
class LandedShare:
    """How many distinct texts and people; numbers are None for a group of fewer than five people."""

    sign: str  # repeats | disputes | no sign
    texts: int | None
    people: int | None
    share: float | None
    low: float | None
    high: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Landed:
    """The three shares of the texts of `window`, in this order, and the objections that are new against `before`."""

    announcement: Announcement
    window: Window
    before: Window
    texts: int
    rows: tuple[LandedShare, ...]
    new_objections: tuple[Theme, ...]
    names: tuple[NamedTheme, ...]
    sentence: str


def landed(
    reader: Reader, watch: Watch, classifier: Classifier, *, clock: datetime, announcement: str, text: str = "",
    until: datetime | None = None, known: Sequence[NamedTheme] = (),
) -> Landed:  # fmt: skip
    """Read the posts of the three days after `announcement` (an id or a number from 1), or until `until`.

    `text` is the statement's wording where the announcement has none. A post repeats the statement where it is near it
    in meaning or shares its words, and disputes it where it then, or speaking of a statement, is against it in words
    or tone. The hours of an uncertain date are left out. Raises ConfigError without a wording or such an announcement.
    """
    event = _find(announcements(reader, watch, clock=clock), announcement)
    wording = text or event.wording
    parts = sentences(wording)
    if not parts:
        raise ConfigError(f"announcement {event.id!r} has no wording; give the statement's text with --text FILE")
    window = clamp(watch, clock=clock, since=event.end, until=until or event.end + REACH)
    before = Window(
        max(watch.since, event.start - (window.until - window.since or REACH)), max(watch.since, event.start)
    )
    found = voices(reader, watch, before.since, window.until, clock=clock)
    report = told(found, watch, classifier, window, before, known=known)
    now = found.within(window.since, window.until)
    signs = _signs(found.texts, now, parts, classifier, watch)
    rows = tuple(_row(sign, now[now["text"].isin(signs[sign])], report.texts) for sign in signs)
    objections = tuple(t for t in report.themes if t.new and t.negative_share >= OBJECTION)
    sentence = _sentence(event, rows, objections, report.texts)
    return Landed(event, window, before, report.texts, rows, objections, report.names, sentence)


def _find(known: Sequence[Announcement], wanted: str) -> Announcement:
    if wanted.isdigit() and 1 <= int(wanted) <= len(known):
        return known[int(wanted) - 1]
    for event in known:
        if event.id == wanted:
            return event
    listed = ", ".join(f"{n}: {event.id}" for n, event in enumerate(known, 1)) or "none that has begun"
    raise ConfigError(f"no announcement {wanted!r}. Known: {listed}")


def _signs(
    texts: Sequence[str], now: pd.DataFrame, parts: Sequence[str], classifier: Classifier, watch: Watch
) -> dict[str, set[int]]:
    """The places of the texts per sign."""
    places = sorted(set(now["text"].tolist()))
    negative = now.groupby("text")["negative"].any()
    signs: dict[str, set[int]] = {"repeats": set(), "disputes": set(), "no sign": set()}
    if not places:
        return signs
    statement = classifier.embed(parts).astype(float)
    likeness = classifier.embed([texts[n] for n in places]).astype(float) @ statement.T
    without = set(words(watch.platform))
    told_ = [terms(part, without=without) for part in parts]
    everything = set().union(*told_)
    for place, near in zip(places, likeness, strict=True):
        own = terms(texts[place], without=without)
        best = int(np.argmax(near))
        shared = len(own & told_[best])
        about = bool(near[best] >= NEAR and shared >= 2) or len(own & everything) >= 5
        speaks = bool(_MEANS.search(texts[place]))
        against = bool(negative[place]) or bool(DISPUTE.search(texts[place].replace("\u2019", "'")))
        if against and (about or speaks):
            signs["disputes"].add(place)
        elif about or (speaks and shared >= 1):
            signs["repeats"].add(place)
        else:
            signs["no sign"].add(place)
    return signs


def _row(sign: str, own: pd.DataFrame, total: int) -> LandedShare:
    verb = {"repeats": "repeat it", "disputes": "dispute it", "no sign": "show no sign of it"}[sign]
    if not enough(own):
        return LandedShare(sign, None, None, None, None, None, f"Fewer than 5 people {verb}.")
    texts, count = int(own["text"].nunique()), people(own)
    low, high = wilson(texts, total)
    who = f", {count:,} people" if count else ""
    sentence = f"{percent(texts / total)} ({low * 100:.0f} to {high * 100:.0f}) of {total:,} texts{who}, {verb}."
    return LandedShare(sign, texts, count or None, texts / total, low, high, sentence)


def _sentence(event: Announcement, rows: Sequence[LandedShare], objections: Sequence[Theme], texts: int) -> str:
    if not texts:
        return f"After “{event.title}” no relevant posts were collected and scored yet."
    lead = f"After “{event.title}”: " + " ".join(row.sentence for row in rows)
    new = ", ".join(f"“{theme.name}”" for theme in objections[:3])
    return f"{lead} {f'New objections: {new}.' if new else 'No objection is new.'}"
