"""Verbs `alerts list|send|test`."""

from __future__ import annotations

from typing import Annotated

import typer

from core.errors import AlertNotSent, ConfigError
from uproar.output import plain, rows_of, say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import AnyWatch, Json

alerts = typer.Typer(no_args_is_help=True, help="Incidents and their delivery.")
SHOWN = ("id", "watch", "opened_at", "closed_at", "hour", "negative", "relevant", "share", "expected", "calibrated",
         "acknowledged_by", "sentence")  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(watch: AnyWatch = None, json: Json = False) -> None:
    """Incidents, newest first, with what became of their messages."""
    session = open_session()
    name = session.watch(watch).name if watch else None
    with session.reader() as reader:
        sent = rows_of(reader.deliveries())
        rows = [{**row, "deliveries": [d for d in sent if d["incident"] == row["id"]]}
                for row in rows_of(reader.incidents(name))]  # fmt: skip
    write_json(rows) if json else write_table(rows, SHOWN)


@alerts.command()
def send(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would go out; send nothing.")] = False,
    json: Json = False,
) -> None:
    """Deliver what is due; exit 4 when a channel did not take its message (it stays in the outbox)."""
    from alerts.outbox import Result
    from uproar.steps.alert import send_alerts

    session = open_session()
    with session.store() as store, session.reader() as reader:
        done = send_alerts(session, store, reader, dry_run=dry_run)
    rows = [{"incident": a.incident, "channel": a.channel, "kind": a.kind, "result": a.result.value, "reason": a.reason,
             "retry_at": plain(a.retry_at)} for a in done.attempts]  # fmt: skip
    if json:
        write_json([{**row, "title": a.message.title, "body": a.message.body} if a.message else row
                    for row, a in zip(rows, done.attempts, strict=True)])  # fmt: skip
    else:
        write_table(rows, ("incident", "channel", "kind", "result", "reason", "retry_at"))
        if dry_run:
            for message in (a.message for a in done.attempts if a.message):
                say(f"\n{message.title}\n\n{message.body}")
    if done.count(Result.RETRY) or done.count(Result.GAVE_UP):
        raise typer.Exit(AlertNotSent.exit_code)


@alerts.command()
def test(channel: Annotated[str, typer.Argument(help="A channel, as UPROAR_CHANNELS__<NAME> names it.")]) -> None:
    """Send a test message to one channel; exit 4 when it is not taken."""
    from alerts.channels import known, load_channels
    from alerts.message import test_message

    session = open_session()
    channels = load_channels(session.settings, strict=False)
    if channel.lower() not in channels:
        raise ConfigError(f"no channel {channel!r}. Set UPROAR_CHANNELS__{channel.upper()}. Known: {known(channels)}")
    channels[channel.lower()].send(test_message(channel, now=session.clock), f"test-{session.clock:%Y%m%dT%H%M%S}")
    say(f"{channel}: taken")
