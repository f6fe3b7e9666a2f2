"""Which texts of posts cite which clause. Keyed by text, so a repost costs nothing and goes with its last post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import and_, delete, func, select

from core.terms import Link, Linkable
from store.counting import is_pending, is_relevant, sighted_posts
from store.engine import changing, reading
from store.frames import TIME, frame
from store.handle import Handle
from store.registry import shown_model
from store.schema import TOPIC_NUMBERS, announcements, posts, scores, sightings, terms_linked, terms_links, watches
from store.statements import chunks, find_number, upsert, watch_number

_LINKED = {
    "clause_id": "int64", "post": "int64", "side": "str", "how": "str", "score": "float64", "created_at": TIME,
    "relevant": "boolean", "sentiment": "Int64", "stance": "Int64",
}  # fmt: skip


class TermsLinkWriter(Handle):
    """The part of `Store` that keeps links."""

    def save_links(self, watch: str, links: Sequence[Link], *, digest: str, last_post: int) -> None:
        """Keep links and, with them, how far the posts of `watch` were read for the clauses named by `digest`."""
        with changing(self._engine) as connection:
            rows = [
                {"text_key": link.text_key, "clause_id": link.clause, "side": link.side, "how": link.how,
                 "score": link.score}
                for link in links
            ]  # fmt: skip
            for part in chunks(rows):
                key = ("clause_id", "text_key", "side")
                connection.execute(upsert(connection, terms_links, key, ("how", "score")), part)
            row = {"watch_id": watch_number(connection, watch), "digest": digest, "last_post": last_post}
            connection.execute(upsert(connection, terms_linked, ("watch_id",), ("digest", "last_post")), [row])

    def drop_announcement(self, watch: str, announcement: str) -> None:
        """Take out an announcement, as of a change that was withdrawn."""
        with changing(self._engine) as connection:
            number = find_number(connection, watches, watch)
            own = and_(announcements.c.watch_id == number, announcements.c.id == announcement)
            connection.execute(delete(announcements).where(own))


class TermsLinkReader(Handle):
    """The part of `Reader` that knows links."""

    def linked_until(self, watch: str, digest: str) -> int:
        """The last post that was read for the clauses named by `digest`; 0 where these are others."""
        query = (
            select(terms_linked.c.last_post)
            .join(watches, watches.c.id == terms_linked.c.watch_id)
            .where(watches.c.name == watch, terms_linked.c.digest == digest)
        )
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def linkable(self, watch: str, *, after: int, limit: int = 2000) -> list[Linkable]:
        """Posts of `watch` past number `after`, in order, up to the first that still waits for its score."""
        with reading(self._engine) as connection:
            watch_id = find_number(connection, watches, watch)
            number, _, subject = shown_model(connection, watch_id)
            query = (
                select(posts.c.id, posts.c.text_key, posts.c.text, is_relevant(), scores.c.topics, is_pending())
                .select_from(sighted_posts(number, subject))
                .where(sightings.c.watch_id == watch_id, posts.c.id > after)
                .order_by(posts.c.id)
                .limit(limit)
            )
            return list(_until_pending(connection.execute(query)))

    def linked_posts(self, watch: str, clauses: Sequence[int], *, until: datetime) -> pd.DataFrame:
        """One row per clause, side and post of `watch` written before `until`: columns as in `_LINKED`."""
        rows: list[tuple[Any, ...]] = []
        with reading(self._engine) as connection:
            watch_id = find_number(connection, watches, watch)
            number, _, subject = shown_model(connection, watch_id)
            base = sighted_posts(number, subject).join(terms_links, terms_links.c.text_key == posts.c.text_key)
            columns = (terms_links.c.clause_id, posts.c.id, terms_links.c.side, terms_links.c.how, terms_links.c.score,
                       posts.c.created_at, is_relevant(), scores.c.sentiment, scores.c.stance)  # fmt: skip
            for part in chunks(clauses):
                found = select(*columns).select_from(base).where(
                    sightings.c.watch_id == watch_id, terms_links.c.clause_id.in_(part), posts.c.created_at < until
                )  # fmt: skip
                rows += [tuple(row) for row in connection.execute(found)]
        return frame(rows, _LINKED)

    def links_elsewhere(self, clauses: Sequence[int]) -> dict[int, int]:
        """For clauses that any watch's posts cite: how many texts."""
        counted: dict[int, int] = {}
        with reading(self._engine) as connection:
            for part in chunks(clauses):
                query = (
                    select(terms_links.c.clause_id, func.count())
                    .where(terms_links.c.clause_id.in_(part))
                    .group_by(terms_links.c.clause_id)
                )
                counted |= {int(row[0]): int(row[1]) for row in connection.execute(query)}
        return counted


def _until_pending(rows: Any) -> Iterator[Linkable]:
    topics = {number: name for name, number in TOPIC_NUMBERS.items() if number}
    for post, key, text, relevant, bits, pending in rows:
        if pending:
            return
        found = tuple(name for number, name in topics.items() if (bits or 0) >> (number - 1) & 1)
        yield Linkable(post, bytes(key), text, bool(relevant), found)
