"""The terms: what changed in the platform's documents, who reacts to which clause, and clauses that sleep."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.terms import CLASS_NAMES, Change
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages
from dashboard.data import Reports
from dashboard.state import State
from dashboard.trust import glossary, trust
from reports.clauses import ClauseReaction
from reports.measure import Share
from reports.wording import interval, percent
from terms.redline import Run, redline

_MOST = 12
_AROUND = 24
_EXPLAINED = ("clause_posts", "discovery_lag", "dormant_risk", "negative", "against")
_STYLE = {"gone": ("<del>", "</del>"), "new": ("<ins>", "</ins>"), "same": ("", "")}


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the clauses with their reactions, the dormant ones, and each change word by word, latest first."""
    st.html(cards.headline(f"Terms of {watch.platform}"))
    changes, reactions, sleeping = reports.terms(watch)
    if not changes and not reactions:
        st.text("No document of this platform is known yet. Read one with: uproar terms import")
        return
    st.subheader("Clauses that posts cite", anchor=False)
    cited = [reaction for reaction in reactions if reaction.posts]
    if cited:
        st.dataframe(pd.DataFrame([_row(watch, r) for r in cited]), hide_index=True, width="stretch")
        st.text("A post cites a clause when it quotes its words or, being on its subject, means nearly the same.")
    else:
        st.text("No post cites a clause so far.")
    if sleeping:
        st.subheader("Dormant clauses", anchor=False)
        st.text("In force, of a risky kind, and no post cites them. The rank is a judgement, not a probability.")
        rows = [
            {"risk": d.risk, "class": CLASS_NAMES[d.reaction.stored.clause.name],
             "since": d.reaction.since.astimezone(watch.zone).date(), "direction": d.reaction.stored.clause.direction,
             "clause": d.reaction.stored.clause.added}
            for d in sleeping
        ]  # fmt: skip
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    st.subheader("Changes", anchor=False)
    if not changes:
        st.text("No change so far.")
    for change in changes[::-1][:_MOST]:
        _change(watch, change)
    glossary(_EXPLAINED)
    trust(reports, watch)


def _change(watch: Watch, change: Change) -> None:
    day = change.step.at.astimezone(watch.zone).date()
    label = (
        f"{day}: {change.document}, {change.words_added} words added, {change.words_removed} removed "
        f"({change.step.status.value})"
    )
    with st.expander(label):
        for clause in change.clauses[:_MOST]:
            named = ", ".join(CLASS_NAMES[name] for name in clause.classes) or "other"
            st.html(
                f"<p><strong>{cards.escape(clause.action)}</strong>: {cards.escape(named)}, "
                f"{cards.escape(clause.direction)}</p><p>{redline_html(redline(clause.before, clause.after))}</p>"
            )
        if len(change.clauses) > _MOST:
            st.text(f"{len(change.clauses) - _MOST} more. All of them: uproar terms diff {change.id}")


def redline_html(runs: list[Run]) -> str:
    """Runs of words as HTML, escaped: what went struck through, what came underlined, long stretches shortened."""
    parts = []
    for kind, words in runs:
        before, after = _STYLE[kind]
        shown = words.split()
        if kind == "same" and len(shown) > 2 * _AROUND:
            words = " ".join([*shown[:_AROUND], "\u2026", *shown[-_AROUND:]])
        parts.append(f"{before}{cards.escape(words)}{after}")
    return " ".join(parts)


def _row(watch: Watch, reaction: ClauseReaction) -> dict[str, object]:
    clause = reaction.stored.clause
    first = reaction.first_post.astimezone(watch.zone) if reaction.first_post else None
    return {
        "class": CLASS_NAMES[clause.name], "what": clause.action, "direction": clause.direction,
        "since": reaction.since.astimezone(watch.zone).date(), "posts": reaction.posts, "quoting": reaction.quoted,
        "negative": _told(reaction.negative), "against": _told(reaction.against),
        "first post": f"{first:%Y-%m-%d %H:%M}" if first else "",
        "lag in days": round(reaction.lag_days, 1) if first else None,
        "still cite the old words": _told(reaction.old) if reaction.old else "",
        "clause": clause.added or clause.removed,
    }  # fmt: skip


def _told(share: Share) -> str:
    if not share.relevant:
        return "of none"
    return f"{percent(share.share)} ({interval(share.low, share.high)}) of {share.relevant:,}"
