"""Announcements made on the command line or found in terms; those of a watch file stay in the file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select

from core.records import Announcement, AnnouncementKind, Conflict
from core.text import clean
from store.engine import changing, reading
from store.handle import Handle
from store.schema import announcements, watches
from store.statements import upsert, watch_number

_KEY = ("watch_id", "id")


class AnnouncementWriter(Handle):
    """The part of `Store` that keeps announcements."""

    def save_announcement(self, watch: str, announcement: Announcement) -> None:
        """Keep an announcement of `watch`; one of the same id is replaced."""
        with changing(self._engine) as connection:
            row = {"watch_id": watch_number(connection, watch), **_row(announcement)}
            changes = [name for name in row if name not in _KEY]
            connection.execute(upsert(connection, announcements, _KEY, changes), [row])


class AnnouncementReader(Handle):
    """The part of `Reader` that knows announcements."""

    def announcements(self, watch: str) -> list[Announcement]:
        """The stored announcements of `watch`, by start, then id."""
        query = (
            select(announcements)
            .join(watches, watches.c.id == announcements.c.watch_id)
            .where(watches.c.name == watch)
            .order_by(announcements.c.start, announcements.c.id)
        )
        with reading(self._engine) as connection:
            return [_announcement(row) for row in connection.execute(query).mappings()]


def _row(announcement: Announcement) -> dict[str, Any]:
    conflicts = [[c.start, c.end, c.precision, c.source] for c in announcement.conflicts]
    texts = {
        name: clean(getattr(announcement, name)) for name in ("id", "precision", "zone", "title", "wording", "origin")
    }
    return {
        **texts,
        "kind": announcement.kind.value,
        "start": announcement.start,
        "end": announcement.end,
        "sources": orjson.dumps([clean(source) for source in announcement.sources]).decode(),
        "conflicts": orjson.dumps(conflicts).decode(),
    }


def _announcement(row: Any) -> Announcement:
    return Announcement(
        row["id"],
        AnnouncementKind(row["kind"]),
        row["start"],
        row["end"],
        row["precision"],
        row["zone"],
        row["title"],
        tuple(orjson.loads(row["sources"])),
        row["wording"],
        row["origin"],
        tuple(_conflict(*given) for given in orjson.loads(row["conflicts"])),
    )


def _conflict(start: str, end: str, precision: str, source: str) -> Conflict:
    return Conflict(datetime.fromisoformat(start).astimezone(UTC), datetime.fromisoformat(end).astimezone(UTC),
                    precision, source)  # fmt: skip
