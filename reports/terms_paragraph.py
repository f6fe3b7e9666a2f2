"""The brief's paragraph on the documents: what changed, which clause people cite, and what lies dormant."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.terms import CLASS_NAMES, Change, ChangeStatus
from core.watches import Watch
from reports.clauses import ClauseReaction, clause_reactions
from reports.dormant import dormant
from reports.measure import FEWEST, word
from reports.terms import changes, class_summary
from reports.words import percent

if TYPE_CHECKING:
    from store import Reader

_EXCERPT = 140


def terms_paragraph(reader: Reader, watch: Watch, *, clock: datetime) -> str:
    """Plain sentences, "" where no document of the platform is known. Shares are told from 20 posts on."""
    now = watch.now(clock)
    changed = [c for c in changes(reader, clock=clock, service=watch.platform) if c.step.at <= now]
    reactions = clause_reactions(reader, watch, clock=clock)
    if not changed and not reactions:
        return ""
    parts = [_latest(watch, changed)]
    # One that came in is told before one that went: it has a first post and a lag.
    cited = sorted((r for r in reactions if r.posts), key=lambda r: (r.first_post is None, -r.posts))
    parts.append(_cited(watch, cited[0]) if cited else "No post cites a clause so far.")
    quiet = dormant(reader, watch, reactions, clock=clock)
    if quiet:
        kinds = sorted({CLASS_NAMES[item.reaction.stored.clause.name] for item in quiet})
        count = "1 clause stands" if len(quiet) == 1 else f"{len(quiet)} clauses stand"
        parts.append(f"{count} undiscussed ({', '.join(kinds)}).")
    return " ".join(parts)


def _latest(watch: Watch, changed: list[Change]) -> str:
    if not changed:
        return f"No change of {watch.platform}'s documents is known."
    last = changed[-1]
    day = last.step.at.astimezone(watch.zone)
    about = class_summary(last)
    open_ = " It is provisional: the text may still go back." if last.step.status is ChangeStatus.PROVISIONAL else ""
    return (
        f"{watch.platform}'s {last.document} changed last on {day.day} {day:%B %Y}: {last.words_added} words added, "
        f"{last.words_removed} removed{f' ({about})' if about else ''}.{open_}"
    )


def _cited(watch: Watch, reaction: ClauseReaction) -> str:
    clause = reaction.stored.clause
    text = clause.added or clause.removed
    excerpt = text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " \u2026"
    share = reaction.negative if watch.measure == "negative" else reaction.against
    told = (
        f", {percent(share.share)} of {share.relevant} relevant ones {word(watch)}" if share.relevant >= FEWEST else ""
    )
    posts = "1 post" if reaction.posts == 1 else f"{reaction.posts:,} posts"
    lag = ""
    if reaction.first_post:
        lag = f" The first came {reaction.lag_days:.0f} days after the clause."
    return f"Most cited is a clause on {CLASS_NAMES[clause.name]}, by {posts}{told}: \u201c{excerpt}\u201d{lag}"
