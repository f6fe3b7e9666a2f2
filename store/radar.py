"""Child watches of a radar: they hold some of its posts, and nothing is stored twice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from store.engine import changing
from store.export_log import posts_by_name
from store.handle import Handle
from store.schema import dirty_hours, sightings
from store.statements import chunks, upsert, watch_number


class RadarWriter(Handle):
    """The part of `Store` that lets a watch hold what another watch has found."""

    def share_sightings(self, radar: str, child: str, posts: Sequence[tuple[str, str]]) -> int:
        """Let `child` hold those posts (source, id) that `radar` holds; returns how many were new to it.

        The reason is the radar's own. Hours of new ones are counted again; what the child holds stays as it is.
        """
        new = 0
        with changing(self._engine) as connection:
            radar_id, child_id = watch_number(connection, radar), watch_number(connection, child)
            for part in chunks(posts):
                numbers = list(posts_by_name(connection, part))
                of = select(sightings).where(sightings.c.post.in_(numbers))
                known = {row.post for row in connection.execute(of.where(sightings.c.watch_id == child_id))}
                found = connection.execute(of.where(sightings.c.watch_id == radar_id)).all()
                rows = [
                    {"post": r.post, "watch_id": child_id, "hour": r.hour, "source_id": r.source_id, "reason": r.reason}
                    for r in found if r.post not in known
                ]  # fmt: skip
                if rows:
                    connection.execute(upsert(connection, sightings, ("post", "watch_id"), ()), rows)
                    hours = [{"watch_id": child_id, "hour": hour} for hour in sorted({row["hour"] for row in rows})]
                    connection.execute(upsert(connection, dirty_hours, ("watch_id", "hour"), ()), hours)
                new += len(rows)
        return new
