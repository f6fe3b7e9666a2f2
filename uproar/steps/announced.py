"""Changes of a platform's documents become announcements in the watches of that platform, and leave them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.announcements import interval
from core.records import Announcement, AnnouncementKind, Conflict
from core.terms import Change, ChangeStatus, TextDate
from core.watches import Watch
from reports.terms import changes, class_summary, is_real
from store import Reader, Store

PREFIX = "terms-"
QUIET = ("dates", "moved")
"""Kinds of change that are no event for a comms team."""
_LONGEST = 1_500


def announce_changes(store: Store, reader: Reader, watch: Watch, *, clock: datetime) -> int:
    """Bring the announcements that come from terms up to date in one watch; returns how many changed.

    A provisional change is announced at once and marked so; it loses the mark when it is confirmed and leaves the
    watch when it is withdrawn. A change on a day for which the watch's file has a change of terms itself is left to
    the file, and so is what lies before the watch begins.
    """
    found = changes(reader, clock=clock, service=watch.platform)
    wanted = {
        made.id: made
        for change in found
        if is_real(change)
        and change.kind not in QUIET
        and change.step.at >= watch.since
        and not _by_hand(watch, change)
        for made in [announcement(watch, change)]
    }
    present = {a.id: a for a in reader.announcements(watch.name) if a.origin == "terms"}
    fresh = [made for made in wanted.values() if present.get(made.id) != made]
    gone = [known for known in present if known not in wanted]
    if fresh or gone:
        store.register_watch(watch.name, subject=watch.platform)
    for made in fresh:
        store.save_announcement(watch.name, made)
    for known in gone:
        store.drop_announcement(watch.name, known)
    return len(fresh) + len(gone)


def announcement(watch: Watch, change: Change) -> Announcement:
    """The announcement of a change: the day of its capture, and the dates that the text states beside it."""
    at = change.step.at.astimezone(watch.zone).date()
    start, end, precision = interval(at.isoformat(), watch.timezone, change.id)
    provisional = "Provisional: " if change.step.status is ChangeStatus.PROVISIONAL else ""
    about = class_summary(change)
    title = (
        f"{provisional}{change.document} changed: {change.words_added} words added, {change.words_removed} removed"
        f"{'; ' + about if about else ''}"
    )
    return Announcement(
        f"{PREFIX}{change.id}", AnnouncementKind.TERMS_CHANGE, start, end, precision, watch.timezone, title,
        (f"{change.service}, {change.document}, captured {change.step.at:%Y-%m-%d %H:%M} UTC "
         f"(uproar terms diff {change.id})",),
        _wording(change)[:_LONGEST], "terms",
        tuple(_conflicts(watch, (change.effective, change.amended))),
    )  # fmt: skip


def _conflicts(watch: Watch, stated: Sequence[TextDate | None]) -> list[Conflict]:
    return [
        Conflict(*interval(dated.at, watch.timezone, "terms"), f"the text: {dated.quote}")
        for dated in stated
        if dated is not None and dated.precision != "year"
    ]


def _wording(change: Change) -> str:
    first = max(change.clauses, key=lambda clause: ("ai_training" in clause.classes, len(clause.classes)), default=None)
    return (first.added or first.removed) if first else ""


def _by_hand(watch: Watch, change: Change) -> bool:
    """Whether the watch's file has a change of terms or a reversal on the day of this change, by any of its dates."""
    days = [change.step.at]
    for dated in (change.effective, change.amended):
        if dated is not None and dated.precision != "year":
            days.append(interval(dated.at, watch.timezone, change.id)[0])
    kinds = (AnnouncementKind.TERMS_CHANGE, AnnouncementKind.REVERSAL)
    return any(a.start <= day < a.end for a in watch.announcements if a.kind in kinds for day in days)
