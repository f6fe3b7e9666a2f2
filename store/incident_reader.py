"""Reading what was decided, alerted, delivered and noted."""

from __future__ import annotations

from datetime import datetime
from math import nan

import pandas as pd
from sqlalchemy import Table, select

from core.errors import ConfigError
from core.records import Spike
from store.engine import reading
from store.frames import TIME, frame
from store.handle import Handle
from store.registry import shown_model
from store.schema import (
    acknowledgements,
    decisions,
    incident_notes,
    incident_owners,
    incident_updates,
    incidents,
    looks,
    notes,
    outbox,
    watches,
)
from store.statements import find_number

_DECISIONS = {
    "hour": TIME, "state": "str", "negative": "int64", "relevant": "int64", "share": "float64",
    "expected": "float64", "score": "float64", "calibrated": "bool", "model": "str", "decided_at": TIME,
    "sentence": "str",
}  # fmt: skip
_INCIDENTS = {
    "id": "int64", "watch": "str", "opened_at": TIME, "closed_at": TIME, "last_hour": TIME, "hour": TIME,
    "negative": "int64", "relevant": "int64", "share": "float64", "expected": "float64", "calibrated": "bool",
    "sentence": "str", "acknowledged_by": "str", "acknowledged_at": TIME, "model": "str", "close_reason": "str",
    "rule": "str", "subject": "str", "parent": "Int64", "owner": "str", "owned_at": TIME,
}  # fmt: skip
_DELIVERIES = {
    "id": "int64",
    "incident": "int64",
    "channel": "str",
    "kind": "str",
    "state": "str",
    "attempts": "int64",
    "due_at": TIME,
    "sent_at": TIME,
    "last_error": "str",
    "failed_at": TIME,
    "batch": "str",
    "update": "Int64",
}
_UPDATES = {"id": "int64", "incident": "int64", "at": TIME, "kind": "str", "sentence": "str", "figures": "str"}
_INCIDENT_NOTES = {"id": "int64", "incident": "int64", "text": "str", "author": "str", "made_at": TIME}  # fmt: skip
_NOTES = {"id": "int64", "at": TIME, "text": "str", "author": "str", "made_at": TIME}

_RENAMED = {"incident": "incident_id", "update": "update_id"}


class AlertReader(Handle):
    """The part of `Reader` that knows decisions, incidents, deliveries and notes."""

    def decisions(self, watch: str, *, since: datetime | None = None, until: datetime | None = None) -> pd.DataFrame:
        """What was decided of the hours in [since, until), by hour, with the figures and the model of that moment.

        Columns: hour, state, negative, relevant, share, expected, score, calibrated, model, decided_at, sentence.
        """
        columns = [decisions.c[name] for name in _DECISIONS]
        with reading(self._engine) as connection:
            query = select(*columns).where(decisions.c.watch_id == find_number(connection, watches, watch))
            if since is not None:
                query = query.where(decisions.c.hour >= since)
            if until is not None:
                query = query.where(decisions.c.hour < until)
            return frame(connection.execute(query.order_by(decisions.c.hour)).all(), _DECISIONS)

    def looks(self, watch: str, *, since: datetime, until: datetime) -> dict[datetime, float]:
        """How high the hours of [since, until) had stood before they closed, under the active model."""
        with reading(self._engine) as connection:
            watch_id = find_number(connection, watches, watch)
            model_id, *_ = shown_model(connection, watch_id)
            query = select(looks.c.hour, looks.c.evidence).where(
                looks.c.watch_id == watch_id, looks.c.model_id == model_id, looks.c.hour >= since, looks.c.hour < until
            )
            return {row.hour: row.evidence for row in connection.execute(query)}

    def incidents(self, watch: str | None = None, *, every_rule: bool = False) -> pd.DataFrame:
        """Incidents of one watch or of all, latest first; `closed_at` is NaT while open. Spikes, or `every_rule`.

        Columns: id, watch, opened_at, closed_at, last_hour, hour, negative, relevant, share, expected, calibrated,
        sentence, acknowledged_by (missing where nobody has), acknowledged_at, model, close_reason, rule, subject,
        parent (the incident that keeps it quiet), owner and owned_at (missing where it has none).
        """
        known = {"watch": watches.c.name, "acknowledged_by": acknowledgements.c.who,
                 "acknowledged_at": acknowledgements.c.at, "owner": incident_owners.c.who,
                 "owned_at": incident_owners.c.at}  # fmt: skip
        columns = [known[name] if name in known else incidents.c[name] for name in _INCIDENTS]
        joined = (
            incidents.join(watches, watches.c.id == incidents.c.watch_id)
            .outerjoin(acknowledgements, acknowledgements.c.incident_id == incidents.c.id)
            .outerjoin(incident_owners, incident_owners.c.incident_id == incidents.c.id)
        )
        query = select(*columns).select_from(joined).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
        if watch is not None:
            query = query.where(watches.c.name == watch)
        if not every_rule:
            query = query.where(incidents.c.rule == "spike")
        with reading(self._engine) as connection:
            return frame(connection.execute(query).all(), _INCIDENTS)

    def incident(self, incident: int) -> Spike:
        """The spike that opened an incident. Raises ConfigError for an unknown number."""
        query = select(watches.c.name, incidents).join(watches, watches.c.id == incidents.c.watch_id)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(incidents.c.id == incident)).first()
        if row is None:
            raise ConfigError(f"there is no incident {incident}; list them with: uproar incident list")
        share, expected = (nan if value is None else value for value in (row.share, row.expected))
        return Spike(row.name, row.hour, row.negative, row.relevant, share, expected, row.calibrated, row.model,
                     row.sentence)  # fmt: skip

    def deliveries(self, incident: int | None = None) -> pd.DataFrame:
        """Outbox rows of one incident or of all, oldest first.

        Columns: id, incident, channel, kind, state (waiting | sent | failed: given up), attempts, due_at (also the
        end of a lease), sent_at, last_error, failed_at, batch (the key of the message it is part of), update.
        """
        columns = [outbox.c[_RENAMED.get(name, name)] for name in _DELIVERIES]
        query = select(*columns).order_by(outbox.c.id)
        if incident is not None:
            query = query.where(outbox.c.incident_id == incident)
        with reading(self._engine) as connection:
            return frame(connection.execute(query).all(), _DELIVERIES)

    def updates(self, incident: int) -> pd.DataFrame:
        """What was told of an incident after its opening, oldest first: id, incident, at, kind, sentence, figures."""
        return self._of_incident(incident_updates, _UPDATES, incident)

    def incident_notes(self, incident: int) -> pd.DataFrame:
        """What people wrote about an incident, oldest first: id, incident, text, author, made_at."""
        return self._of_incident(incident_notes, _INCIDENT_NOTES, incident)

    def _of_incident(self, table: Table, columns: dict[str, str], incident: int) -> pd.DataFrame:
        query = select(*(table.c[_RENAMED.get(name, name)] for name in columns))
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(table.c.incident_id == incident).order_by(table.c.id)).all()
        return frame(rows, columns)

    def notes(self, watch: str) -> pd.DataFrame:
        """Notes on the timeline of `watch`, by the time they speak of: id, at, text, author, made_at."""
        columns = [notes.c[name] for name in _NOTES]
        with reading(self._engine) as connection:
            query = select(*columns).where(notes.c.watch_id == find_number(connection, watches, watch))
            return frame(connection.execute(query.order_by(notes.c.at, notes.c.id)).all(), _NOTES)
