"""Verb `label`: draw posts by chance, read them without the model's answer, see what that says of the share."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from core.errors import ConfigError
from core.watches import Watch
from reports.correction import RELEVANCE, UNCLEAR, answers, correction, given_labels
from store import Reader
from uproar.output import say, write_json, write_table
from uproar.session import Session, open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, span
from uproar.verbs.incidents import named


def register(app: typer.Typer) -> None:
    """Add this file's verb."""
    app.command()(label)


def label(
    watch: WatchName,
    draw: Annotated[int, typer.Option("--draw", min=0, max=5000, help="Draw so many posts first.")] = 0,
    since: Since = None,
    until: Until = None,
    by: Annotated[str, typer.Option("--by", help="Who labels; by default your user name.")] = "",
    read: Annotated[bool, typer.Option("--read/--no-read", help="Read and label posts now.")] = True,
    json: Json = False,
) -> None:
    """Label posts drawn by chance, one answer a line on stdin; then the corrected share of the window."""
    session = open_session()
    found = session.watch(watch)
    asked = span(since, until, found, now=session.clock)
    who = named(by)
    if draw:
        with session.annotations() as annotations:
            annotations.draw(
                found.name, draw, since=asked["since"] or found.since,
                until=asked["until"] or found.now(session.clock), author=who, now=session.clock,
            )  # fmt: skip
    with session.reader() as reader:
        if read:
            _read(session, reader, found, who)
        made = correction(reader, found, clock=session.clock, **asked)
    if json:
        write_json(_document(made))
        return
    write_table([{"what": sentence} for sentence in made.sentences] or [{"what": "no labels in this window yet"}])


def _read(session: Session, reader: Reader, watch: Watch, who: str) -> None:
    """Posts of the newest draw until the input ends or says q."""
    draws = reader.draws(watch.name)
    if draws.empty:
        raise ConfigError(f"nothing is drawn yet. Draw with: uproar label {watch.name} --draw 100")
    head, classes = answers(watch)
    keys = {str(n): name for n, name in enumerate((*classes, RELEVANCE[1], UNCLEAR), start=1)}
    while post := reader.next_drawn(int(draws["id"].iloc[0]), who):
        say(f"\n{post.left} to go. {post.created_at:%Y-%m-%d %H:%M} UTC\n{post.text}")
        say("  ".join(f"{key}={name}" for key, name in keys.items()) + "  q=stop")
        line = sys.stdin.readline()
        if not line or line.strip() == "q":
            return
        if line.strip() not in keys:
            say(f"{line.strip()!r} is none of {', '.join(keys)} and q")
            continue
        given = given_labels(head, keys[line.strip()])
        with session.annotations() as annotations:
            annotations.label_drawn(post.post, given, author=who, now=session.now())
    say("every post of the newest draw has your label")


def _document(made: Any) -> dict[str, Any]:
    fixed = made.corrected
    return {
        "share": made.raw.share, "relevant": made.raw.relevant,
        "corrected": {name: getattr(fixed, name) for name in ("share", "low", "high", "labels")} if fixed else None,
        "judged": made.judged, "right": made.right, "unclear": made.unclear, "read_twice": made.both,
        "agreed": made.agreed, "kappa": made.kappa,
    }  # fmt: skip
