"""Figures as they were shown, and why today's are others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError
from core.records import HOUR
from core.watches import Watch
from reports.correction import correction
from reports.measure import measured, word
from reports.window import Window, clamp
from reports.wording import interval, percent

if TYPE_CHECKING:
    from store import Reader, Shown

COUNTS = ("posts", "scored", "relevant", "negative", "pending", "not_scored")
ALERT = "alert-"
"""An incident is explained as "alert-12"."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code (late, deleted, rescored, relabelled, edited, other), how many posts, and a sentence."""

    code: str
    posts: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was shown under an id, what the same question gives today, and why they differ (nothing: they do not).

    `then` and `now` are counts as classified; the corrected shares have share, low, high and labels, None without one.
    """

    id: str
    kind: str
    watch: str
    shown_at: datetime
    then: Mapping[str, int]
    now: Mapping[str, int]
    reasons: tuple[Reason, ...]
    sentence: str
    corrected_then: Mapping[str, float] | None = None
    corrected_now: Mapping[str, float] | None = None


def figures(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Any]:
    """The counts behind what is shown of [since, until), and what they depend on, in JSON's types."""
    window = clamp(watch, clock=clock, since=since, until=until)
    return {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "model": reader.active_model() or "",
        "removed": reader.removed(watch.name, since=window.since, until=window.until),
        "corrected": correction(reader, watch, clock=clock, since=window.since, until=window.until).kept,
        **_question(watch),
        **_counts(reader, watch, window),
    }


def explain(reader: Reader, watch: Watch, shown: Shown, *, clock: datetime) -> Explanation:
    """Why the figures under an id are not today's.

    Deleted posts still count in figures and are gone from lists; that is said too.
    """
    kept = shown.figures
    window = Window(datetime.fromisoformat(kept["since"]), datetime.fromisoformat(kept["until"]))
    now = {**_counts(reader, watch, window), **_question(watch)}
    then = {name: int(kept[name]) for name in COUNTS if name in kept}
    reasons = [
        *_late(reader, watch, window, shown, then, now),
        *_deleted(reader, watch, window, kept),
        *_rescored(reader, kept, then, now),
        *_relabelled(reader, watch, window, shown.shown_at),
        *_edited(watch, kept, now),
    ]
    today = {name: int(now[name]) for name in then}
    before = kept.get("corrected")
    after = correction(reader, watch, clock=clock, since=window.since, until=window.until).kept
    if today != then and not reasons:
        reasons.append(Reason("other", None, "Posts were edited, or their hours were counted again."))
    return Explanation(
        shown.id, shown.kind, watch.name, shown.shown_at, then, today, tuple(reasons),
        _sentence(watch, then, today, reasons) + _corrected(before, after), before, after,
    )  # fmt: skip


def shown_alert(reader: Reader, name: str) -> Shown:
    """The figures of an incident as decided ("alert-12"). Raises ConfigError for an unknown one."""
    from store import Shown

    number = name.removeprefix(ALERT)
    rows = reader.incidents()
    rows = rows[rows["id"] == int(number)] if number.isdigit() else rows[:0]
    if rows.empty:
        raise ConfigError(f"there is no incident {name!r}; list them with: uproar alerts list")
    row = rows.iloc[0]
    hour = row["hour"].to_pydatetime()
    kept = {"since": hour.isoformat(), "until": (hour + HOUR).isoformat(), "model": row["model"],
            "relevant": int(row["relevant"]), "negative": int(row["negative"])}  # fmt: skip
    return Shown(f"{ALERT}{number}", str(row["watch"]), "alert", row["opened_at"].to_pydatetime(), kept)


def _question(watch: Watch) -> dict[str, Any]:
    return {
        "query": watch.expression,
        "measure": watch.measure,
        "languages": sorted(watch.languages),
        "sources": sorted(rule.name for rule in watch.sources),
    }


def _counts(reader: Reader, watch: Watch, window: Window) -> dict[str, int]:
    if window.until - window.since <= timedelta():
        return dict.fromkeys(COUNTS, 0)
    rows = measured(reader.rollup(watch.name, since=window.since, until=window.until), watch)
    rows = rows.assign(relevant=rows["measured"])  # the share's denominator
    return {name: int(rows[name].sum()) for name in COUNTS}


def _late(
    reader: Reader, watch: Watch, window: Window, shown: Shown, then: Mapping[str, int], now: Mapping[str, Any]
) -> list[Reason]:
    if "posts" in then:
        more = int(now["posts"]) - then["posts"]
    elif watch.as_of is None:
        more = reader.collected_after(watch.name, since=window.since, until=window.until, after=shown.shown_at)
    else:
        more = 0  # a replay was collected after the moment that it shows
    if more <= 0:
        return []
    return [Reason("late", more, f"{_posts(more)} of that time came in later.")]


def _deleted(reader: Reader, watch: Watch, window: Window, kept: Mapping[str, Any]) -> list[Reason]:
    gone = reader.removed(watch.name, since=window.since, until=window.until) - int(kept.get("removed", 0))
    if gone <= 0:
        return []
    return [Reason("deleted", gone, f"{_posts(gone)} deleted since: counted still, no longer in lists.")]


def _rescored(reader: Reader, kept: Mapping[str, Any], then: Mapping[str, int], now: Mapping[str, Any]) -> list[Reason]:
    model = reader.active_model() or ""
    if model != kept["model"]:
        return [Reason("rescored", None, f"Scored by {kept['model'] or 'no model'} then, by {model or 'none'} now.")]
    waited = then.get("pending", 0) - int(now["pending"])
    if waited <= 0:
        return []
    return [Reason("rescored", waited, f"{_posts(waited)} that waited for a score then {_have(waited)} one now.")]


def _relabelled(reader: Reader, watch: Watch, window: Window, after: datetime) -> list[Reason]:
    made = reader.labels_made(watch.name, since=window.since, until=window.until, after=after)
    if not made:
        return []
    return [
        Reason("relabelled", made, f"{made:,} {'label was' if made == 1 else 'labels were'} given by people since.")
    ]


def _edited(watch: Watch, kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[Reason]:
    names = {"query": "its terms", "measure": "its measure", "languages": "its languages", "sources": "its sources"}
    changed = [f"{words} ({kept[key]} then)" for key, words in names.items() if key in kept and kept[key] != now[key]]
    if not changed:
        return []
    return [Reason("edited", None, f"The watch was edited: {'; '.join(changed)}.")]


def _sentence(watch: Watch, then: Mapping[str, int], now: Mapping[str, int], reasons: list[Reason]) -> str:
    if not reasons:
        return "Nothing has changed: the same question gives the same figures today."
    told = f"Then {_share(then, watch)}; today {_share(now, watch)}." if "relevant" in then else ""
    return " ".join([told, *(reason.sentence for reason in reasons)]).strip()


def _corrected(then: Mapping[str, float] | None, now: Mapping[str, float] | None) -> str:
    """The figures above are as classified; the corrected share is told beside them, as it was and as it is."""
    if not then and not now:
        return ""
    told = [
        f"{percent(c['share'])} ({interval(c['low'], c['high'])}) by {c['labels']:,} labels" if c else "not corrected"
        for c in (then, now)
    ]
    return f" Corrected by people's labels: {told[0]} then, {told[1]} today; the counts are as classified."


def _share(counts: Mapping[str, int], watch: Watch) -> str:
    return f"{counts['negative']:,} of {counts['relevant']:,} relevant posts were {word(watch)}"


def _posts(count: int) -> str:
    return f"{count:,} {'post' if count == 1 else 'posts'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
