"""Verbs `export posts|timeline|alerts|dictionary`, and `export --stale`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.watches import Watch
from uproar.output import rows_of, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, span
from uproar.verbs.reading import By

if TYPE_CHECKING:
    from exports.files import Exported, Log, Table
    from reports.themes import ThemesReport
    from store import Reader

exports = typer.Typer(
    help="Files of posts and figures: CSV, Excel, Parquet or JSON lines, formula-safe, stamped and logged.",
    invoke_without_command=True,
)
Out = Annotated[
    Path, typer.Option("--out", "-o", help="File to write (.csv, .xlsx, .parquet, .jsonl); replaced when complete.")
]
As = Annotated[str | None, typer.Option("--format", help="csv, xlsx, parquet or jsonl, whatever the file's name.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this platform (repeatable).")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="Only this language (repeatable).")]
STALE = ("id", "file", "watch", "kind", "rows", "deleted_since", "exported_at", "who")
Make = Callable[["Reader", Watch, "Log", str, datetime], "Table"]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(exports, name="export")


@exports.callback()
def export(
    context: typer.Context,
    stale: Annotated[bool, typer.Option("--stale", help="List the files that hold posts since deleted.")] = False,
    json: Json = False,
) -> None:
    """Files of posts and figures: CSV, Excel, Parquet or JSON lines, formula-safe, stamped and logged."""
    if context.invoked_subcommand is not None:
        return
    if not stale:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    with open_session().reader() as reader:
        found = reader.exports()
    rows = rows_of(found[found["deleted_since"] > 0].drop(columns="stamp"))
    if json:
        write_json(rows)
        return
    write_table(rows, STALE)
    if rows:
        say("These files hold posts that have been deleted since: make them again, or delete them.")


@exports.command()
def posts(
    watch: WatchName,
    out: Out,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    language: Languages = None,
    sentiment: Annotated[str, typer.Option(help="Only negative, neutral or positive posts that are relevant.")] = "",
    topic: Annotated[str, typer.Option(help="Only relevant posts on this topic.")] = "",
    search: Annotated[str, typer.Option(help='Only posts with these words or "phrases".')] = "",
    tag: Annotated[str, typer.Option(help="Only posts that a reader gave this tag.")] = "",
    x_texts: Annotated[int, typer.Option(min=0, help="Whole posts of X: at most 500 a person and day.")] = 0,
    identifiers: Annotated[bool, typer.Option(help="With ids, pseudonyms, and links and handles in texts.")] = True,
    format: As = None,
    json: Json = False,
) -> None:
    """The posts of a watch with their labels and probabilities, as the source's export policy allows."""
    from exports.posts import posts_table
    from store import PostFilter

    def make(reader: Reader, found: Watch, log: Log, who: str, now: datetime) -> Table:
        wanted = PostFilter(
            found.name, **span(since, until, found, now=now), sources=tuple(source or ()),
            languages=tuple(language or ()), sentiment=sentiment, topic=topic, search=search, tag=tag,
            relevant=True if sentiment or topic else None,
        )  # fmt: skip
        return posts_table(
            reader, found, clock=now, filter=wanted, identifiers=identifiers, texts={"x": x_texts} if x_texts else {},
            log=log, who=who,
        )  # fmt: skip

    _write(watch, out, format, make, json=json)


@exports.command()
def timeline(
    watch: WatchName,
    out: Out,
    by: Annotated[By, typer.Option(help="Rows of an hour (UTC) or of a day of the watch's zone.")] = By.HOUR,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    language: Languages = None,
    topic: Annotated[str, typer.Option(help="Only relevant posts on this topic.")] = "all",
    format: As = None,
    json: Json = False,
) -> None:
    """The timeline of a watch, every hour or day present, with coverage."""
    from exports.figures import timeline_table

    def make(reader: Reader, found: Watch, log: Log, who: str, now: datetime) -> Table:
        return timeline_table(
            reader, found, clock=now, by=by.value, sources=tuple(source or ()), languages=tuple(language or ()),
            topic=topic, **span(since, until, found, now=now),
        )  # fmt: skip

    _write(watch, out, format, make, json=json)


@exports.command()
def alerts(
    watch: WatchName, out: Out, since: Since = None, until: Until = None, format: As = None, json: Json = False
) -> None:
    """The incidents of a watch: what was decided, said and sent."""
    from exports.figures import alerts_table

    def make(reader: Reader, found: Watch, log: Log, who: str, now: datetime) -> Table:
        return alerts_table(reader, found, clock=now, **span(since, until, found, now=now))

    _write(watch, out, format, make, json=json)


@exports.command()
def effects(
    watch: WatchName,
    out: Out,
    announcement: Annotated[str | None, typer.Option(help="One announcement: its number by time, or its id.")] = None,
    format: As = None,
    json: Json = False,
) -> None:
    """What the announcements of a watch did, figure by figure, with the reason where nothing can be said."""
    from exports.figures import effects_table

    others = open_session().watches()

    def make(reader: Reader, found: Watch, log: Log, who: str, now: datetime) -> Table:
        return effects_table(reader, found, clock=now, announcement=announcement, others=others)

    _write(watch, out, format, make, json=json)


