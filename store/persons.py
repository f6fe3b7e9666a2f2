"""Everything that is held of a person: what they wrote, links to it, copies of it, and posts that name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, false, func, or_, select

from core.identities import Identity
from core.records import SENTIMENTS
from core.text import clean
from store.bulk import select_in
from store.engine import reading
from store.handle import KeyedHandle
from store.registry import shown_model
from store.schema import posts, sources
from store.statements import names

OWN = ("author", "id", "link")
"""Relations of posts that are the person's own, or the very post that was asked for."""
_MORE = {
    "watches": "SELECT s.post, w.name FROM sightings s JOIN watches w ON w.id = s.watch_id WHERE s.post IN {}",
    "labels": "SELECT post, value FROM labels WHERE post IN {}",
    "tags": "SELECT post, tag FROM tags WHERE post IN {}",
    "exports": "SELECT p.post, l.path_name FROM export_posts p JOIN export_log l ON l.id = p.export_id "
    "WHERE p.post IN {}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trace:
    """A stored post that belongs to a person's request, and by what `relation`: author, id, link, repost, quote or
    mention. `labels`, `tags` and `exports` are what hangs on it; `sentiment` is the shown model's, "" without one.
    """

    source: str
    id: str
    relation: str
    created_at: datetime
    collected_at: datetime
    kind: str
    community: str
    url: str
    text: str
    watches: tuple[str, ...] = ()
    sentiment: str = ""
    labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()


class PersonSearcher(KeyedHandle):
    """The part of `Store` that finds a person. It takes the keys: authors are stored as pseudonyms."""

    def traces(self, who: Identity) -> list[Trace]:
        """Posts held of `who`, by source and time: authors under every version of the key, ids, links, reposts and
        quotes of those, and posts that mention them. A scan of all texts: requests are rare.
        """
        with reading(self._engine) as connection:
            known = names(connection, sources)
            chosen = {n: name for n, name in known.items() if not who.source or name == clean(who.source)}
            found: dict[int, tuple[str, Row[Any]]] = {}
            for number, source in chosen.items():
                _add(found, _own(connection, number, who, self._pseudonyms(source, who)))
            _add(found, _copies(connection, [row for _, row in found.values()]))
            for number in chosen:
                _add(found, _mentions(connection, number, who))
            hanging = {field: _grouped(select_in(connection, sql, list(found))) for field, sql in _MORE.items()}
            moods = _moods(connection, [row for _, row in found.values()])
        made = [_trace(known[row.source_id], relation, row, hanging, moods) for relation, row in found.values()]
        return sorted(made, key=lambda trace: (trace.source, trace.created_at, trace.id))

    def _pseudonyms(self, source: str, who: Identity) -> list[str]:
        return [name for account in who.accounts for name in self._keys.authors(source, clean(account))]


def _add(found: dict[int, tuple[str, Row[Any]]], rows: Iterable[tuple[str, Row[Any]]]) -> None:
    for relation, row in rows:
        found.setdefault(row.id, (relation, row))


def _own(
    connection: Connection, source_id: int, who: Identity, pseudonyms: Sequence[str]
) -> list[tuple[str, Row[Any]]]:
    ids = [clean(name) for name in who.ids]
    links = (posts.c.url, posts.c.post_id)
    near = [_contains(column, part) for column in links for part in who.addresses]
    where = or_(posts.c.author.in_(pseudonyms), posts.c.post_id.in_(ids), posts.c.url.in_(ids), *near)
    found = []
    for row in connection.execute(select(posts).where(posts.c.source_id == source_id, where)):
        if row.author in pseudonyms and row.author:
            found.append(("author", row))
        elif row.post_id in ids:
            found.append(("id", row))
        elif row.url in ids or who.addresses_in(row.url) or who.addresses_in(row.post_id):
            found.append(("link", row))
    return found


def _copies(connection: Connection, own: Sequence[Row[Any]]) -> list[tuple[str, Row[Any]]]:
    """Reposts by what they refer to or, where they do not say, by their text; quotes by what they refer to."""
    found = []
    for source_id in {row.source_id for row in own}:
        mine = [row for row in own if row.source_id == source_id]
        ids, texts = {row.post_id for row in mine}, {bytes(row.text_key) for row in mine}
        copies = select(posts).where(posts.c.source_id == source_id, posts.c.kind.in_(("repost", "quote")))
        for row in connection.execute(copies):
            same = row.kind == "repost" and not row.parent_id and bytes(row.text_key) in texts
            if row.parent_id in ids or same:
                found.append((row.kind, row))
    return found


def _mentions(connection: Connection, source_id: int, who: Identity) -> list[tuple[str, Row[Any]]]:
    near = [_contains(posts.c.text, part) for part in (*who.mentions, *who.addresses)]
    query = select(posts).where(posts.c.source_id == source_id, or_(false(), *near))
    return [("mention", row) for row in connection.execute(query) if who.mentioned_in(row.text)]


def _contains(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    return func.lower(column).contains(part, autoescape=True)


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for post, value in rows:
        found.setdefault(post, []).append(value)
    return found


def _moods(connection: Connection, rows: Sequence[Row[Any]]) -> dict[bytes, str]:
    model, _, _ = shown_model(connection, None)
    sql = "SELECT text_key, sentiment FROM scores WHERE model_id = ? AND text_key IN {}"
    keys = {bytes(row.text_key) for row in rows}
    return {
        bytes(key): "" if mood is None else SENTIMENTS[mood] for key, mood in select_in(connection, sql, keys, (model,))
    }


def _trace(
    source: str, relation: str, row: Row[Any], hanging: dict[str, dict[int, list[str]]], moods: dict[bytes, str]
) -> Trace:
    more = {field: tuple(sorted(set(values.get(row.id, ())))) for field, values in hanging.items()}
    return Trace(
        source, row.post_id, relation, row.created_at, row.collected_at, row.kind, row.community, row.url, row.text,
        sentiment=moods.get(bytes(row.text_key), ""), watches=more["watches"], labels=more["labels"],
        tags=more["tags"], exports=more["exports"],
    )  # fmt: skip
