"""Fixtures that every test may use: databases of both kinds, settings with a home of their own, hypothesis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from postgres_server import PostgresServer, find_binaries

from core.keys import Keys
from core.settings import Settings, load_settings
from store import Reader, Store, migrate, open_reader, open_store

_RELAXED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile("uproar", deadline=None, suppress_health_check=_RELAXED)
hypothesis_settings.register_profile("thorough", deadline=None, suppress_health_check=_RELAXED, max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "uproar"))

_NUMBERS = count(1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home is a fresh folder."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def keys() -> Keys:
    """The same keys in every test."""
    return Keys(b"k" * 32)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared data folder; skips where it is absent, fails there when CI=true."""
    path = load_settings().shared_data
    if not path.is_dir():
        reason = f"{path} is absent: set UPROAR_SHARED_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; skips where none is installed, fails there when CI=true."""
    binaries = find_binaries()
    if binaries is None:
        reason = "PostgreSQL is not installed (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = PostgresServer(binaries)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> PostgresServer:
    """The server, with a migrated database "template" to copy."""
    _administer(postgres, "CREATE DATABASE template")
    migrate(postgres.url("template"))
    return postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "uproar.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that nobody has migrated."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield from _database(server, "template0")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database, for what is true of SQLite alone."""
    path = tmp_path / "uproar.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database of its own, not yet bound to keys; once on either database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres_template")
    yield from _database(server, "template")


def _database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.url(name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: PostgresServer, command: str) -> None:
    address = server.url("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]


@pytest.fixture
def store(store_url: str, keys: Keys) -> Iterator[Store]:
    """A store that is open for writing."""
    with open_store(store_url, keys) as opened:
        yield opened


@pytest.fixture
def reader(store: Store, store_url: str) -> Iterator[Reader]:
    """A reader of the same database."""
    with open_reader(store_url) as opened:
        yield opened
