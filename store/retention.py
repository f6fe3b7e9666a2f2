"""Which posts have been kept for long enough."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from core.text import clean
from store.engine import reading
from store.handle import Handle
from store.schema import posts, sightings, sources, watches
from store.statements import find_number


class RetentionWriter(Handle):
    """The part of `Store` that knows how long posts have been kept."""

    def kept_since_before(
        self, source: str, before: datetime, *, watch: str | None = None, spare: Collection[str] = ()
    ) -> list[str]:
        """Ids of the posts of `source` that were last collected before that moment, of one watch or of all.

        Posts of the watches in `spare` (replays) are left out.
        """
        with reading(self._engine) as connection:
            number = find_number(connection, sources, clean(source))
            query = select(posts.c.post_id).where(posts.c.source_id == number, posts.c.collected_at < before)
            held = select(sightings.c.post).where(sightings.c.post == posts.c.id)
            if watch is not None:
                query = query.where(
                    held.where(sightings.c.watch_id == find_number(connection, watches, watch)).exists()
                )
            if spare:
                spared = select(watches.c.id).where(watches.c.name.in_(list(spare)))
                query = query.where(~held.where(sightings.c.watch_id.in_(spared)).exists())
            return list(connection.scalars(query.order_by(posts.c.id)))

    def all_sources(self) -> list[str]:
        """The sources of which any post was ever held, sorted."""
        with reading(self._engine) as connection:
            return list(connection.scalars(select(sources.c.name).order_by(sources.c.name)))
