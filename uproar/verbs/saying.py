"""Verbs `themes` and `origin`: what people say, and where it began."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from core.errors import ConfigError
from uproar.output import rows_of, say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, span

THEMES = ("name", "share", "low", "high", "texts", "people", "new", "negative_share")
TOPICS = ("name", "share", "low", "high", "texts", "people", "negative_share", "recognised", "examples")
DEMANDS = ("label", "people", "texts", "share", "low", "high", "people_before")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(themes)
    app.command()(origin)
    app.command()(topics)


def themes(watch: WatchName, since: Since = None, until: Until = None, json: Json = False) -> None:
    """What people say in a window (default: the last seven days), what is new in it, and what they demand."""
    from reports.theme_names import load_names, save_names
    from reports.themes import themes as report

    session = open_session()
    found = session.watch(watch)
    classifier = session.classifier()
    known = load_names(session.settings.home, found, classifier.model)
    with session.reader() as reader:
        made = report(
            reader, found, classifier, clock=session.clock, known=known, **span(since, until, found, now=session.clock)
        )
    if made.names != known:
        save_names(session.settings.home, found, classifier.model, made.names)
    if json:
        write_json(_document(made))
        return
    write_table([asdict(theme) for theme in made.themes], THEMES)
    write_table([asdict(demand) for demand in made.demands], DEMANDS)
    say(made.sentence)
    for theme in made.themes:
        say(f"  {theme.sentence} Keywords: {', '.join(theme.keywords)}.")
        for example in theme.examples[:1]:
            say(f"    e.g. {example.source}: {' '.join(example.text.split())[:180]}")
    _remarks(made.outside, made.hidden, made.skipped)
    if found.notice:
        say(found.notice)


def origin(watch: WatchName, since: Since = None, until: Until = None, json: Json = False) -> None:
    """Where it began: first sightings per source, communities, how many people, how many copies."""
    from reports.origin import origin as report

    session = open_session()
    found = session.watch(watch)
    with session.reader() as reader:
        made = report(reader, found, clock=session.clock, **span(since, until, found, now=session.clock))
    if json:
        document = asdict(made) | {"communities": rows_of(made.communities), "carriers": rows_of(made.carriers)}
        write_json(document)
        return
    write_table([asdict(row) for row in made.sightings])
    write_table(rows_of(made.communities), [str(c) for c in made.communities.columns])
    write_table(rows_of(made.carriers), ("source", "created_at", "community", "spread", "url"))
    say(made.sentence)
    if found.notice:
        say(found.notice)


def topics(watch: WatchName, since: Since = None, until: Until = None, json: Json = False) -> None:
    """Topics that a watch defines for itself by examples: their share in a window (default: the last seven days)."""
    from reports.custom_topics import custom_topic_shares

    session = open_session()
    found = session.watch(watch)
    if not found.topics:
        raise ConfigError(
            f"watch {found.name!r} defines no topics of its own. Add [[topics]] with name, description and examples "
            "(eight posts or so) to its file"
        )
    with session.reader() as reader:
        made = custom_topic_shares(
            reader, found, session.classifier(), clock=session.clock,
            **span(since, until, found, now=session.clock),
        )  # fmt: skip
    if json:
        write_json(asdict(made))
        return
    write_table([asdict(topic) for topic in made.topics], TOPICS)
    for topic in made.topics:
        say(f"  {topic.sentence}")
    _remarks(0, 0, made.skipped)
    if found.notice:
        say(found.notice)


def _document(made: Any) -> dict[str, Any]:
    """A report as JSON, without the embeddings."""
    from dataclasses import fields

    left_out = {"names", "centres", "themes", "demands", "window", "before"}
    plain = {f.name: getattr(made, f.name) for f in fields(made) if f.name not in left_out}
    return plain | {
        "window": asdict(made.window), "before": asdict(made.before),
        "themes": [asdict(theme) for theme in made.themes], "demands": [asdict(d) for d in made.demands],
    }  # fmt: skip


def _remarks(outside: int, hidden: int, skipped: int) -> None:
    parts = []
    if outside:
        parts.append(f"{outside:,} texts belong to no theme")
    if hidden:
        parts.append(f"{hidden} themes of fewer than five people are not shown")
    if skipped:
        parts.append(f"{skipped:,} texts were too many to read")
    if parts:
        say("; ".join(parts) + ".")
