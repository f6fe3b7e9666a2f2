"""The fast path under SQLAlchemy's statement layer: many plain tuples straight to the driver."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from store.engine import is_sqlite
from store.statements import chunks

IN_LIST = 1000


def insert_many(connection: Connection, table: str, columns: Sequence[str], rows: Collection[Sequence[Any]]) -> None:
    """Insert rows known to be new: prepared statements on SQLite, COPY on PostgreSQL."""
    if not rows:
        return
    names = ", ".join(columns)
    if is_sqlite(connection):
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(map(tuple, rows)))
        return
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.close()


def run_many(connection: Connection, sql: str, rows: Collection[tuple[Any, ...]]) -> None:
    """Run `sql` (marks "?") once per row; nothing for no rows."""
    if rows:
        connection.exec_driver_sql(_marks(connection, sql), list(rows))


def select_in(
    connection: Connection, sql: str, values: Collection[Any], before: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows of `sql`, whose "IN {}" stands for `values` (in parts) and whose earlier marks "?" for `before`."""
    for part in chunks(values, IN_LIST):
        statement = sql.replace("{}", f"({', '.join('?' * len(part))})")
        yield from connection.exec_driver_sql(_marks(connection, statement), (*before, *part))


def _marks(connection: Connection, sql: str) -> str:
    return sql if is_sqlite(connection) else sql.replace("?", "%s")
