"""From an incident to what its message says: the figures come from `reports` and from what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from alerts.links import links
from alerts.message import AlertFacts, Message, SourceState, TopicCount, render
from alerts.notices import digest, notice
from core.errors import ConfigError
from core.records import HOUR, TOPICS, Announcement, Delivery
from core.watches import Watch

if TYPE_CHECKING:
    import pandas as pd

    from reports.overview import Overview
    from store import Reader

_RULES = ("spike", "topic_spike", "share", "volume", "collection", "silent", "flood", "quiet", "budget", "channel",
          "digest")  # fmt: skip
"""By gravity: the first of a message is told in full."""
WITH_FIGURES = ("spike", "topic_spike", "share")


def gather(
    reader: Reader, watch: Watch, incident: int, *, kind: str, clock: datetime, dashboard_url: str,
    update: int | None = None,
) -> AlertFacts:  # fmt: skip
    """The facts of an incident as they are at the watch's present.

    "opened" tells the hour that opened it, any other kind its latest spike, both as decided then; `update` is the
    number of what has changed. Raises ConfigError where the watch has no such incident.
    """
    from analysis.shares import wilson
    from reports.overview import overview

    row = _decided(reader, watch, incident, kind)
    low, high = wilson(int(row["negative"]), int(row["relevant"]))
    seen: Overview = overview(reader, watch, clock=clock)
    return AlertFacts(
        watch=watch.name,
        title=watch.title,
        zone=watch.zone,
        kind=kind,
        opened_at=row["opened_at"].to_pydatetime(),
        hour=row["hour"].to_pydatetime(),
        negative=int(row["negative"]),
        relevant=int(row["relevant"]),
        share=float(row["share"]),
        low=float(low),
        high=float(high),
        expected=float(row["expected"]),
        calibrated=bool(row["calibrated"]),
        false_alarms=watch.alerts.false_alarms,
        sentence=str(row["sentence"]),
        model=str(row["model"]),
        measure=watch.measure,
        as_of=watch.now(clock),
        topics=tuple(TopicCount(t.topic, t.relevant) for t in seen.topics),
        sources=tuple(SourceState(s.source, str(s.coverage), s.collected_until) for s in seen.sources),
        latest_announcement=_latest(seen.announcements, watch),
        notice=watch.notice,
        dashboard_url=dashboard_url,
        incident=incident,
        rule=str(row["rule"]),
        subject=str(row["subject"]),
        changed=_changed(reader, incident, update),
        links=links(reader, watch, row["hour"].to_pydatetime(), topic=_topic(row), clock=clock),
        owner=_name(row["owner"]),
        acknowledged_by=_name(row["acknowledged_by"]),
        advice=_advice(watch),
    )


def renderer(
    reader: Reader, watches: Iterable[Watch], *, clock: Callable[[], datetime], dashboard_url: str
) -> Callable[[Sequence[Delivery]], Message]:
    """The `render` of `alerts.outbox.deliver` over the given watches: the gravest in full, the others in a line each.

    What it returns raises ConfigError for an incident of a watch that is not among them.
    """
    by_name = {watch.name: watch for watch in watches}

    def message(deliveries: Sequence[Delivery]) -> Message:
        incidents = reader.incidents(every_rule=True).set_index("id")
        lead, *others = sorted(deliveries, key=lambda d: _gravity(d, incidents))
        name = str(incidents["watch"].get(lead.incident, ""))
        if name not in by_name:
            raise ConfigError(f"incident {lead.incident}: its watch has no file any more")
        watch, now = by_name[name], clock()
        beside = {d.incident: d for d in reversed(others) if d.incident != lead.incident}
        also = [_beside(reader, d, incidents) for d in beside.values()]
        rule = str(incidents["rule"][lead.incident])
        if rule == "digest":
            return digest(reader, watch, clock=now, dashboard_url=dashboard_url, also=also)
        if rule not in WITH_FIGURES:
            told = _changed(reader, lead.incident, lead.update)
            return notice(reader, watch, lead, incidents, told, clock=now, dashboard_url=dashboard_url, also=also)
        facts = gather(
            reader, watch, lead.incident, kind=lead.kind, clock=now, dashboard_url=dashboard_url, update=lead.update
        )
        return render(facts, also=also)

    return message


def _gravity(delivery: Delivery, incidents: pd.DataFrame) -> tuple[int, int]:
    rule = str(incidents["rule"].get(delivery.incident, ""))
    return (_RULES.index(rule) if rule in _RULES else len(_RULES)), -delivery.id


def _beside(reader: Reader, delivery: Delivery, incidents: pd.DataFrame) -> str:
    row = incidents.loc[delivery.incident]
    changed = _changed(reader, delivery.incident, delivery.update)
    return f"{row['watch']}: {changed or row['sentence']}"


def _decided(reader: Reader, watch: Watch, incident: int, kind: str) -> dict[str, Any]:
    incidents = reader.incidents(watch.name, every_rule=True)
    rows = incidents[incidents["id"] == incident]
    if rows.empty:
        raise ConfigError(f"watch {watch.name!r} has no incident {incident}")
    first = _row(rows)
    if kind == "opened" or first["rule"] != "spike" or first["last_hour"] == first["hour"]:
        return first
    later = reader.decisions(watch.name, since=first["last_hour"], until=first["last_hour"] + HOUR)
    return first | _row(later) if len(later) else first


def _changed(reader: Reader, incident: int, update: int | None) -> str:
    if update is None:
        return ""
    rows = reader.updates(incident)
    return "".join(rows.loc[rows["id"] == update, "sentence"].tolist())


def _topic(row: dict[str, Any]) -> str:
    return str(row["subject"]) if row["rule"] == "topic_spike" and row["subject"] in TOPICS else ""


def _advice(watch: Watch) -> str:
    if not watch.radar:
        return ""
    return f"A watch of its own: uproar watch propose {watch.radar} {watch.name.removeprefix(f'{watch.radar}-')}"


def _name(value: object) -> str:
    return value if isinstance(value, str) else ""


def _row(frame: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in frame.iloc[0].items()}


def _latest(announcements: Iterable[Announcement], watch: Watch) -> tuple[str, str] | None:
    latest = max(announcements, key=lambda a: a.start, default=None)
    return (latest.title, _date(latest, watch)) if latest else None


def _date(announcement: Announcement, watch: Watch) -> str:
    # A day or a month is one of the announcement's own zone; a minute is told in the watch's.
    if announcement.precision == "minute":
        at = announcement.start.astimezone(watch.zone)
        return f"{at.day} {at:%B %Y, %H:%M %Z}"
    at = announcement.start.astimezone(ZoneInfo(announcement.zone))
    return f"{at:%B %Y}" if announcement.precision == "month" else f"{at.day} {at:%B %Y}"
