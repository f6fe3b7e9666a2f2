"""`Annotations`: the handle for what people add by hand. It reaches those tables and no others."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sqlalchemy import Connection, event, insert, select

from core.errors import ConfigError
from core.text import clean
from store.announcements import AnnouncementWriter
from store.draws import DrawWriter
from store.engine import BUSY_SECONDS, changing, make_engine
from store.export_log import ExportWriter, known_watch, posts_by_name
from store.schema import acknowledgements, incident_notes, incident_owners, incidents, labels, notes
from store.statements import upsert
from store.tags import TagWriter
from store.upgrade import check_schema

WRITABLE = frozenset({
    "announcements", "labels", "notes", "tags", "window_tags", "acknowledgements", "incident_owners", "incident_notes",
    "export_log", "export_posts", "draws", "drawn", "shown", "texts_taken", "data_version",
})  # fmt: skip
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


class Annotations(ExportWriter, DrawWriter, TagWriter, AnnouncementWriter):
    """Adds labels, tags, notes, announcements, acknowledgements and export records; posts are out of its reach."""

    def add_label(self, source: str, post_id: str, *, head: str, value: str, author: str, now: datetime) -> None:
        """Note what a person says of a post, e.g. head "sentiment", value "negative"; several people may."""
        with changing(self._engine) as connection:
            row = {
                "post": _post(connection, source, post_id),
                "head": head,
                "value": value,
                "author": author,
                "at": now,
            }
            connection.execute(insert(labels), row)

    def add_note(self, watch: str, at: datetime, text: str, author: str, now: datetime) -> int:
        """Write a note at a time of the timeline; returns its number."""
        with changing(self._engine) as connection:
            row = {
                "watch_id": known_watch(connection, watch),
                "at": at,
                "text": clean(text),
                "author": author,
                "made_at": now,
            }
            return int(connection.execute(insert(notes).returning(notes.c.id), row).scalar_one())

    def acknowledge(self, incident: int, who: str, now: datetime) -> None:
        """Say that somebody has seen an incident; the first one stays. Raises ConfigError for an unknown number."""
        with changing(self._engine) as connection:
            _known(connection, incident)
            row = {"incident_id": incident, "who": clean(who), "at": now}
            connection.execute(upsert(connection, acknowledgements, ("incident_id",), ()), [row])

    def own(self, incident: int, who: str, now: datetime) -> None:
        """Name the person who looks after an incident; the last one named counts. ConfigError for an unknown one."""
        with changing(self._engine) as connection:
            _known(connection, incident)
            row = {"incident_id": incident, "who": clean(who), "at": now}
            connection.execute(upsert(connection, incident_owners, ("incident_id",), ("who", "at")), [row])

    def note_incident(self, incident: int, text: str, *, author: str, now: datetime) -> int:
        """Write a note about an incident; returns its number. Raises ConfigError for an unknown incident."""
        with changing(self._engine) as connection:
            _known(connection, incident)
            row = {"incident_id": incident, "text": clean(text), "author": clean(author), "made_at": now}
            return int(connection.execute(insert(incident_notes).returning(incident_notes.c.id), row).scalar_one())


def open_annotations(url: str, *, busy_timeout: float = BUSY_SECONDS) -> Annotations:
    """Open for annotations. Raises SchemaMismatch naming `uproar migrate`; never makes a database.

    On SQLite an authorizer refuses every statement that would write another table.
    """
    engine = make_engine(url, "write", busy_timeout=busy_timeout)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _guard)
    try:
        check_schema(engine, url)
    except BaseException:
        engine.dispose()
        raise
    return Annotations(engine)


def _guard(connection: sqlite3.Connection, _: object) -> None:
    connection.set_authorizer(_authorize)


def _authorize(action: int, table: str | None, *_: object) -> int:
    refused = action in _WRITES and table not in WRITABLE
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def _post(connection: Connection, source: str, post_id: str) -> int:
    for number in posts_by_name(connection, [(source, post_id)]):
        return number
    raise ConfigError(f"the store holds no such post of {source!r}; it may have been deleted")


def _known(connection: Connection, incident: int) -> None:
    if connection.scalar(select(incidents.c.id).where(incidents.c.id == incident)) is None:
        raise ConfigError(f"there is no incident {incident}; list them with: uproar incident list")
