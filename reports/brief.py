"""What an executive must know in two minutes: the figures and sentences of a brief."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.records import SpikeState
from core.watches import Watch
from reports.correction import Correction, correction
from reports.effect import EffectReport, effects
from reports.measure import FEWEST
from reports.overview import Overview, overview
from reports.posts import posts
from reports.terms import changes, class_summary
from reports.themes import ThemesReport
from reports.wording import STATES, announcement_date, count, interval, percent, points, topic_name

if TYPE_CHECKING:
    from store import Reader

QUOTES = 4
QUOTE_CHARACTERS = 300
LOOKED_AT = 200
"""Posts of a sentiment among which quotes are chosen."""
EFFECTS = 2
"""The latest events are told; older ones stand in the dashboard."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of one post, cut; never its account."""

    source: str
    id: str
    reason: str
    created_at: datetime
    url: str
    sentiment: str
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief, section by section; every sentence comes from figures of `reports`."""

    overview: Overview
    state: str
    how_bad: tuple[str, ...]
    how_sure: tuple[str, ...]
    topics: tuple[tuple[str, str, str, str], ...]
    """Name, posts, share of relevant posts, negative share."""
    themes: tuple[str, ...]
    quotes: tuple[Quote, ...]
    events: tuple[tuple[str, str], ...]
    """Date and title of what has happened, latest first."""
    effects: tuple[EffectReport, ...]
    terms: tuple[str, ...]
    watch_next: tuple[str, ...]


def brief(
    reader: Reader, watch: Watch, *, clock: datetime, others: Sequence[Watch] = (), themes: ThemesReport | None = None,
    quotable: Callable[[str, str], bool] = lambda source, reason: True,
) -> Brief:  # fmt: skip
    """The brief of `watch` at its present. `quotable` says of (source, reason) whether words may be quoted."""
    seen = overview(reader, watch, clock=clock)
    told = effects(reader, watch, clock=clock, others=others)[-EFFECTS:][::-1]
    labelled = correction(reader, watch, clock=clock, since=seen.window.since, until=seen.window.until)
    return Brief(
        overview=seen,
        state=STATES[seen.state.value],
        how_bad=_how_bad(seen, labelled),
        how_sure=_how_sure(seen),
        topics=tuple(
            (topic_name(t.topic), count(t.relevant), percent(t.share_of_relevant),
             percent(t.negative_share) if t.relevant >= FEWEST else "too few")
            for t in seen.topics[:5]
        ),
        themes=tuple(theme.sentence for theme in themes.themes[:3]) if themes else (),
        quotes=_quotes(reader, watch, seen, quotable, clock=clock),
        events=tuple((announcement_date(a, watch.zone), a.title) for a in seen.announcements[:6]),
        effects=told,
        terms=_terms(reader, watch, clock=clock),
        watch_next=_watch_next(seen, told, themes, watch),
    )  # fmt: skip


def _how_bad(seen: Overview, labelled: Correction) -> tuple[str, ...]:
    found = [seen.headline]
    if labelled.sentence:
        found.append(labelled.sentence)
    if seen.change is not None:
        change = seen.change
        sure = "" if change.low > 0 or change.high < 0 else "; that could be no change"
        found.append(
            f"Against the day before the share moved by {points(change.points)} "
            f"({points(change.low)} to {points(change.high)}){sure}."
        )
    if seen.expected_posts is not None:
        found.append(f"{count(seen.posts)} posts in the last day; {count(seen.expected_posts)} are usual.")
    people = seen.people
    if people.authors:
        found.append(
            f"{count(people.authors)} people wrote; the ten most active wrote {count(people.top_ten_posts)} of "
            f"{count(people.posts)} posts."
        )
    return tuple(found)


def _how_sure(seen: Overview) -> tuple[str, ...]:
    share = seen.share
    found = [row.source + ": " + row.sentence for row in seen.sources]
    if share.relevant:
        basis = f"n = {count(share.relevant)} relevant posts (95 % interval {interval(share.low, share.high)})"
        found.insert(0, f"The share rests on {basis}: what chance allows, not the classifier's errors.")
    if seen.pending or seen.not_scored:
        found.append(f"{count(seen.pending)} posts wait for a score; {count(seen.not_scored)} cannot be scored.")
    if seen.accuracy:
        found.append(seen.accuracy)
    return tuple(found)


def _quotes(
    reader: Reader, watch: Watch, seen: Overview, quotable: Callable[[str, str], bool], *, clock: datetime
) -> tuple[Quote, ...]:
    """The most spread relevant posts of the last day, of several people: mostly negative, one that is not."""
    from store import PostFilter

    found: list[Quote] = []
    told: set[tuple[str, str]] = set()
    words: set[str] = set()
    for sentiment, wanted in (("negative", QUOTES - 1), ("positive", QUOTES), ("neutral", QUOTES)):
        asked = PostFilter(watch.name, seen.window.since, seen.window.until, sentiment=sentiment, relevant=True,
                           order="spread")  # fmt: skip
        for row in posts(reader, watch, asked, clock=clock, limit=LOOKED_AT).to_dict("records"):
            who = (row["source"], row["author"] or row["id"])
            begins = "".join(filter(str.isalnum, str(row["text"]).lower()))[:40]
            if len(found) >= wanted or who in told or begins in words or not quotable(row["source"], row["reason"]):
                continue
            told.add(who)
            words.add(begins)
            found.append(_quote(row))
    return tuple(found)


def _quote(row: dict[Any, Any]) -> Quote:
    text = " ".join(str(row["text"]).split())
    short = text if len(text) <= QUOTE_CHARACTERS else text[:QUOTE_CHARACTERS].rsplit(" ", 1)[0] + " …"
    return Quote(row["source"], row["id"], row["reason"], row["created_at"].to_pydatetime(), row["url"],
                 row["sentiment"], short)  # fmt: skip


def _terms(reader: Reader, watch: Watch, *, clock: datetime) -> tuple[str, ...]:
    found = changes(reader, clock=watch.now(clock), service=watch.platform, causal=watch.as_of is not None)
    return tuple(
        f"{change.document} changed on {change.step.at.astimezone(watch.zone):%d %B %Y} "
        f"({change.step.status.value}): {class_summary(change) or 'no clause of a known class'}."
        for change in found[-3:][::-1]
    )


def _watch_next(
    seen: Overview, told: Sequence[EffectReport], themes: ThemesReport | None, watch: Watch
) -> tuple[str, ...]:
    found = []
    if seen.incident is not None:
        found.append(f"Incident {seen.incident} is open: it closes when the reaction has eased for hours.")
    if seen.advice:
        found.append(seen.advice)
    for report in told:
        due = [reading.due for reading in report.readings if reading.due is not None]
        if due:
            at = min(due).astimezone(watch.zone)
            found.append(f"What {report.name} did can first be read on {at:%d %B, %H:%M} ({watch.timezone}).")
    if themes:
        found += [f"New in what people say: {theme.name}." for theme in themes.themes if theme.new][:3]
    if seen.state in (SpikeState.VOLUME, SpikeState.LEARNING, SpikeState.NO_DATA, SpikeState.STALE, SpikeState.PENDING):
        found.append(seen.state_sentence)
    day = timedelta(days=1)
    later = [r for r in told if r.read_until and watch.now(seen.as_of) - r.end < 3 * day]
    if later and not found:
        found.append("Whether the reaction fades: half of it is usually gone within days, and its rest is what stays.")
    return tuple(found) or ("Nothing stands out. The next spike is told by alert.",)
