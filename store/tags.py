"""Tags that readers give, to posts and to windows of a watch, each with who gave it and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import delete, func, select, tuple_

from core.errors import ConfigError
from core.text import clean
from store.engine import changing, reading
from store.export_log import known_watch, posts_by_name
from store.frames import TIME, frame
from store.handle import Handle
from store.schema import posts, sightings, sources, tags, watches, window_tags
from store.statements import find_number, upsert

LONGEST = 60
_USED = {"tag": "str", "posts": "int64", "at": TIME}
_GIVEN = {"source": "str", "id": "str", "tag": "str", "author": "str", "at": TIME}
_WINDOWS = {"since": TIME, "until": TIME, "tag": "str", "author": "str", "at": TIME}
PostNames = Sequence[tuple[str, str]]
"""Posts by (source, id)."""


class TagWriter(Handle):
    """The part of `Annotations` that tags."""

    def tag_posts(self, named: PostNames, *, tag: str, author: str, now: datetime) -> int:
        """Give posts a tag; who gave it first stays. Returns how many posts the store holds of `named`.

        Raises ConfigError for a tag that is empty or longer than `LONGEST`.
        """
        tag = _plain(tag)
        with changing(self._engine) as connection:
            row = {"tag": tag, "author": clean(author), "at": now}
            rows = [{"post": number, **row} for number in posts_by_name(connection, named)]
            if rows:
                connection.execute(upsert(connection, tags, ("post", "tag"), ()), rows)
        return len(rows)

    def untag_posts(self, named: PostNames, *, tag: str) -> None:
        """Take a tag away from posts, whoever gave it."""
        with changing(self._engine) as connection:
            for number in posts_by_name(connection, named):
                connection.execute(delete(tags).where(tags.c.post == number, tags.c.tag == _plain(tag)))

    def tag_window(
        self, watch: str, since: datetime, until: datetime, *, tag: str, author: str, now: datetime
    ) -> None:  # fmt: skip
        """Give [since, until) of a watch a tag; who gave it first stays. Raises ConfigError as `tag_posts` does."""
        row = {"since": since, "until": until, "tag": _plain(tag), "author": clean(author), "at": now}
        if since >= until:
            raise ConfigError("a window ends after it begins")
        with changing(self._engine) as connection:
            key = ("watch_id", "since", "until", "tag")
            row["watch_id"] = known_watch(connection, watch)
            connection.execute(upsert(connection, window_tags, key, ()), [row])

    def untag_window(self, watch: str, since: datetime, until: datetime, *, tag: str) -> None:
        """Take a tag away from a window, whoever gave it."""
        named = window_tags.c
        with changing(self._engine) as connection:
            here = (named.watch_id == known_watch(connection, watch), named.since == since, named.until == until)
            connection.execute(delete(window_tags).where(*here, named.tag == _plain(tag)))


class TagReader(Handle):
    """The part of `Reader` that knows tags."""

    def tags(self, watch: str) -> pd.DataFrame:
        """The tags of a watch's posts, the most used first: tag, posts, at (when it was last given)."""
        number = func.count()
        with reading(self._engine) as connection:
            query = (
                select(tags.c.tag, number, func.max(tags.c.at))
                .join(sightings, sightings.c.post == tags.c.post)
                .where(sightings.c.watch_id == find_number(connection, watches, watch))
                .group_by(tags.c.tag)
                .order_by(number.desc(), tags.c.tag)
            )
            return frame(connection.execute(query).all(), _USED)

    def post_tags(self, named: PostNames) -> pd.DataFrame:
        """The tags of some posts, by time: source, id, tag, author, at."""
        with reading(self._engine) as connection:
            query = (
                select(sources.c.name, posts.c.post_id, tags.c.tag, tags.c.author, tags.c.at)
                .join(posts, posts.c.id == tags.c.post)
                .join(sources, sources.c.id == posts.c.source_id)
                .where(tuple_(sources.c.name, posts.c.post_id).in_(list(named)))
                .order_by(tags.c.at, tags.c.tag)
            )
            return frame(connection.execute(query).all() if named else [], _GIVEN)

    def window_tags(self, watch: str) -> pd.DataFrame:
        """The tagged windows of a watch, the latest window first: since, until, tag, author, at."""
        with reading(self._engine) as connection:
            query = select(*(window_tags.c[name] for name in _WINDOWS))
            query = query.where(window_tags.c.watch_id == find_number(connection, watches, watch))
            query = query.order_by(window_tags.c.since.desc(), window_tags.c.tag)
            return frame(connection.execute(query).all(), _WINDOWS)


def _plain(tag: str) -> str:
    # Not cut short: another tag than the one that was typed would be a surprise.
    found = " ".join("".join(c if c.isprintable() else " " for c in clean(tag)).split())
    if not found or len(found) > LONGEST:
        raise ConfigError(f"a tag has 1 to {LONGEST} characters, such as: to answer")
    return found
