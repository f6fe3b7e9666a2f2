"""Messages without a spike's figures: a silent source, a spent budget, a failing channel, the daily digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pandas as pd

from alerts.message import BODY_CHARACTERS, Message, SourceState, beside, coverage_line, neutral
from core.records import Delivery
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader

DAY = timedelta(hours=24)
_ROOM = 400
"""Characters of a digest kept for links and for what is told beside it."""
_TITLES = {
    "silent": "Source silent", "quiet": "Source gone quiet", "flood": "Source flooded", "budget": "Budget spent",
    "collection": "Collection has stopped", "channel": "A channel fails", "volume": "Volume up, mood unknown",
}  # fmt: skip
_CLEARS = {
    "silent": "Clears when a run of it is closed well.",
    "quiet": "Clears when it brings what is usual.",
    "flood": "Clears when it brings what is usual.",
    "budget": "Clears with the next run within the budget.",
    "collection": "Clears when any source is read again.",
    "volume": "Clears when the posts are scored, which tells the mood, or six hours after the last such hour.",
    "channel": "Clears when it takes a message. This went through the others.",
}


def notice(
    reader: Reader, watch: Watch, delivery: Delivery, incidents: pd.DataFrame, changed: str, *, clock: datetime,
    dashboard_url: str, also: Sequence[str] = (),
) -> Message:  # fmt: skip
    """The message about an incident that has no figures of its own."""
    row = incidents.loc[delivery.incident]
    what = _TITLES.get(str(row["rule"]), "Alert")
    subject = f": {row['subject']}" if row["subject"] else ""
    lines = [
        neutral(changed),
        neutral(str(row["sentence"])),
        f"Data: {_data(reader, watch, clock)}",
        f"{_CLEARS.get(str(row['rule']), '')} Acknowledge: uproar incident ack {delivery.incident}.",
    ]
    body = "\n".join(line for line in lines if line)
    return Message(
        neutral(f"{what}{subject}: {watch.title}")[:90], body + beside(also) + "\n" + _page(watch, dashboard_url)
    )


def digest(reader: Reader, watch: Watch, *, clock: datetime, dashboard_url: str, also: Sequence[str] = ()) -> Message:
    """The day in short: the brief's sentences without its quotes, what was opened and what is open, coverage."""
    from reports.brief import brief

    told = brief(reader, watch, clock=clock, quotable=lambda _source, _reason: False)
    seen = told.overview
    now = watch.now(clock)
    rows = reader.incidents(watch.name, every_rule=True)
    rows = rows[~rows["rule"].isin(["digest"])]
    opened = rows[rows["opened_at"] > pd.Timestamp(now - DAY)]
    still = rows[rows["closed_at"].isna()]
    lines = [
        neutral(seen.headline),
        neutral(seen.state_sentence),
        _count(opened, "opened in the last 24 hours"),
        _count(still, "open now"),
        f"Data: {_data(reader, watch, clock)}",
    ]
    # What does not fit stands in the brief itself.
    more = [*told.how_bad[1:], *(report.sentence for report in told.effects), *told.terms, *told.watch_next]
    for line in map(neutral, dict.fromkeys(more)):
        if sum(map(len, lines)) + len(line) < BODY_CHARACTERS - _ROOM:
            lines.append(line)
    lines.append(f"The brief, two pages: Download the brief on the overview, or uproar brief {watch.name}.")
    title = neutral(f"Daily digest: {watch.title}, {now.astimezone(watch.zone):%A %-d %B}")[:90]
    return Message(title, "\n".join(lines) + beside(also) + "\n" + _page(watch, dashboard_url))


def _count(rows: pd.DataFrame, words: str) -> str:
    if rows.empty:
        return f"No incident {words}."
    named = [f"{row['id']} ({_kind(row)})" for row in rows.head(5).to_dict("records")]
    more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    return f"{len(rows):,} {'incident' if len(rows) == 1 else 'incidents'} {words}: {', '.join(named)}{more}."


def _kind(row: dict[object, object]) -> str:
    subject = f", {row['subject']}" if row["subject"] else ""
    return neutral(f"{str(row['rule']).replace('_', ' ')}{subject}".replace("_", " "))


def _data(reader: Reader, watch: Watch, clock: datetime) -> str:
    from reports.coverage import coverage

    since = watch.now(clock) - DAY
    rows = coverage(reader, watch, clock=clock, since=max(since, watch.since)).to_dict("records")
    states = [
        SourceState(str(r["source"]), str(r["state"]), None if pd.isna(r["last_success"]) else r["last_success"])
        for r in rows
    ]
    return coverage_line(states, watch.zone)


def _page(watch: Watch, dashboard_url: str) -> str:
    return f"{dashboard_url.rstrip('/')}/timeline?{urlencode({'watch': watch.name})}"
