"""What people say: themes of a window with their share, what is new against the window before, and demands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.demands import DEMANDS, demands_in
from analysis.grouping import centred, group
from analysis.keywords import keywords, words
from analysis.shares import difference, wilson
from core.records import Classifier
from core.watches import Watch
from reports.measure import FEWEST
from reports.theme_names import NamedTheme, recognise
from reports.voices import SMALLEST_GROUP, Voices, enough, people, voices
from reports.window import Window, clamp
from reports.words import percent

if TYPE_CHECKING:
    from store import Reader

SPAN = timedelta(days=7)
LONGEST_BEFORE = timedelta(days=28)
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A post that stands for its theme, as the store holds it; its account is left out."""

    source: str
    id: str
    created_at: datetime
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of texts of like meaning. `share` is of the window's distinct relevant texts, with its 95 % interval.

    `people` are different accounts (None where no author is known). `new`: fewer than five people said it in the window
    before, of 20 texts or more, and its share has surely grown. `change` is the difference of shares
    with its interval, None without a window before.
    """

    name: str
    keywords: tuple[str, ...]
    texts: int
    posts: int
    people: int | None
    share: float
    low: float
    high: float
    texts_before: int
    share_before: float
    change: tuple[float, float, float] | None
    new: bool
    negative_share: float
    examples: tuple[Example, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class DemandCount:
    """How many people make a demand; counts are None where that would show fewer than five."""

    code: str
    label: str
    people: int | None
    texts: int | None
    share: float | None
    low: float | None
    high: float | None
    people_before: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class ThemesReport:
    """Themes by size, then demands by number of people. `outside` texts belong to no theme, `hidden` themes had
    fewer than five people, `skipped` texts were too many to read. `names` is what to keep for the next reading.
    """

    window: Window
    before: Window
    texts: int
    texts_before: int
    posts: int
    people: int
    themes: tuple[Theme, ...]
    demands: tuple[DemandCount, ...]
    outside: int
    hidden: int
    skipped: int
    model: str
    sentence: str
    names: tuple[NamedTheme, ...]
    centres: np.ndarray


def themes(
    reader: Reader, watch: Watch, classifier: Classifier, *, clock: datetime, since: datetime | None = None,
    until: datetime | None = None, known: Sequence[NamedTheme] = (),
) -> ThemesReport:  # fmt: skip
    """Themes of [since, until), by default the last seven days of the watch, against as long a window before.

    Both windows are grouped together, so that a theme is the same in both. `known` are names given earlier.
    """
    end = clamp(watch, clock=clock, until=until).until
    window = clamp(watch, clock=clock, since=since or max(watch.since, end - SPAN), until=until)
    length = min(window.until - window.since, LONGEST_BEFORE)
    before = Window(max(watch.since, window.since - length), max(watch.since, window.since))
    found = voices(reader, watch, before.since, window.until, clock=clock)
    return told(found, watch, classifier, window, before, known=known)


def told(
    found: Voices, watch: Watch, classifier: Classifier, window: Window, before: Window, *,
    known: Sequence[NamedTheme] = (),
) -> ThemesReport:  # fmt: skip
    """The report on voices that were read already."""
    now, past = found.within(window.since, window.until), found.within(before.since, before.until)
    vectors = classifier.embed(found.texts).astype(float) if found.texts else np.empty((0, 1))
    mean = vectors.mean(axis=0) if len(vectors) else np.zeros(1)
    groups = group(centred(vectors, mean), smallest=SMALLEST_GROUP)
    labels = np.asarray(groups.label)
    members = [np.flatnonzero(labels == k) for k in range(len(groups.centres))]
    without = {*words(watch.platform), watch.platform.lower()}
    fresh = keywords([[found.texts[n] for n in rows] for rows in members], without=without)
    shown, hidden = [], 0
    for k, rows in enumerate(members):
        own = now[now["text"].isin(rows)]
        if own.empty:
            continue
        if not enough(own) or not fresh[k]:
            hidden += 1
            continue
        shown.append(k)
    centres = np.array([vectors[members[k]].mean(axis=0) for k in shown]).reshape(len(shown), vectors.shape[1])
    given, names = recognise(centres, [" · ".join(fresh[k][:3]) for k in shown], known, mean)
    sizes = (int(now["text"].nunique()), int(past["text"].nunique()))
    made = [
        _theme(name, fresh[k], found, members[k], groups.near, (now, past), sizes)
        for name, k in zip(given, shown, strict=True)
    ]
    order = sorted(range(len(made)), key=lambda n: (-made[n].texts, made[n].name))
    inside = {int(n) for k in shown for n in members[k]}
    return ThemesReport(
        window=window,
        before=before,
        texts=sizes[0],
        texts_before=sizes[1],
        posts=len(now),
        people=people(now),
        themes=tuple(made[n] for n in order),
        demands=demand_counts(found, now, past),
        outside=int((~now.drop_duplicates("text")["text"].isin(inside)).sum()),
        hidden=hidden,
        skipped=found.skipped,
        model=classifier.model,
        sentence=_sentence(watch, [made[n] for n in order], sizes[0]),
        names=tuple(names),
        centres=centres[order],
    )


def demand_counts(found: Voices, now: pd.DataFrame, past: pd.DataFrame) -> tuple[DemandCount, ...]:
    """Every demand, most people first; those of fewer than five people come last, without numbers."""
    made = [demands_in(text) for text in found.texts]
    total = int(now["text"].nunique())
    rows = []
    for demand in DEMANDS:
        asking = {n for n, codes in enumerate(made) if demand.code in codes}
        own, earlier = now[now["text"].isin(asking)], past[past["text"].isin(asking)]
        if own.empty or not enough(own):
            sentence = f"Fewer than {SMALLEST_GROUP} people want to {demand.label}."
            rows.append(DemandCount(demand.code, demand.label, None, None, None, None, None, None, sentence))
            continue
        texts = int(own["text"].nunique())
        low, high = wilson(texts, total)
        count = people(own)
        who = f"{count:,} people want" if count else f"{texts:,} texts want"
        rows.append(DemandCount(
            demand.code, demand.label, count or None, texts, texts / total, low, high,
            people(earlier) if enough(earlier) else None,
            f"{who} to {demand.label}: {percent(texts / total)} ({low * 100:.0f} to {high * 100:.0f}) of {total:,} "
            "texts.",
        ))  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-(row.people or 0), -(row.texts or 0))))


def _theme(
    name: str, terms: Sequence[str], found: Voices, rows: np.ndarray, near: np.ndarray,
    posts: tuple[pd.DataFrame, pd.DataFrame], sizes: tuple[int, int],
) -> Theme:  # fmt: skip
    now, past = (part[part["text"].isin(rows)] for part in posts)
    texts, earlier = int(now["text"].nunique()), int(past["text"].nunique())
    low, high = wilson(texts, sizes[0])
    change = difference(texts, sizes[0], earlier, sizes[1]) if sizes[1] else None
    new = sizes[1] >= FEWEST and not enough(past) and change is not None and change[1] > 0
    count = people(now) or None
    told_by = f"{count:,} people" if count else "authors unknown"
    sentence = (
        f"{'New: ' if new else ''}“{name}”: {percent(texts / sizes[0])} ({low * 100:.0f} to {high * 100:.0f}) of "
        f"{sizes[0]:,} texts, {told_by}"
    )
    if change is not None and not new and (change[1] > 0 or change[2] < 0):
        sentence += f"; {abs(change[0]) * 100:.0f} points {'more' if change[0] > 0 else 'less'} than before"
    return Theme(
        name=name, keywords=tuple(terms), texts=texts, posts=len(now), people=count, share=texts / sizes[0], low=low,
        high=high, texts_before=earlier, share_before=earlier / sizes[1] if sizes[1] else nan, change=change, new=new,
        negative_share=float(now["negative"].mean()), examples=_examples(found, now, near), sentence=f"{sentence}.",
    )  # fmt: skip


def _examples(found: Voices, now: pd.DataFrame, near: np.ndarray) -> tuple[Example, ...]:
    """The posts nearest to the theme's centre, each text once and no account twice."""
    ranked = now.assign(near=near[now["text"].to_numpy()]).sort_values(["near", "created_at"], ascending=[False, True])
    ranked = ranked.drop_duplicates("text")
    known = ranked[ranked["who"] != ""].drop_duplicates("who")
    chosen = pd.concat([known, ranked[ranked["who"] == ""]]).head(EXAMPLES)
    rows: list[Any] = list(chosen.itertuples())
    return tuple(
        Example(str(row.source), str(row.id), row.created_at.to_pydatetime(), str(row.url), found.texts[int(row.text)])
        for row in rows
    )


def _sentence(watch: Watch, made: Sequence[Theme], texts: int) -> str:
    if not texts:
        return f"{watch.platform}: no relevant posts were collected and scored in this window."
    if not made:
        return f"{watch.platform}: {texts:,} texts, too few or too unlike to make a theme of five people or more."
    new = [theme.name for theme in made if theme.new]
    lead = f"{watch.platform}: most say “{made[0].name}” ({percent(made[0].share)} of {texts:,} texts)"
    if not new:
        return f"{lead}; nothing is new against the window before."
    return f"{lead}; new against the window before: {', '.join(f'“{name}”' for name in new[:3])}."
