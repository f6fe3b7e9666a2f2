"""Verbs `statement check` and `statement landed`: a draft before it goes out, and what became of one that did."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InputUnusable
from reports.lifecycle import Lag, span_words
from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, day_after, span

statement = typer.Typer(no_args_is_help=True, help="A statement before and after it goes out.")
CHECKED = ("kind", "name", "people", "texts", "share", "spoken", "sentence_number")
LANDED = ("sign", "texts", "people", "share", "low", "high")
LARGEST = 200_000


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(statement, name="statement")


@statement.command()
def check(
    watch: WatchName,
    draft: Annotated[str, typer.Argument(help="File with the draft, or - for stdin. It is neither stored nor sent.")],
    since: Since = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Which of today's demands and objections a draft answers, touches or omits; and how long others took."""
    from reports.statement_check import check_statement
    from reports.theme_names import load_names

    session = open_session()
    found = session.watch(watch)
    text = read_text(draft)
    classifier = session.classifier()
    known = load_names(session.settings.home, found, classifier.model)
    with session.reader() as reader:
        made = check_statement(
            reader, found, classifier, text, clock=session.clock, known=known,
            **span(since, until, found, now=session.clock),
        )  # fmt: skip
    if json:
        write_json({
            "sentence": made.sentence, "rows": [asdict(row) for row in made.rows],
            "draft_sentences": made.draft_sentences, "window": asdict(made.themes.window),
            "playbook": [asdict(case) for case in made.playbook],
        })  # fmt: skip
        return
    write_table([asdict(row) for row in made.rows], CHECKED)
    write_table([
        {"platform": c.platform, "first statement after": _words(c.statement_after),
         "reversal after": _words(c.reversal_after), "subject": c.subject}
        for c in made.playbook
    ])  # fmt: skip
    say(made.sentence)
    if found.notice:
        say(found.notice)


@statement.command()
def landed(
    watch: WatchName,
    announcement: Annotated[str, typer.Option(help="The announcement: its number by time, or its id.")],
    text: Annotated[str | None, typer.Option(help="File with the wording, where it has none.")] = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Which later posts repeat a statement, dispute it or show no sign of it; which objections are new."""
    from reports.statement_landed import landed as report
    from reports.theme_names import load_names

    session = open_session()
    found = session.watch(watch)
    classifier = session.classifier()
    known = load_names(session.settings.home, found, classifier.model)
    with session.reader() as reader:
        made = report(
            reader, found, classifier, clock=session.clock, announcement=announcement, known=known,
            text=read_text(text) if text else "", until=day_after(until, found, now=session.clock),
        )  # fmt: skip
    if json:
        write_json({
            "sentence": made.sentence, "announcement": made.announcement.id, "window": asdict(made.window),
            "before": asdict(made.before), "texts": made.texts, "rows": [asdict(row) for row in made.rows],
            "new_objections": [asdict(theme) for theme in made.new_objections],
        })  # fmt: skip
        return
    write_table([asdict(row) for row in made.rows], LANDED)
    say(made.sentence)
    if found.notice:
        say(found.notice)


def read_text(name: str) -> str:
    """The text of a file, or of stdin for "-". Raises InputUnusable where it is none, or over 200,000 characters."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputUnusable(f"{name}: no UTF-8 text: {error}") from None
    if not text.strip() or len(text) > LARGEST or "\x00" in text:
        raise InputUnusable(f"{name}: it must hold a text of at most {LARGEST:,} characters")
    return text


def _words(lag: Lag | None) -> str:
    return span_words(lag) if lag is not None else ""
