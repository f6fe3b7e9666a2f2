"""Full-text search: what a person typed, as data."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, Connection, Integer, and_, column, false, func, literal_column
from sqlalchemy import text as sql

from core.text import clean
from store.engine import is_sqlite
from store.schema import posts

_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')
_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))
_MOST_CHARACTERS, _MOST_PHRASES = 500, 32
_FEW = 5000


def phrases(search: str) -> list[str]:
    """The words and "quoted phrases" of a search, punctuation blanked; at most 32, of its first 500 characters."""
    parts = (quoted or word for quoted, word in _PARTS.findall(clean(search)[:_MOST_CHARACTERS]))
    found = (" ".join(part.translate(_PUNCTUATION).split()) for part in parts)
    return [phrase for phrase in found if any(map(str.isalnum, phrase))][:_MOST_PHRASES]


def matches(connection: Connection, search: str) -> ColumnElement[bool]:
    """Posts that hold every word and phrase of `search`; a search without a single word finds nothing."""
    wanted = phrases(search)
    if not wanted:
        return false()
    if is_sqlite(connection):
        found = sql("SELECT rowid FROM posts_fts WHERE posts_fts MATCH :words").bindparams(words=_quoted(wanted))
        return posts.c.id.in_(found.columns(column("rowid", Integer)))
    vector: ColumnElement[str] = literal_column("posts.search")
    return and_(*(vector.op("@@")(func.phraseto_tsquery(sql("'simple'"), phrase)) for phrase in wanted))


def is_rare(connection: Connection, search: str) -> bool:
    """Whether a search finds so few posts that they are the place to begin. PostgreSQL's planner knows by itself."""
    wanted = phrases(search)
    if not wanted or not is_sqlite(connection):
        return False
    few = sql("SELECT count(*) FROM (SELECT 1 FROM posts_fts WHERE posts_fts MATCH :words LIMIT :most)")
    return bool(connection.scalar(few, {"words": _quoted(wanted), "most": _FEW}) < _FEW)


def _quoted(wanted: list[str]) -> str:
    # Within quotes FTS5 knows no operators.
    return " ".join(f'"{phrase}"' for phrase in wanted)
