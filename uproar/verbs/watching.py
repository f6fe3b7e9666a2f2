"""Verbs `watch list|new|check` and `announce`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from collectors.registry import COLLECTORS
from core.announcements import announcement_from_table
from core.errors import ConfigError
from core.records import Announcement
from core.services import load_services
from core.tables import suggest
from core.watch_file import first_moment, new_watch, watch_text
from core.watches import Watch
from uproar.output import plain, say, write_json, write_table
from uproar.preview import Preview, preview
from uproar.proposal import proposal
from uproar.session import Session, open_session
from uproar.verbs.arguments import Json, WatchName
from uproar.verbs.gather import collect_all

watches = typer.Typer(no_args_is_help=True, help="The subjects that are followed.")
KEYLESS = ("hackernews",)


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(watches, name="watch")
    app.command()(announce)


@watches.command("list")
def list_watches(json: Json = False) -> None:
    """Every watch with its file."""
    rows = [_row(w) for w in open_session().watches()]
    write_json(rows) if json else write_table(rows, ("watch", "title", "platform", "since", "sources", "file"))


@watches.command()
def check(watch: WatchName, json: Json = False) -> None:
    """Read a watch file and say whether it is valid (exit 3 when not)."""
    row = _row(open_session().watch(watch))
    write_json(row) if json else write_table([row])


@watches.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    platform: Annotated[str, typer.Option(help="Whose terms they are, such as SoundCloud.")],
    terms: Annotated[str, typer.Option(help='What to match: words, "phrases", AND OR NOT, #hashtags.')],
    since: Annotated[str, typer.Option(help="First moment to follow: a day or a time with offset.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA zone of your days.")] = "UTC",
    source: Annotated[list[str] | None, typer.Option("--source", help="A collector (repeatable).")] = None,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="An alert channel (repeatable).")] = None,
    backfill: Annotated[bool, typer.Option("--backfill/--no-backfill", help="Collect the past at once.")] = True,
    json: Json = False,
) -> None:
    """Write a watch file, show what it would bring (posts a day, price, samples, share relevant), and back-fill it."""
    session = open_session()
    folder = session.settings.home / "watches"
    for wanted in source or ():
        if wanted not in COLLECTORS:
            raise ConfigError(f"no collector {wanted!r}. Known: {', '.join(sorted(COLLECTORS))}")
    text = watch_text(
        name, platform, terms, since=first_moment(since, session.clock), timezone=timezone,
        sources=source or KEYLESS, channels=channel or (),
    )  # fmt: skip
    watch = new_watch(folder, name, text)
    path = watch.path
    previews = [preview(session, watch, rule) for rule in watch.sources]
    rows = [_preview_row(p) for p in previews]
    if json:
        write_json({"file": str(path), "sources": rows, "samples": [s for p in previews for s in p.samples]})
    else:
        write_table(rows)
        for text in [s for p in previews for s in p.samples][:20]:
            say(f"  - {' '.join(text.split())[:160]}")
    say(f"written: {path}")
    if backfill:
        failed = [r for r in collect_all(session, [(watch, rule) for rule in watch.sources], since=None) if r.error]
        if failed:
            raise typer.Exit(4)


@watches.command()
def propose(
    radar: Annotated[str, typer.Argument(help="A radar watch, such as radar.")] = "radar",
    service: Annotated[str, typer.Argument(help="A known service; by default every one with an open spike.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write it into your watches, unless one is there.")] = False,
) -> None:
    """Print a watch file for a service that the radar has found, or write it."""
    session = open_session()
    found = session.watch(radar)
    if not found.is_radar:
        raise ConfigError(f"{radar} is no radar: its file needs radar = true")
    services = {known.name: known for known in load_services()}
    if service and service.lower() not in services:
        raise ConfigError(f"no service {service!r} in data/services.toml. {suggest(service, sorted(services))}")
    names = [service.lower()] if service else _spiking(session, found)
    if not names:
        say("no service on the radar has an open spike; name one to have its file anyway")
    for name in names:
        text = proposal(found, services[name], now=session.clock)
        if not write:
            sys.stdout.write(text)
            continue
        made = new_watch(session.settings.home / "watches", f"{name}-terms", text)
        say(f"written: {made.path}")


def _spiking(session: Session, radar: Watch) -> list[str]:
    with session.reader() as reader:
        rows = reader.incidents()
    names = rows.loc[rows["closed_at"].isna(), "watch"]
    return sorted({str(n).removeprefix(f"{radar.name}-") for n in names if str(n).startswith(f"{radar.name}-")})


def announce(
    watch: WatchName,
    kind: Annotated[str, typer.Option(help="terms_change, discovery, press, statement, reversal or other.")],
    at: Annotated[str, typer.Option(help="A time with offset, a day, a month, or day/day.")],
    title: Annotated[str, typer.Option(help="One line for the timeline.")],
    url: Annotated[list[str] | None, typer.Option("--url", help="A page that says so (repeatable).")] = None,
    text: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="File with the wording.")] = None,
    zone: Annotated[str, typer.Option(help="IANA zone of a day or month; default: the watch's.")] = "",
    json: Json = False,
) -> None:
    """Add a dated event to a watch; twice the same adds nothing."""
    session = open_session()
    found = session.watch(watch)
    table = {"kind": kind, "at": at, "title": title, "sources": url or [], "zone": zone or found.timezone,
             "wording": text.read_text(encoding="utf-8") if text else ""}  # fmt: skip
    made = announcement_from_table(table, "announce")
    event = Announcement(**{field: getattr(made, field) for field in made.__slots__} | {"origin": "cli"})
    with session.store() as store:
        store.register_watch(found.name, subject=found.platform)
        store.save_announcement(found.name, event)
    row = {"id": event.id, "start": plain(event.start), "end": plain(event.end), "precision": event.precision}
    write_json(row) if json else write_table([row])


def _row(watch: Watch) -> dict[str, object]:
    return {"watch": watch.name, "title": watch.title, "platform": watch.platform, "since": plain(watch.since),
            "as_of": plain(watch.as_of), "sources": ", ".join(s.name for s in watch.sources) or "files only",
            "announcements": len(watch.announcements), "file": str(watch.path)}  # fmt: skip


def _preview_row(found: Preview) -> dict[str, object]:
    return {"source": found.source, "posts_a_day": found.posts_a_day, "price_usd": found.price,
            "share_relevant": found.share_relevant, "looked_at": found.looked_at, "remark": found.remark}  # fmt: skip
