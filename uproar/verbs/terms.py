"""Verbs `terms import|changes|diff`."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from core.errors import ConfigError
from core.http import Transport
from core.terms import Change, TermsReport
from core.watches import Watch, aware
from uproar.output import say, write_json, write_table
from uproar.session import MODEL, Session, open_session
from uproar.verbs.arguments import Json
from uproar.verbs.gather import progress_bar

if TYPE_CHECKING:
    from store import Reader, Store

verbs = typer.Typer(no_args_is_help=True, help="Documents of platforms: versions, changes, clauses.")
Service = Annotated[str, typer.Option(help="Whose document it is; default: the folder's name.")]
Document = Annotated[str, typer.Option(help='Which document, such as "Terms of Service".')]
COLUMNS = ("at", "service", "document", "status", "kind", "words_added", "words_removed", "effective", "amended",
           "classes", "id")  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(verbs, name="terms")


@verbs.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="An archive's repository, a folder of dated files, a text, or a URL.")],
    service: Service = "",
    document: Document = "",
    effective: Annotated[str, typer.Option(help="Of one text: since when it is in force (2024-02-12, 2024-02).")] = "",
    json: Json = False,
) -> None:
    """Read versions of documents and find what changed. Twice the same adds nothing; only what is new is read."""
    session = open_session()
    report = import_terms(session, source, service=service, document=document, effective=effective)
    row = asdict(report)
    write_json(row) if json else write_table([row])
    if report.rewritten:
        say("The repository's history was rewritten. It was read again as a whole; versions it no longer holds do not "
            "count, and none of this is a change.")  # fmt: skip
    if report.unusable:
        say(f"{report.unusable:,} captures are no text of their document; see: uproar terms changes --all --json")


def import_terms(session: Session, source: str, *, service: str = "", document: str = "", effective: str = ""
                 ) -> TermsReport:  # fmt: skip
    """Read one source, then bring every document that it touched up to date."""
    from terms.git import is_repository
    from terms.hand import supplied
    from uproar.steps import terms as step
    from uproar.steps.announced import announce_changes

    with session.store() as store, session.reader() as reader, progress_bar() as told:
        if urlsplit(source).scheme in ("http", "https"):
            with Transport(session.settings, interval=0.1) as transport:
                report, touched = step.import_collection(store, reader, source, transport, told=told)
        elif is_repository(path := Path(source)):
            report, touched = step.import_repository(store, path, told=told)
        elif path.is_dir():
            report, touched = step.import_folder(store, path, service=service, document=document, told=told)
        elif path.is_file():
            capture = supplied(path, service=service, document=document, effective=effective)
            report, touched = step.import_captures(store, f"file:{path.resolve()}", [capture])
        else:
            raise ConfigError(f"{source}: no repository, folder, text or http address")
        fresh = step.update_documents(store, reader, touched, now=session.clock)
        for watch in session.watches():
            announce_changes(store, reader, watch, clock=session.clock)
    return replace(report, documents=len(touched), changes=len(fresh))


def follow_terms(session: Session, store: Store, reader: Reader, watch: Watch) -> None:
    """One round for a watch: settle what was provisional, announce, and link posts to clauses."""
    from uproar.steps.announced import announce_changes
    from uproar.steps.cited import link_posts
    from uproar.steps.terms import update_documents

    update_documents(store, reader, set(), now=session.clock)
    announce_changes(store, reader, watch, clock=session.clock)
    link_posts(store, reader, watch, session.classifier(MODEL), clock=session.clock)


@verbs.command()
def changes(
    service: Annotated[str, typer.Argument(help="Only this platform.")] = "",
    document: Document = "",
    as_of: Annotated[str, typer.Option(help="As known at this time (with offset) or on this day (UTC).")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what is no real change, and bad captures.")] = False,
    json: Json = False,
) -> None:
    """Real changes of documents: flapping, other extractions, numbering, links and boilerplate are left out."""
    from reports import terms as report

    session = open_session()
    clock = _moment(as_of) if as_of else session.clock
    with session.reader() as reader:
        found = report.changes(reader, clock=clock, service=service, document=document, every=every, causal=bool(as_of))
        unusable = reader.terms_unusable(service)
        if json:
            shown = [report.change_document(reader, change) for change in found]
            write_json({"changes": shown, "unusable": unusable})
            return
    write_table([report.change_row(change) for change in found], COLUMNS)
    if every and unusable:
        write_table(unusable)


@verbs.command()
def diff(
    change: Annotated[str, typer.Argument(help="Id of a change, or a platform: then its latest change.")],
    document: Document = "",
    json: Json = False,
) -> None:
    """One change, clause by clause and word by word: [-gone-] {+new+}."""
    from reports import terms as report

    session = open_session()
    with session.reader() as reader:
        found = _find(report.changes(reader, clock=session.clock, document=document, every=True), change)
        whole = report.change_document(reader, found, words=True)
    if json:
        write_json(whole)
        return
    write_table([report.change_row(found)], COLUMNS)
    for clause in whole["clauses"]:
        _print_clause(clause)
    if (whole["after"] or {}).get("attribution"):
        say(whole["after"]["attribution"])


def _print_clause(clause: dict[str, Any]) -> None:
    from terms.redline import marked

    label = f"{clause['action']}: {clause['class']}, {clause['direction']}"
    typer.echo(f"--- {label}{' (' + clause['heading'] + ')' if clause['heading'] else ''}")
    typer.echo(marked([(kind, words) for kind, words in clause["words"]]) + "\n")


def _find(known: list[Change], asked: str) -> Change:
    from reports.terms import is_real

    for change in known:
        if change.id == asked:
            return change
    of_service = [c for c in known if c.service.casefold() == asked.casefold() and is_real(c)]
    if of_service:
        return of_service[-1]
    services = sorted({change.service for change in known})
    raise ConfigError(f"no change {asked!r}. Platforms with changes: {', '.join(services[:20]) or 'none'}. "
                      "Their ids: uproar terms changes")  # fmt: skip


def _moment(value: str) -> datetime:
    return aware(f"{value}T23:59:59Z" if len(value) == 10 else value, "--as-of")
