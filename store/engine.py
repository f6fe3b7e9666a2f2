"""Connections: how each database is opened, begun, locked and refused.

One writer at a time on both: `BEGIN IMMEDIATE` on SQLite, one advisory lock on PostgreSQL, so that what a
transaction reads cannot change before it writes, and the same reasoning holds for both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, update
from sqlalchemy.exc import ArgumentError, DBAPIError

from core.errors import ConfigError, SchemaMismatch, StoreBusy, StoreUnwritable
from store.schema import data_version

Mode = Literal["migrate", "write", "read"]
BUSY_SECONDS = 30.0
_SQLITE_MODE = {"migrate": "rwc", "write": "rw", "read": "ro"}
_WRITE_LOCK = 0x7570726F6172  # "uproar"; advisory locks belong to one database
# PostgreSQL: lock not available, deadlock, serialization failure, server shutting down.
# The same troubles in both dialects: disk full, read-only, input/output error.
_UNWRITABLE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, "53100", "25006", "58030"})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, "55P03", "40P01", "40001", "57P01", "57P03"})


def make_engine(url: str, mode: Mode, *, busy_timeout: float = BUSY_SECONDS) -> Engine:
    """An engine for `mode`. Raises ConfigError for another database than SQLite in a file or PostgreSQL.

    "read" cannot write: SQLite opens the file read-only, PostgreSQL refuses in the session. Only "migrate"
    makes a file. `busy_timeout` is the wait for another writer, in seconds, before StoreBusy.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("UPROAR_STORE is no database URL, such as postgresql+psycopg://user@host/uproar") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, mode, busy_timeout)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _postgresql(parsed.set(drivername="postgresql+psycopg"), mode, busy_timeout)
    raise ConfigError(f"{shown(url)}: Uproar speaks sqlite:///FILE and postgresql+psycopg://..., not this database")


def shown(url: str) -> str:
    """The URL as it may be logged: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _sqlite(url: URL, mode: Mode, busy_timeout: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError("sqlite: name a file, such as sqlite:///uproar.db; memory is not shared between processes")
    path = Path(url.database).absolute()
    if mode == "migrate":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # people's words: for this user alone; SQLite gives its side files the same mode

    def connect() -> sqlite3.Connection:
        address = f"file:{quote(str(path))}?mode={_SQLITE_MODE[mode]}"
        connection = sqlite3.connect(
            address, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
        )
        for pragma in _pragmas(mode):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(url, creator=connect, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _pragmas(mode: Mode) -> list[str]:
    if mode == "read":
        return ["query_only=ON", "cache_size=-32768", "temp_store=MEMORY"]
    # A write-ahead log that is not bounded grows with every long read; deleted rows are overwritten in place.
    return ["journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY",
            "wal_autocheckpoint=4000", "journal_size_limit=67108864", "secure_delete=FAST"]  # fmt: skip


def _postgresql(url: URL, mode: Mode, busy_timeout: float) -> Engine:
    options = f"-c lock_timeout={int(busy_timeout * 1000)} -c timezone=UTC"
    if mode == "read":
        options += " -c default_transaction_read_only=on"
    given = url.query.get("options", "")
    arguments: dict[str, Any] = {"options": f"{given} {options}".strip()}
    return create_engine(url, connect_args=arguments, hide_parameters=True, pool_pre_ping=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One writing transaction, alone from its first statement. Raises StoreBusy when another holds the lock."""
    with _translated(engine), engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            if not is_sqlite(connection):
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
            yield connection


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """`writing`, and readers learn from `data_version` that something shown may have changed."""
    with writing(engine) as connection:
        yield connection
        connection.execute(update(data_version).values(value=data_version.c.value + 1))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read-only snapshot: every statement sees the same state."""
    with _translated(engine), engine.connect() as connection:
        connection.execution_options(writes=False)
        with connection.begin():
            if not is_sqlite(connection):
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection


def is_sqlite(connection: Connection) -> bool:
    """Whether the connection speaks to SQLite; else it is PostgreSQL."""
    return connection.dialect.name == "sqlite"


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        code = _code(error.orig)
        if code in _BUSY:
            raise StoreBusy(f"{where}: another process holds the database; try again when it has finished") from None
        if code in _UNWRITABLE:
            raise StoreUnwritable(
                f"{where}: cannot be written: the disk is full, read-only or failing. Make room or give permission, "
                "then run again; what was saved before is kept"
            ) from None
        if code == sqlite3.SQLITE_CANTOPEN:
            raise SchemaMismatch(f"{where}: there is no database; make it with: uproar migrate") from None
        if code == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{where}: this file is no SQLite database; name another in UPROAR_STORE") from None
        if code is None and type(error.orig).__name__ == "OperationalError":  # no server said it
            raise ConfigError(f"{where}: PostgreSQL does not answer there; check UPROAR_STORE and the server") from None
        raise


def _code(original: BaseException | None) -> int | str | None:
    """SQLite's plain result code (the low byte of an extended one), or PostgreSQL's SQLSTATE; None without one."""
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", 0) & 0xFF
    return getattr(original, "sqlstate", None)
