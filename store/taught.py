"""What people have said of posts by hand, with the text: what heads are retrained on."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import and_, exists, select

from store.engine import reading
from store.frames import TIME, frame
from store.handle import Handle
from store.schema import labels, posts, sightings, sources, watches
from store.statements import find_number

_COLUMNS = {
    "source": "str", "id": "str", "text": "str", "head": "str", "value": "str", "author": "str",
    "at": TIME,
}  # fmt: skip


class TaughtReader(Handle):
    """The part of `Reader` that knows labels."""

    def taught(self, *, watch: str | None = None) -> pd.DataFrame:
        """Every label given to a living post (of one watch), oldest first: source, id, text, head, value, author, at.

        Nothing is decided here: one reader may stand twice, and two may disagree.
        """
        query = (
            select(sources.c.name, posts.c.post_id, posts.c.text, labels.c.head, labels.c.value, labels.c.author,
                   labels.c.at)
            .join(posts, posts.c.id == labels.c.post)
            .join(sources, sources.c.id == posts.c.source_id)
            .order_by(labels.c.at, labels.c.id)
        )  # fmt: skip
        with reading(self._engine) as connection:
            if watch is not None:
                number = find_number(connection, watches, watch)
                seen = and_(sightings.c.post == posts.c.id, sightings.c.watch_id == number)
                query = query.where(exists(select(sightings.c.post).where(seen)))
            return frame(connection.execute(query).all(), _COLUMNS)
