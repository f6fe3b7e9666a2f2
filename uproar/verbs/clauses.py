"""Verb `clause`: how people react to each clause of a platform's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.terms import CLASS_NAMES
from uproar.output import say, write_json, write_table
from uproar.session import MODEL, open_session
from uproar.verbs.arguments import Json, WatchName

if TYPE_CHECKING:
    from reports.clauses import ClauseReaction
    from reports.dormant import Dormant
    from reports.measure import Share

_EXCERPT = 90


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(clause)


def clause(
    watch: WatchName,
    link: Annotated[bool, typer.Option("--link/--no-link", help="First link posts that are new.")] = True,
    json: Json = False,
) -> None:
    """Per clause: posts that quote or paraphrase it, their mood, how long it lay undiscovered; dormant clauses."""
    from reports.clauses import clause_reactions
    from reports.dormant import dormant
    from uproar.steps.cited import link_posts

    session = open_session()
    found = session.watch(watch)
    if link:
        with session.store() as store, session.reader() as reader:
            made = link_posts(store, reader, found, session.classifier(MODEL), clock=session.clock)
        say(f"{made:,} new links between posts and clauses.")
    with session.reader() as reader:
        reactions = clause_reactions(reader, found, clock=session.clock)
        sleeping = dormant(reader, found, reactions, clock=session.clock)
    if not reactions:
        say(f"No clause of a document of {found.platform} is known. Read its terms with: uproar terms import")
    cited = [reaction_document(reaction) for reaction in reactions if reaction.posts]
    quiet = [dormant_document(item) for item in sleeping]
    if json:
        write_json({"watch": found.name, "platform": found.platform, "notice": found.notice,
                    "known_clauses": len(reactions), "clauses": cited, "dormant": quiet})  # fmt: skip
        return
    write_table([_line(reaction) for reaction in reactions if reaction.posts])
    if quiet:
        typer.echo("Dormant: in force, and no post cites them")
        write_table([_quiet_line(item) for item in sleeping])
    if found.notice:
        say(found.notice)


def reaction_document(reaction: ClauseReaction) -> dict[str, Any]:
    """A clause and its reaction as one JSON object; every share with its denominator and interval."""
    stored = reaction.stored
    return {
        "clause": stored.id, "change": stored.change.id, "document": stored.change.document,
        "action": stored.clause.action, "class": stored.clause.name, "classes": list(stored.clause.classes),
        "direction": stored.clause.direction, "since": reaction.since, "since_precision": reaction.since_precision,
        "captured_at": stored.change.step.at, "status": stored.change.step.status.value,
        "posts": reaction.posts, "quoted": reaction.quoted, "paraphrased": reaction.paraphrased,
        "share_of_relevant": _share(reaction.share), "negative": _share(reaction.negative),
        "against": _share(reaction.against), "first_post": reaction.first_post,
        "discovery_lag_days": reaction.lag_days,
        "negative_posts_citing_old_wording": _share(reaction.old) if reaction.old else None,
        "added": stored.clause.added, "removed": stored.clause.removed,
    }  # fmt: skip


def dormant_document(item: Dormant) -> dict[str, Any]:
    """A dormant clause with its precedents as one JSON object."""
    stored = item.reaction.stored
    return {
        "clause": stored.id, "document": stored.change.document, "class": stored.clause.name,
        "direction": stored.clause.direction, "risk": item.risk, "since": item.reaction.since,
        "age_days": item.age_days, "text": stored.clause.added,
        "precedents": [
            {"service": p.stored.change.service, "document": p.stored.change.document,
             "at": p.stored.change.step.at, "alike": p.alike, "cited_by_texts": p.cited_by,
             "taken_out_after_days": p.gone_after_days, "text": p.stored.clause.added}
            for p in item.precedents
        ],
    }  # fmt: skip


def _line(reaction: ClauseReaction) -> dict[str, object]:
    stored = reaction.stored
    return {
        "since": f"{reaction.since:%Y-%m-%d}", "class": CLASS_NAMES[stored.clause.name],
        "direction": stored.clause.direction, "action": stored.clause.action, "posts": reaction.posts,
        "quoted": reaction.quoted, "of relevant": _told(reaction.share), "negative": _told(reaction.negative),
        "against": _told(reaction.against),
        "first post": f"{reaction.first_post:%Y-%m-%d %H:%M}" if reaction.first_post else "",
        "lag days": round(reaction.lag_days, 1) if reaction.first_post else None,
        "old wording": _told(reaction.old) if reaction.old else "",
        "clause": _excerpt(stored.clause.added or stored.clause.removed),
    }  # fmt: skip


def _quiet_line(item: Dormant) -> dict[str, object]:
    stored = item.reaction.stored
    nearest = item.precedents[0] if item.precedents else None
    return {
        "risk": item.risk, "class": CLASS_NAMES[stored.clause.name], "direction": stored.clause.direction,
        "since": f"{item.reaction.since:%Y-%m-%d}", "document": stored.change.document,
        "elsewhere": f"{nearest.stored.change.service}: cited by {nearest.cited_by}" if nearest else "",
        "clause": _excerpt(stored.clause.added),
    }  # fmt: skip


def _share(share: Share) -> dict[str, object]:
    return {"posts": share.negative, "of": share.relevant, "share": share.share, "low": share.low, "high": share.high}


def _told(share: Share) -> str:
    if not share.relevant:
        return "of none"
    return f"{share.share:.0%} of {share.relevant:,}"


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " \u2026"
