"""The three handles: what each may do, what it refuses, and whom it tells about it."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from factories import T0, make_post, make_query
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from store_fixtures import save

from core.errors import ConfigError, SchemaMismatch, StoreBusy, StoreUnwritable
from core.keys import Keys
from core.records import Outcome
from core.settings import PROJECT
from store import Annotations, migrate, open_annotations, open_reader, open_store
from store.engine import make_engine, reading, shown, writing
from store.schema import REVISION, metadata

OPENERS = {
    "store": lambda url: open_store(url, Keys(b"k" * 32)),
    "reader": open_reader,
    "annotations": open_annotations,
}
opener = pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS.keys())


def run(url, statement, mode="write"):
    engine = make_engine(url, mode)
    try:
        with writing(engine) as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def test_migrating_twice_is_once(bare_url, keys):
    assert migrate(bare_url) == migrate(bare_url, keys=keys) == REVISION
    with open_store(bare_url, keys) as store:
        save(store, make_post())


def test_two_that_migrate_at_once_do_it_once(bare_url):
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(migrate, [bare_url] * 4)) == {REVISION}


def test_the_migrations_make_what_the_program_expects(store_url):
    engine = make_engine(store_url, "write")
    with reading(engine) as connection:
        options = {"include_object": lambda _, name, *__: not name.startswith("posts_fts") and name != "search"}
        context = MigrationContext.configure(connection, opts=options)
        changes = [c for c in compare_metadata(context, metadata) if not str(c).count("posts_by_word")]
        assert changes == []
        assert set(inspect(connection).get_table_names()) >= set(metadata.tables)
    engine.dispose()


def test_the_head_of_the_migrations_is_the_schema_of_the_program():
    assert ScriptDirectory(str(PROJECT / "store" / "migrations")).get_current_head() == REVISION


@opener
def test_an_unmigrated_database_is_refused_with_the_command(bare_url, opener):
    with pytest.raises(SchemaMismatch, match="uproar migrate"):
        opener(bare_url)


@opener
@pytest.mark.parametrize(("found", "advice"), [("0000", "uproar migrate"), ("9999", "update Uproar")])
def test_another_schema_is_refused(store_url, opener, found, advice):
    run(store_url, f"UPDATE alembic_version SET version_num = '{found}'")
    with pytest.raises(SchemaMismatch, match=advice):
        opener(store_url)


def test_a_newer_database_is_not_migrated_down(store_url):
    run(store_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="newer"):
        migrate(store_url)


def test_no_handle_makes_a_file(tmp_path):
    for open_handle in OPENERS.values():
        with pytest.raises(SchemaMismatch, match="uproar migrate"):
            open_handle(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_file_is_for_its_user_alone(tmp_path):
    migrate(f"sqlite:///{tmp_path}/50%/new.db")
    assert (tmp_path / "50%" / "new.db").stat().st_mode & 0o777 == 0o600


def test_another_key_is_refused(store_url, keys):
    open_store(store_url, keys).close()
    with pytest.raises(ConfigError, match="UPROAR_AUTHOR_KEY"):
        open_store(store_url, Keys(b"x" * 32))
    with pytest.raises(ConfigError, match=keys.id):
        migrate(store_url, keys=Keys(b"x" * 32))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x@y/z", "nonsense", ""])
def test_other_databases_are_refused(url):
    with pytest.raises(ConfigError):
        open_reader(url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "text.db"
    path.write_text("not a database, but long enough to look at " * 100)
    with pytest.raises(ConfigError, match="no SQLite database"):
        open_reader(f"sqlite:///{path}")


def test_an_absent_server_is_a_setting_to_fix():
    url = "postgresql+psycopg://ann:hunter2@127.0.0.1:1/none"
    with pytest.raises(ConfigError, match="UPROAR_STORE") as failure:
        open_reader(url)
    assert "hunter2" not in str(failure.value)


def test_a_password_never_shows(caplog):
    url = "postgresql+psycopg://ann:hunter2@127.0.0.1:1/none"
    caplog.set_level(logging.DEBUG)
    assert "hunter2" not in shown(url) + repr(make_engine(url, "read"))
    with pytest.raises(ConfigError):
        migrate(url)
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("statement", [
    "DELETE FROM posts", "INSERT INTO meta VALUES ('a', 'b')", "UPDATE data_version SET value = 9", "DROP TABLE posts",
    "CREATE TABLE t (a INTEGER)",
])  # fmt: skip
def test_a_reader_cannot_write(store_url, statement):
    with pytest.raises(StoreUnwritable, match="read-only"):
        run(store_url, statement, mode="read")
    engine = make_engine(store_url, "read")
    with pytest.raises(StoreUnwritable, match="read-only"), reading(engine) as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_annotations_reach_their_tables_and_no_others(sqlite_url, keys):
    with open_annotations(sqlite_url) as annotations:
        for table in sorted(metadata.tables):
            with writing(annotations._engine) as connection:
                if table in {"announcements", "labels", "notes", "tags", "window_tags", "acknowledgements",
                             "export_log", "export_posts", "draws", "drawn", "shown", "texts_taken", "incident_owners",
                             "incident_notes"}:  # fmt: skip
                    connection.execute(text(f"DELETE FROM {table}"))
                elif table != "data_version":
                    with pytest.raises(DBAPIError, match=r"not authorized|prohibited"):
                        connection.execute(text(f"DELETE FROM {table}"))


def test_annotations_offer_no_more_than_they_should():
    offered = {name for name in dir(Annotations) if not name.startswith("_")}
    assert offered == {"acknowledge", "add_label", "add_note", "close", "log_export", "keep_shown",
                       "take_texts", "give_back_texts", "own", "note_incident", "draw", "label_drawn",
                       "save_announcement", "tag_posts", "untag_posts", "tag_window", "untag_window"}  # fmt: skip


def test_notes_are_read_back(store, reader, store_url):
    store.register_watch("acme")
    with open_annotations(store_url) as annotations:
        number = annotations.add_note("acme", T0, "The letter\x00 went out", "ann", T0)
        with pytest.raises(ConfigError, match="no watch 'nobody'"):
            annotations.add_note("nobody", T0, "x", "ann", T0)
        with pytest.raises(ConfigError, match="no such post"):
            annotations.add_label("forum", "none", head="stance", value="against", author="ann", now=T0)
    note = reader.notes("acme").iloc[0]
    assert note[["id", "text", "author"]].tolist() == [number, "The letter went out", "ann"]
    assert note["at"] == T0


def test_the_data_version_changes_with_every_write_that_shows(store, reader, store_url):
    seen = [reader.data_version()]

    def changed():
        seen.append(reader.data_version())
        return seen[-1] > seen[-2]

    store.register_watch("acme")
    assert changed()
    number = store.begin_run("acme", make_query(), now=T0)
    assert changed()
    save(store, make_post())
    assert changed()
    store.end_run(number, Outcome.OK, now=T0)
    assert changed()
    assert store.refresh_rollups() == 1
    assert changed()
    assert store.refresh_rollups() == 0
    assert not changed()
    with open_annotations(store_url) as annotations:
        annotations.add_note("acme", T0, "x", "ann", T0)
    assert changed()
    reader.watches()
    assert not changed()


def test_a_held_database_is_busy(store, store_url, keys):
    engine = make_engine(store_url, "write")
    with writing(engine), open_reader(store_url) as reader:
        with pytest.raises(StoreBusy, match="another process"), open_store(store_url, keys, busy_timeout=0.1) as second:
            second.register_watch("acme")
        assert reader.watches() == [], "reading goes on"
    engine.dispose()
    store.register_watch("acme")


def test_a_failed_statement_shows_no_values(store_url):
    engine = make_engine(store_url, "write")
    with pytest.raises(DBAPIError) as failure, writing(engine) as connection:
        connection.execute(text("INSERT INTO meta VALUES (:a, :b, :a)"), {"a": "secret text", "b": "x"})
    assert "secret text" not in str(failure.value)
    engine.dispose()


def test_sqlite_is_opened_as_it_should_be(sqlite_url, keys):
    with open_store(sqlite_url, keys) as store, reading(store._engine) as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "busy_timeout")
        }
        assert found == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 30_000}


def test_a_writing_transaction_is_immediate(sqlite_url, keys):
    with open_store(sqlite_url, keys) as store, writing(store._engine):
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_handles_close_with_their_block_and_hide_the_password(store_url):
    with open_reader(store_url) as reader:
        assert repr(reader).startswith("Reader(")
    assert reader._engine.pool.checkedin() == 0
