"""After a deletion on SQLite: the words leave the files too, not only the tables."""

from __future__ import annotations

from sqlalchemy import Engine

from store.engine import writing

_PAGES = 500
"""Index pages rewritten in one transaction; between two of them other writers get their turn."""


def scrub(engine: Engine) -> None:
    """Take the words of deleted posts out of SQLite's search index, and their text out of the write-ahead log.

    FTS5 only notes a deletion and drops the words when it merges its segments: they are merged into one, as its
    manual says for an incremental optimise. PostgreSQL leaves both to autovacuum.
    """
    if engine.dialect.name != "sqlite":
        return
    pages = -_PAGES  # negative once: begin with all segments; then go on until a step changes nothing
    while _merge(engine, pages):
        pages = _PAGES
    connection = engine.raw_connection()
    try:
        # Answers "busy" in a row instead of raising: then the next checkpoint does it.
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()


def _merge(engine: Engine, pages: int) -> bool:
    with writing(engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        before = driver.total_changes
        connection.exec_driver_sql("INSERT INTO posts_fts (posts_fts, rank) VALUES ('merge', ?)", (pages,))
        return bool(driver.total_changes - before >= 2)
