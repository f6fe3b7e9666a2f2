"""Verbs `person` and `forget`: what is held of a person, and its erasure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from core.identities import Identity
from uproar.output import plain, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.steps.persons import (
    Erased,
    access_report,
    certificate,
    erase,
    find_identity,
    write_document,
)
from uproar.verbs.arguments import Json

Who = Annotated[
    str,
    typer.Argument(help="A handle (@ann, u/ann, ann@instance, ann.bsky.social, a DID), a link, or a post's id."),
]
Platform = Annotated[str, typer.Option("--source", help="The platform, where the words do not say it.")]
_COLUMNS = ("source", "relation", "created_at", "kind", "sentiment", "watches", "exported_to", "id")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(person)
    app.command()(forget)


def person(
    who: Who,
    source: Platform = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the report (JSON) to this file.")] = None,
    json: Json = False,
) -> None:
    """What is held of a person: their posts, links to and copies of them, and posts that mention them.

    The report (--json, --out) is what a person may ask for; the words of others in it are left out.
    """
    session = open_session()
    found, remark = find_identity(who, source, session.settings)
    with session.store() as store:
        traces = store.traces(found)
    report = access_report(who, traces, keys=session.settings.keys, now=session.clock)
    if out:
        write_document(report, out)
    if json:
        write_json(report)
    elif not out:
        joined = (
            {k: ", ".join(v) if isinstance(v, tuple) else plain(v) for k, v in r.items()} for r in report["posts"]
        )
        write_table(list(joined), _COLUMNS)
    say(f"{len(traces):,} posts found")
    if remark:
        say(remark)


def forget(
    who: Annotated[
        str,
        typer.Argument(help="A handle, a link or a post's id, as `uproar person` takes; with --id or --author: the "
                            "platform, such as reddit."),
    ],
    post_id: Annotated[list[str] | None, typer.Option("--id", help="A post's id (repeatable).")] = None,
    author: Annotated[str, typer.Option(help="An account, as the platform names it.")] = "",
    source: Platform = "",
    keep_mentions: Annotated[
        bool, typer.Option("--keep-mentions", help="Leave what others wrote: quotes and mentions.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be erased.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The certificate's file; default: in UPROAR_HOME/certificates.")
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Erase all that is held of a person or a post, and certify it without the data. Counts stay.

    Erased are the posts of the account under every version of the key, posts by id or link, reposts, quotes and
    posts that mention the person. They are not collected again.
    """
    session = open_session()
    found, asked, remark = _meant(session, who, post_id or [], author, source)
    with session.store() as store:
        if dry_run:
            rows = _counted(found_traces=[(t.source, t.relation) for t in store.traces(found)])
            write_json(rows) if json else write_table(rows, ("source", "relation", "posts"))
            return
        done = erase(store, found, now=session.clock, keep_mentions=keep_mentions)
    proof = certificate(asked, done, keys=session.settings.keys, now=session.clock)
    path = out or session.settings.home / "certificates" / f"erasure-{proof['number']}.json"
    write_document(proof, path)
    row = {"source": found.source, "posts_erased": done.total, "hours_updated": done.hours,
           "quotes_and_mentions_kept": done.kept, "found_after": done.found_after,
           "certificate": str(path)}  # fmt: skip
    write_json(row) if json else write_table([row])
    _tell(done, remark)


def _meant(
    session: Session, who: str, ids: list[str], author: str, source: str
) -> tuple[Identity, str, str]:  # fmt: skip
    """The identity, the words that it was asked by, and a remark."""
    if ids and author:
        raise ConfigError("forget: give either --id (one or more) or --author")
    if ids:
        return Identity(who, ids=tuple(ids)), f"{who} {' '.join(sorted(ids))}", ""
    if author:
        found, remark = find_identity(author, who, session.settings)
        same = Identity(found.source, (author, *found.accounts), found.ids, found.addresses, found.mentions)
        return same, f"{who} {author}", remark
    if not source and not any(sign in who for sign in "@/:"):
        raise ConfigError(
            f"forget: {who!r} alone is ambiguous. With a platform give --id or --author; a person is named by @handle, "
            "u/name, name@instance or a link, or by a bare name with --source"
        )
    found, remark = find_identity(who, source, session.settings)
    return found, f"{source} {who}".strip(), remark


def _counted(found_traces: list[tuple[str, str]]) -> list[dict[str, object]]:
    return [
        {"source": source, "relation": relation, "posts": found_traces.count((source, relation))}
        for source, relation in sorted(set(found_traces))
    ]


def _tell(done: Erased, remark: str) -> None:
    for name in done.exports:
        say(f"{name} holds posts that are erased now: make it again, or delete it (uproar export --stale)")
    if done.found_after:
        say(f"{done.found_after:,} posts came in meanwhile: run it again")
    if remark:
        say(remark)
