"""Decisions, which are never rewritten, and incidents: of each rule and subject a watch has at most one open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any

from sqlalchemy import case, insert, or_, select, update

from core.records import Alarm, Decision, Spike
from core.text import clean
from store.engine import changing
from store.handle import Handle
from store.outbox import put
from store.registry import shown_model
from store.schema import decisions, incident_updates, incidents, looks
from store.statements import chunks, insert_into, upsert, watch_number

COOL_DOWN = timedelta(hours=24)
SPIKE = "spike"
"""The rule of incidents that the hourly decision opens."""


class IncidentWriter(Handle):
    """The part of `Store` that decides once and alerts once."""

    def save_decisions(self, watch: str, found: Sequence[Decision]) -> int:
        """Keep what was decided of closed hours; an hour decided before stays as it is. Returns how many were new."""
        if not found:
            return 0
        with changing(self._engine) as connection:
            watch_id = watch_number(connection, watch)
            hours = {decision.hour for decision in found}
            known = select(decisions.c.hour).where(decisions.c.watch_id == watch_id)
            decided = set(connection.scalars(known.where(decisions.c.hour.between(min(hours), max(hours)))))
            rows = [_decision(watch_id, decision) for decision in found if decision.hour not in decided]
            for part in chunks(rows):
                connection.execute(upsert(connection, decisions, ("watch_id", "hour"), ()), part)
        return len({row["hour"] for row in rows})

    def save_looks(self, watch: str, found: Mapping[datetime, float]) -> None:
        """Keep how high each hour, not yet closed, stands under the active model; the highest of an hour's stays."""
        if not found:
            return
        with changing(self._engine) as connection:
            watch_id = watch_number(connection, watch)
            model_id, *_ = shown_model(connection, watch_id)
            statement = insert_into(connection, looks)
            new, old = statement.excluded.evidence, looks.c.evidence
            highest = statement.on_conflict_do_update(
                index_elements=["watch_id", "model_id", "hour"], set_={"evidence": case((new > old, new), else_=old)}
            )
            rows = [{"watch_id": watch_id, "model_id": model_id, "hour": h, "evidence": e} for h, e in found.items()]
            connection.execute(highest, rows)

    def open_incident(
        self, spike: Spike, channels: Sequence[str], *, now: datetime, cool_down: timedelta = COOL_DOWN, group: str = ""
    ) -> int | None:
        """Open an incident with one delivery per channel, in one transaction; returns its number.

        None, and nothing written, where the watch has an open incident or one opened less than `cool_down` ago.
        `group` is whose message its deliveries join, by default the watch.
        """
        alarm = Alarm(
            spike.watch, SPIKE, "", spike.hour, spike.sentence, spike.negative, spike.relevant, spike.share,
            spike.expected, spike.calibrated, spike.model,
        )  # fmt: skip
        return self.raise_alarm(alarm, channels, now=now, cool_down=cool_down, group=group)

    def raise_alarm(
        self, alarm: Alarm, channels: Sequence[str], *, now: datetime, cool_down: timedelta = COOL_DOWN,
        group: str = "", due: datetime | None = None, parent: int | None = None,
    ) -> int | None:  # fmt: skip
        """`open_incident` for any rule: None where this rule is open for the same subject, or cools down.

        Deliveries are `due` at once, or later. With a `parent` (an open incident that says the same better) the
        incident is kept and nobody is told.
        """
        with changing(self._engine) as connection:
            watch_id = watch_number(connection, alarm.watch)
            same = (incidents.c.rule == alarm.rule, incidents.c.subject == alarm.subject)
            recent = or_(incidents.c.closed_at.is_(None), incidents.c.opened_at > now - cool_down)
            mine = select(incidents.c.id).where(incidents.c.watch_id == watch_id, *same, recent)
            if connection.scalar(mine.limit(1)):
                return None
            row = _incident(watch_id, alarm, now, parent)
            number = int(connection.execute(insert(incidents).returning(incidents.c.id), row).scalar_one())
            if parent is None:
                put(connection, number, "opened", channels, due or now, group=group)
        return number

    def extend_incident(self, incident: int, spike: Spike, now: datetime) -> None:
        """Let an open incident reach to the hour of `spike`; its first figures stay, a closed one too."""
        with changing(self._engine) as connection:
            later = incidents.c.last_hour < spike.hour
            reach = update(incidents).where(incidents.c.id == incident, incidents.c.closed_at.is_(None), later)
            connection.execute(reach.values(last_hour=spike.hour, updated_at=now))

    def close_incident(self, incident: int, now: datetime, reason: str) -> None:
        """Close an incident, once; `reason` is a sentence for people."""
        with changing(self._engine) as connection:
            end = update(incidents).where(incidents.c.id == incident, incidents.c.closed_at.is_(None))
            connection.execute(end.values(closed_at=now, updated_at=now, close_reason=clean(reason)))

    def enqueue(self, incident: int, kind: str, channels: Sequence[str], now: datetime, *, group: str = "") -> None:
        """Put one more delivery of `kind` about an incident in the outbox for each channel, due at `now`."""
        with changing(self._engine) as connection:
            put(connection, incident, kind, channels, now, group=group)

    def release_alarm(self, incident: int, channels: Sequence[str], *, now: datetime, group: str = "") -> None:
        """Tell of an incident that its parent had kept quiet; once."""
        with changing(self._engine) as connection:
            free = update(incidents).where(incidents.c.id == incident, incidents.c.parent.is_not(None))
            if connection.execute(free.values(parent=None, updated_at=now)).rowcount:
                put(connection, incident, "opened", channels, now, group=group)

    def add_update(
        self, incident: int, kind: str, *, sentence: str, figures: str, channels: Sequence[str], now: datetime,
        since: datetime, due: datetime | None = None, group: str = "",
    ) -> int | None:  # fmt: skip
        """Keep an update of an incident with one delivery per channel; returns its number.

        None, and nothing written, where one of the same kind was made after `since`: two processes make one.
        `figures` is a document of numbers and names, never a post's text.
        """
        with changing(self._engine) as connection:
            made = incident_updates.c
            later = select(made.id).where(made.incident_id == incident, made.kind == kind, made.at > since)
            if connection.scalar(later.limit(1)):
                return None
            row = {"incident_id": incident, "at": now, "kind": kind, "sentence": clean(sentence), "figures": figures}
            number = int(connection.execute(insert(incident_updates).returning(made.id), row).scalar_one())
            put(connection, incident, kind, channels, due or now, group=group, update_id=number)
        return number


def _decision(watch_id: int, decision: Decision) -> dict[str, Any]:
    return {
        "watch_id": watch_id, "hour": decision.hour, "state": decision.state.value, "negative": decision.negative,
        "relevant": decision.relevant, "share": _number(decision.share), "expected": _number(decision.expected),
        "score": _number(decision.score), "calibrated": decision.calibrated, "model": decision.model,
        "decided_at": decision.decided_at, "sentence": clean(decision.sentence),
    }  # fmt: skip


def _incident(watch_id: int, spike: Alarm, now: datetime, parent: int | None) -> dict[str, Any]:
    return {
        "watch_id": watch_id, "opened_at": now, "updated_at": now, "closed_at": None, "close_reason": "",
        "hour": spike.hour, "last_hour": spike.hour, "negative": spike.negative, "relevant": spike.relevant,
        "share": _number(spike.share), "expected": _number(spike.expected), "calibrated": spike.calibrated,
        "model": spike.model, "sentence": clean(spike.sentence), "rule": spike.rule, "subject": clean(spike.subject),
        "parent": parent,
    }  # fmt: skip


def _number(value: float) -> float | None:
    return None if isnan(value) else float(value)
