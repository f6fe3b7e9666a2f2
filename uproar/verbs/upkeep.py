"""Verbs that look after the installation: `doctor`, `migrate`, `rollup`, `rejected`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError, UproarError
from core.settings import PROJECT
from core.watches import load_watches
from uproar.output import rows_of, say, write_json, write_table
from uproar.session import MODEL, Session, open_session
from uproar.verbs.arguments import AnyWatch, Json

ROOMS = (
    "core",
    "collectors",
    "terms",
    "store",
    "models",
    "analysis",
    "reports",
    "charts",
    "alerts",
    "exports",
    "dashboard",
    "uproar",
)


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    for verb in (doctor, migrate, rollup, rejected):
        app.command()(verb)


def doctor(json: Json = False) -> None:
    """Check rooms, settings, key, database, watches and model files; exit 3 when something needs a hand."""
    session = open_session()
    rows = [_checked(name, check, session) for name, check in _CHECKS.items()]
    write_json(rows) if json else write_table(rows)
    if any(row["ok"] == "no" for row in rows):
        raise typer.Exit(ConfigError.exit_code)


def migrate() -> None:
    """Bring the database to this version's schema (under a lock; safe to run twice)."""
    from store import migrate as run

    session = open_session()
    session.settings.home.mkdir(parents=True, exist_ok=True)
    say(f"schema: {run(session.settings.store_url, keys=session.settings.keys)}")


def rollup(
    watch: AnyWatch = None,
    check: Annotated[
        bool, typer.Option("--check", help="Recount everything and compare; exit 1 on a difference.")
    ] = False,
    json: Json = False,
) -> None:
    """Recompute the hours that changed, or prove that the stored hours equal a recount."""
    with open_session().store() as store:
        hours = store.refresh_rollups(watch=watch)
        differences = store.check_rollups() if check else []
    row = {"hours_updated": hours, **({"differences": len(differences)} if check else {})}
    write_json({**row, "details": differences} if check else row) if json else write_table([row])
    if differences:
        for line in differences[:20]:
            say(line)
        raise typer.Exit(1)


def rejected(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50, json: Json = False
) -> None:
    """Rows that could not be taken: source, line and reason, never their text."""
    with open_session().reader() as reader:
        rows = rows_of(reader.dead_letters(limit))
    write_json(rows) if json else write_table(rows)


def _checked(name: str, check, session: Session) -> dict[str, object]:  # type: ignore[no-untyped-def]
    try:
        return {"check": name, "ok": "yes", "detail": check(session)}
    except UproarError as error:
        return {"check": name, "ok": "no", "detail": str(error)}


def _rooms(session: Session) -> str:
    for room in ROOMS:
        module = importlib.import_module(room)
        home = Path(str(module.__file__)).resolve().parent.parent
        if home != PROJECT:
            raise ConfigError(
                f"{room} is loaded from {home}, not from {PROJECT}. Use an environment of its own: make demo"
            )
    return f"{len(ROOMS)} rooms from {PROJECT}, Python {sys.version.split()[0]}"


def _home(session: Session) -> str:
    return f"{session.settings.home} (key {', '.join(session.settings.keys.versions)})"


def _database(session: Session) -> str:
    with session.reader() as reader:
        return f"{len(reader.watches())} watches, active model {reader.active_model() or 'none yet'}"


def _watches(session: Session) -> str:
    return ", ".join(w.name for w in load_watches(session.settings.watch_folders)) or "none"


def _model(session: Session) -> str:
    return session.classifier(MODEL).model


def _channels(session: Session) -> str:
    from alerts.channels import load_channels

    return ", ".join(sorted(load_channels(session.settings))) or "none configured"


_CHECKS = {"rooms": _rooms, "home": _home, "database": _database, "watches": _watches, "model": _model,
           "channels": _channels}  # fmt: skip
