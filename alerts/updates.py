"""What is told of an open incident after its opening: hourly updates, statements and the watch after them, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from alerts.picture import Picture, changes, new_demands, new_themes, read_picture, rises, take_picture
from core.records import Announcement, AnnouncementKind
from core.watches import Watch
from reports.announcements import announcements

if TYPE_CHECKING:
    from store import Reader, Store

EVERY = timedelta(hours=1)
SLACK = timedelta(minutes=10)
"""Rounds come every quarter of an hour and a little: an update is not put off to the next one for a minute."""
CLOSE_WATCH = timedelta(hours=6)
BETWEEN_WARNINGS = timedelta(minutes=30)
OPENING, UPDATE, STATEMENT, WARNING, CLOSED, UNACKNOWLEDGED = (
    "opening", "update", "statement", "close_watch", "closed", "unacknowledged",
)  # fmt: skip
_ANSWERS = (AnnouncementKind.STATEMENT, AnnouncementKind.REVERSAL)
_ESCALATED = ("spike", "topic_spike", "share", "volume", "collection")
_BASES = (OPENING, UPDATE, STATEMENT)


@dataclass(frozen=True, slots=True)
class _Case:
    """One incident with what was told of it."""

    store: Store
    watch: Watch
    row: dict[Any, Any]
    told: pd.DataFrame
    now: datetime

    def pictures(self, *kinds: str) -> list[tuple[datetime, Picture]]:
        rows = self.told[self.told["kind"].isin(kinds)]
        return [
            (at.to_pydatetime(), read_picture(text)) for at, text in zip(rows["at"], rows["figures"], strict=True)
        ]  # fmt: skip

    def tell(
        self, kind: str, picture: Picture, sentence: str, *, since: datetime, urgent: bool,
        channels: Sequence[str] | None = None,
    ) -> int | None:  # fmt: skip
        rules = self.watch.alerts
        due = self.now if urgent else rules.due(self.now, self.watch.zone)
        return self.store.add_update(
            int(self.row["id"]), kind, sentence=sentence, figures=picture.written(), now=self.now, since=since,
            channels=rules.channels if channels is None else channels, due=due, group=self.watch.group,
        )  # fmt: skip


def follow(store: Store, reader: Reader, watch: Watch, *, clock: datetime) -> list[int]:
    """Make the updates that are due of every incident of `watch`; returns their numbers.

    An open spike is told of every hour: rise or fall, new themes, new sources. A statement never silences it: it is
    noted, and for six hours a new theme or a renewed rise is told at once. Nobody's acknowledgement within the time
    that the watch sets goes to its second channels. Quiet hours hold back an hourly update that brings no rise and
    nothing new, and the news that it is over.
    """
    now = watch.now(clock)
    made: list[int | None] = []
    for row in reader.incidents(watch.name, every_rule=True).to_dict("records"):
        ended = not pd.isna(row["closed_at"])
        if ended and now - row["closed_at"].to_pydatetime() > EVERY:
            continue
        case = _Case(store, watch, row, reader.updates(int(row["id"])), now)
        if not ended:
            made.append(_escalate(case))
        if row["rule"] == "spike":
            picture = take_picture(reader, watch, clock=clock)
            made += (
                _close(case, picture) if ended else _follow(case, picture, announcements(reader, watch, clock=clock))
            )
    return [number for number in made if number is not None]


def _follow(case: _Case, picture: Picture, known: Sequence[Announcement]) -> list[int | None]:
    opened = case.row["opened_at"].to_pydatetime()
    bases = case.pictures(*_BASES)
    if not bases:
        return [case.tell(OPENING, picture, "", since=opened - EVERY, urgent=True, channels=())]
    made = [_statement(case, picture, answer) for answer in _unheard(case, known)]
    last, before = bases[-1]
    if not any(made):
        made.append(_warn(case, picture))
    hourly = max((at for at, _ in case.pictures(OPENING, UPDATE)), default=last)
    if not any(made) and case.now - hourly >= EVERY - SLACK:
        news = changes(before, picture)
        urgent = rises(before, picture) or len(news) > 1
        made.append(case.tell(UPDATE, picture, " ".join(news), since=case.now - EVERY + SLACK, urgent=urgent))
    return made


def _unheard(case: _Case, known: Sequence[Announcement]) -> list[Announcement]:
    heard = {picture.announcement for _, picture in case.pictures(STATEMENT)}
    opened = case.row["opened_at"].to_pydatetime()
    return [a for a in known if a.kind in _ANSWERS and a.id not in heard and opened < a.end and a.start <= case.now]


def _statement(case: _Case, picture: Picture, answer: Announcement) -> int | None:
    what = "reversal" if answer.kind is AnnouncementKind.REVERSAL else "statement"
    sentence = (
        f"A {what} is out: {answer.title}. The incident stays open: for six hours a new objection or a renewed rise "
        "is told at once."
    )
    noted = replace(picture, announcement=answer.id)
    return case.tell(STATEMENT, noted, sentence, since=case.now, urgent=True)


def _warn(case: _Case, picture: Picture) -> int | None:
    answers = case.pictures(STATEMENT)
    if not answers or case.now - answers[-1][0] > CLOSE_WATCH:
        return None
    at, base = answers[-1]
    warned = [seen for when, seen in case.pictures(WARNING) if when > at]
    fewest = min((p for _, p in case.pictures(*_BASES) if p.negative is not None), key=_negative, default=base)
    news = []
    if picture.hour and picture.hour >= at.isoformat() and rises(fewest, picture) and not any(
        rises(fewest, seen) and not rises(seen, picture) for seen in warned
    ):  # fmt: skip
        news.append(f"After the statement it rises again: {picture.negative:,} negative posts in the last whole hour, "
                    f"{fewest.negative:,} at its lowest.")  # fmt: skip
    for new in (new_themes, new_demands):
        told = new(base, picture)
        if told and not any(new(base, seen) and not new(seen, picture) for seen in warned):
            news.append(f"A new objection since the statement. {told}")
    if not news:
        return None
    return case.tell(WARNING, picture, " ".join(news), since=case.now - BETWEEN_WARNINGS, urgent=True)


def _close(case: _Case, picture: Picture) -> list[int | None]:
    opened = case.row["opened_at"].to_pydatetime()
    sentence = f"It is over: {case.row['close_reason']}."
    return [case.tell(CLOSED, picture, sentence, since=opened - EVERY, urgent=False)]


def _escalate(case: _Case) -> int | None:
    rules, row = case.watch.alerts, case.row
    opened = row["opened_at"].to_pydatetime()
    quiet = not pd.isna(row["parent"]) or not pd.isna(row["acknowledged_at"]) or row["rule"] not in _ESCALATED
    if not rules.second or quiet or case.now - opened < rules.acknowledge_within:
        return None
    minutes = (case.now - opened) // timedelta(minutes=1)
    sentence = f"Nobody has acknowledged this in {minutes:,} minutes. uproar incident ack {row['id']}"
    empty = Picture(None, None, 0, {}, {})
    urgent = row["rule"] in ("spike", "topic_spike")
    return case.tell(UNACKNOWLEDGED, empty, sentence, since=opened - EVERY, urgent=urgent, channels=rules.second)


def _negative(picture: Picture) -> int:
    return picture.negative or 0
