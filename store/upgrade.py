"""The schema: made and brought up to date by Alembic, checked by every handle before it does anything else."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy import text as sql

from core.errors import ConfigError, SchemaMismatch
from core.keys import Keys
from store.engine import changing, make_engine, reading, shown, writing
from store.schema import REVISION, meta
from store.statements import upsert


def migrate(url: str, *, keys: Keys | None = None) -> str:
    """Make the database or bring it to this program's schema; returns the revision.

    One transaction under the writer's lock: two that start at once do it once, and a killed one leaves nothing.
    With `keys` the store is bound to them. Raises SchemaMismatch where the database is newer than the program.
    """
    engine = make_engine(url, "migrate")
    try:
        with writing(engine) as connection:
            found = _revision(connection)
            if found is not None and found > REVISION:
                raise SchemaMismatch(_newer(url, found))
            if found != REVISION:
                _upgrade(connection)
        if keys is not None:
            bind_keys(engine, keys)
    finally:
        engine.dispose()
    return REVISION


def check_schema(engine: Engine, url: str) -> None:
    """Raise SchemaMismatch unless the database has exactly this program's schema."""
    with reading(engine) as connection:
        found = _revision(connection)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise SchemaMismatch(_newer(url, found))
    state = "holds no Uproar schema" if found is None else f"has schema {found}, this program speaks {REVISION}"
    raise SchemaMismatch(f"{shown(url)} {state}; bring it up to date with: uproar migrate")


def bind_keys(engine: Engine, keys: Keys) -> None:
    """Bind the store to `keys` on first use; ConfigError when it is bound to others."""
    with reading(engine) as connection:
        known = connection.scalar(select(meta.c.value).where(meta.c.name == "key_id"))
    if known is None:
        with changing(engine) as connection:
            rows = [{"name": "key_id", "value": keys.id}]
            connection.execute(upsert(connection, meta, ("name",), ()), rows)
            known = connection.scalar(select(meta.c.value).where(meta.c.name == "key_id"))
    if known != keys.id:
        raise ConfigError(
            f"the database was made with the key {known}, this installation has {keys.id}: set UPROAR_AUTHOR_KEY to "
            "that key, or copy its author.key here; with another key authors and deleted posts are not recognised"
        )


def _newer(url: str, found: str) -> str:
    return (
        f"{shown(url)} has schema {found}, newer than this program ({REVISION}): update Uproar, or run its newer copy"
    )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sql("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    # Imported here: only this verb pays for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
