"""Verbs `incident list|show|own|ack|note`."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from core.errors import ConfigError
from uproar.output import rows_of, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.verbs.arguments import AnyWatch, Json

incident = typer.Typer(no_args_is_help=True, help="Open and past incidents: who looks after them, what was told.")
Number = Annotated[int, typer.Argument(help="Number of an incident, as `uproar incident list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who says so; by default your user name.")]
SHOWN = ("id", "watch", "rule", "subject", "opened_at", "closed_at", "last_hour", "negative", "relevant", "owner",
         "acknowledged_by", "sentence")  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(incident, name="incident")


@incident.command("list")
def list_incidents(
    watch: AnyWatch = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    json: Json = False,
) -> None:
    """Incidents of every rule, newest first."""
    session = open_session()
    name = session.watch(watch).name if watch else None
    with session.reader() as reader:
        rows = rows_of(reader.incidents(name, every_rule=True))
    rows = [row for row in rows if not open_only or row["closed_at"] is None]
    write_json(rows) if json else write_table(rows, SHOWN)


@incident.command()
def show(number: Number, json: Json = False) -> None:
    """One incident: its figures, what was told since, notes, and what became of every message."""
    session = open_session()
    with session.reader() as reader:
        found = _row(session, number)
        parts = {
            "updates": [{k: v for k, v in row.items() if k != "figures"} for row in rows_of(reader.updates(number))],
            "notes": rows_of(reader.incident_notes(number)),
            "deliveries": rows_of(reader.deliveries(number)),
        }
    if json:
        write_json({**found, **parts})
        return
    write_table([{"what": name, "value": value} for name, value in found.items()])
    for name, rows in parts.items():
        if rows:
            say(f"\n{name}")
            write_table([{k: v for k, v in row.items() if k != "incident"} for row in rows])


@incident.command()
def own(
    number: Number,
    who: Annotated[str, typer.Argument(help="Who looks after it from now on; by default you.")] = "",
    json: Json = False,
) -> None:
    """Name who looks after an incident; the last one named counts."""
    session = open_session()
    name = named(who)
    with session.annotations() as annotations:
        annotations.own(number, name, session.clock)
    _done(session, number, f"incident {number}: {name} looks after it", json=json)


@incident.command()
def ack(number: Number, by: By = "", json: Json = False) -> None:
    """Say that somebody has seen an incident: it does not go to the second channels any more."""
    session = open_session()
    name = named(by)
    with session.annotations() as annotations:
        annotations.acknowledge(number, name, session.clock)
    _done(session, number, f"incident {number}: acknowledged", json=json)


@incident.command()
def note(
    number: Number, text: Annotated[str, typer.Argument(help="The note.")], by: By = "", json: Json = False
) -> None:
    """Write a note about an incident; it stays here and is not sent."""
    session = open_session()
    if not text.strip():
        raise ConfigError("a note needs words")
    with session.annotations() as annotations:
        annotations.note_incident(number, text.strip(), author=named(by), now=session.clock)
    _done(session, number, f"incident {number}: noted", json=json)


def _done(session: Session, number: int, words: str, *, json: bool) -> None:
    if json:
        write_json(_row(session, number))
    say(words)


def _row(session: Session, number: int) -> dict[str, Any]:
    with session.reader() as reader:
        found = [row for row in rows_of(reader.incidents(every_rule=True)) if row["id"] == number]
    if not found:
        raise ConfigError(f"there is no incident {number}; list them with: uproar incident list")
    return found[0]


def named(given: str) -> str:
    """The name given, else that of the user. Raises ConfigError where there is none."""
    if given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user entry
        raise ConfigError("name yourself: this machine knows no user name (own NUMBER NAME, --by NAME)") from None