@exports.command()
def themes(
    watch: WatchName, out: Out, since: Since = None, until: Until = None, format: As = None, json: Json = False
) -> None:
    """What people say by theme and what they demand, in a window (default: the last seven days)."""
    from exports.figures import themes_table

    session = open_session()

    def make(reader: Reader, found: Watch, log: Log, who: str, now: datetime) -> Table:
        made = _read_themes(session, reader, found, **span(since, until, found, now=now))
        return themes_table(reader, found, made, clock=now)

    _write(watch, out, format, make, json=json)


@exports.command()
def chart(
    watch: WatchName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write: .svg or .png.")],
    kind: Annotated[str, typer.Option(help="timeline, share, topics, effects or themes.")] = "timeline",
    by: Annotated[By | None, typer.Option(help="Hours or days; days beyond two weeks.")] = None,
    since: Since = None,
    until: Until = None,
    dark: Annotated[bool, typer.Option("--dark", help="On a dark ground.")] = False,
    json: Json = False,
) -> None:
    """A chart as a picture, with n, interval, coverage, as-of time and zone in it, and how it was counted."""
    from charts.palette import DARK, LIGHT
    from exports.pictures import export_picture, picture

    session = open_session()
    found = session.watch(watch)
    with session.reader() as reader, session.annotations() as log:
        asked = span(since, until, found, now=session.clock)
        made = picture(
            reader, found, kind, clock=session.clock, by=by.value if by else "", colours=DARK if dark else LIGHT,
            others=session.watches() if kind == "effects" else (),
            themes=_read_themes(session, reader, found, **asked) if kind == "themes" else None, **asked,
        )  # fmt: skip
        export_picture(reader, made, out, log=log, who=getpass.getuser())
    row = {"id": made.stamp.id, "file": str(out)}
    write_json({**row, "counted": made.counted}) if json else write_table([row])
    say(made.counted)


@exports.command()
def pack(
    watch: WatchName,
    out: Annotated[Path, typer.Option("--out", "-o", help="The zip to write; replaced when complete.")],
    since: Since = None,
    until: Until = None,
    themes: Annotated[bool, typer.Option(help="With what people say, which reads every text.")] = True,
    json: Json = False,
) -> None:
    """The evidence in one zip: data, charts, terms, query, model, coverage and hashes. Check it with uproar verify."""
    from exports.pack import export_pack

    session = open_session()
    found = session.watch(watch)
    with session.reader() as reader, session.annotations() as log:
        now = session.clock
        asked = span(since, until, found, now=now)
        said = _read_themes(session, reader, found, **asked) if themes else None
        done = export_pack(
            reader,
            found,
            out,
            clock=now,
            log=log,
            who=getpass.getuser(),
            others=session.watches(),
            themes=said,
            **asked,
        )
    _tell(done, out, found.notice, json=json)


@exports.command()
def dictionary(
    kind: Annotated[str | None, typer.Argument(help="One kind of export; without it, all.")] = None,
    json: Json = False,
) -> None:
    """What every column of every export means, and of what it is a part."""
    from exports.dictionary import TABLES, columns_of

    rows = [
        {"export": name, "column": c.name, "kind": c.kind, "meaning": c.meaning, "part_of": c.denominator}
        for name in ([kind] if kind else TABLES)
        for c in columns_of(name)
    ]
    write_json(rows) if json else write_table(rows)


def _read_themes(session: Session, reader: Reader, watch: Watch, **asked: datetime | None) -> ThemesReport:
    from reports.theme_names import load_names
    from reports.themes import themes as report

    classifier = session.classifier()
    known = load_names(session.settings.home, watch, classifier.model)
    return report(reader, watch, classifier, clock=session.clock, known=known, **asked)


def _write(watch: str, out: Path, format: str | None, make: Make, *, json: bool) -> None:
    from exports.files import export_table
    from exports.formats import Format, format_of

    kind = format_of(Path(f"x.{format}")) if format else format_of(out)
    session = open_session()
    found, who = session.watch(watch), getpass.getuser()
    with session.reader() as reader, session.annotations() as log:
        table = make(reader, found, log, who, session.clock)
        done = export_table(table, out, format=Format(kind), log=log, who=who)
    _tell(done, out, found.notice, json=json)


def _tell(done: Exported, out: Path, notice: str, *, json: bool) -> None:
    row = {"id": done.id, "rows": done.rows, "file": str(out)}
    write_json(row) if json else write_table([row])
    for source, count in done.withheld.items():
        say(f"{count:,} posts of {source} are not in the file: its policy allows aggregates only")
    if notice:
        say(notice)
