"""Statements that SQLite and PostgreSQL both need, and the small numbers behind names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import Column, Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import is_sqlite
from store.schema import models, sources, watches

T = TypeVar("T")
CHUNK = 500
"""Values in one IN list: well below the 32,766 bind variables that SQLite and PostgreSQL accept."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`, in order."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of this connection's dialect, which knows ON CONFLICT."""
    return sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)


def upsert(
    connection: Connection, table: Table, key: Sequence[str], changes: Sequence[str]
) -> sqlite.Insert | postgresql.Insert:
    """INSERT that on a row of the same `key` overwrites `changes`; without changes the first row stays."""
    statement = insert_into(connection, table)
    if not changes:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    new = statement.excluded
    return statement.on_conflict_do_update(index_elements=list(key), set_={name: new[name] for name in changes})


def find_number(connection: Connection, table: Table, name: str) -> int | None:
    """The number of a watch, source or model; None where the store does not know the name."""
    return connection.scalar(select(_id(table)).where(table.c.name == name))


def watch_number(connection: Connection, name: str) -> int:
    """The number of a watch, made on first use."""
    row = {"name": name, "subject": "", "digest": ""}
    return _number(connection, watches, row)


def source_number(connection: Connection, name: str) -> int:
    """The number of a source, made on first use."""
    return _number(connection, sources, {"name": name})


def model_number(connection: Connection, name: str) -> int | None:
    """The number of a registered model, or None."""
    return find_number(connection, models, name)


def names(connection: Connection, table: Table) -> dict[int, str]:
    """Number -> name of every watch, source or model."""
    return {row.id: row.name for row in connection.execute(select(table.c.id, table.c.name))}


def _number(connection: Connection, table: Table, row: dict[str, str]) -> int:
    found = find_number(connection, table, row["name"])
    if found is None:
        connection.execute(upsert(connection, table, ("name",), ()), [row])
        found = find_number(connection, table, row["name"])
    assert found is not None
    return found


def _id(table: Table) -> Column[int]:
    column: Column[int] = table.c.id
    return column
