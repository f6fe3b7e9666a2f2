"""Full-text search: what a person typed, as data."""

from __future__ import annotations

import re
from enum import Enum

from sqlalchemy import ColumnElement, Connection, Integer, and_, column, false, func, literal_column, select, table
from sqlalchemy import text as sql

from core.text import clean
from store.engine import is_sqlite
from store.schema import posts

_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')
_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))
_MOST_CHARACTERS, _MOST_PHRASES = 500, 32
_FEW, _MANY = 20_000, 500_000
_FTS = table("posts_fts", column("rowid", Integer))


def phrases(search: str) -> list[str]:
    """The words and "quoted phrases" of a search, punctuation blanked; at most 32, of its first 500 characters."""
    parts = (quoted or word for quoted, word in _PARTS.findall(clean(search)[:_MOST_CHARACTERS]))
    found = (" ".join(part.translate(_PUNCTUATION).split()) for part in parts)
    return [phrase for phrase in found if any(map(str.isalnum, phrase))][:_MOST_PHRASES]


class Frequency(Enum):
    """How often a search finds a post, over the whole store: where a query best begins."""

    RARE, USUAL, FREQUENT = range(3)


def matches(connection: Connection, search: str, *, one_by_one: bool = False) -> ColumnElement[bool]:
    """Posts that hold every word and phrase of `search`; a search without a single word finds nothing.

    `one_by_one` asks the index of SQLite about each post instead of listing all that match.
    """
    wanted = phrases(search)
    if not wanted:
        return false()
    if is_sqlite(connection) and one_by_one:
        words = literal_column("posts_fts").op("MATCH")(_quoted(wanted))
        return select(_FTS.c.rowid).where(words, _FTS.c.rowid == posts.c.id).correlate(posts).exists()
    if is_sqlite(connection):
        found = sql("SELECT rowid FROM posts_fts WHERE posts_fts MATCH :words").bindparams(words=_quoted(wanted))
        return posts.c.id.in_(found.columns(column("rowid", Integer)))
    vector: ColumnElement[str] = literal_column("posts.search")
    return and_(*(vector.op("@@")(func.phraseto_tsquery(sql("'simple'"), phrase)) for phrase in wanted))


def frequency(connection: Connection, search: str) -> Frequency:
    """How often `search` finds a post; USUAL on PostgreSQL, whose planner knows by itself."""
    wanted = phrases(search)
    if not wanted or not is_sqlite(connection):
        return Frequency.USUAL
    some = sql("SELECT count(*) FROM (SELECT 1 FROM posts_fts WHERE posts_fts MATCH :words LIMIT :most)")
    found = int(connection.scalar(some, {"words": _quoted(wanted), "most": _MANY}) or 0)
    return Frequency.RARE if found < _FEW else Frequency.USUAL if found < _MANY else Frequency.FREQUENT


def _quoted(wanted: list[str]) -> str:
    # Within quotes FTS5 knows no operators.
    return " ".join(f'"{phrase}"' for phrase in wanted)
