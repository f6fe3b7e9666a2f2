"""Per clause: who cites it, how they feel about it, how long it lay undiscovered, and who still cites the old words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan
from typing import TYPE_CHECKING

import pandas as pd

from analysis.shares import wilson
from core.records import SENTIMENTS, STANCES
from core.terms import Change, TextDate
from core.watches import Watch
from reports.measure import Share
from reports.terms import FIRST, is_real, settled

if TYPE_CHECKING:
    from store import Reader
    from store.terms_changes import StoredClause

EARLY = timedelta(days=1)
"""How long before its date a clause may be cited: dates are days, of zones unknown."""


@dataclass(frozen=True, slots=True)
class ClauseReaction:
    """What posts say that cite a clause. `posts` are all, `quoted` and `paraphrased` how they were found.

    `share` is that of the watch's relevant posts since the clause (of all, where words were taken out); `negative`
    and `against` are shares among the relevant posts that cite it. `lag_days` runs from the clause's own date
    (`since`, of `since_precision`) to `first_post`, the first that quotes it, or paraphrases it where none quotes.
    `old` is the share of negative posts after the revision that still cite the words it took out.
    """

    stored: StoredClause
    since: datetime
    since_precision: str
    posts: int
    quoted: int
    paraphrased: int
    share: Share
    negative: Share
    against: Share
    first_post: datetime | None
    lag_days: float
    old: Share | None


def citable(reader: Reader, watch: Watch, *, clock: datetime) -> list[StoredClause]:
    """The clauses that posts of a watch may cite: those of real changes, and those that stood from the beginning."""
    now = watch.now(clock)
    found = [settled(c, clock) for c in reader.terms_changes(watch.platform) if c.step.at <= now]
    return reader.terms_clauses([c for c in found if is_real(c) or c.kind == FIRST])


def clause_reactions(reader: Reader, watch: Watch, *, clock: datetime) -> list[ClauseReaction]:
    """The clauses of the platform's changes, most cited first, then most recent; those of bare wording left out."""
    clauses = [s for s in citable(reader, watch, clock=clock) if s.clause.classes and s.clause.action != "moved"]
    now = watch.now(clock)
    links = reader.linked_posts(watch.name, [s.id for s in clauses], until=now)
    by_clause = {int(str(number)): rows for number, rows in links.groupby("clause_id")}
    every = reader.rollup(watch.name, since=watch.since, until=now)
    found = [_reaction(watch, stored, by_clause.get(stored.id, links.iloc[:0]), every, now) for stored in clauses]
    return sorted(found, key=lambda r: (-r.posts, -r.since.timestamp(), r.stored.id))


def _reaction(watch: Watch, stored: StoredClause, links: pd.DataFrame, every: pd.DataFrame, now: datetime
              ) -> ClauseReaction:  # fmt: skip
    since, precision = clause_date(stored.change)
    own = links[(links["side"] == "old") | (links["created_at"] >= pd.Timestamp(since - EARLY))]
    # An edited clause is cited by either wording, an added one by the new, a removed one by the old.
    own = own.sort_values(["created_at", "how"], ascending=[True, False]).drop_duplicates("post")
    relevant = own[own["relevant"].fillna(False).astype(bool)]
    # Words that were taken out may be cited from before the change, so all posts are the denominator.
    after = every if stored.clause.removed else every[every["hour"] >= pd.Timestamp(max(since, watch.since))]
    new = links[(links["side"] == "new") & (links["created_at"] >= pd.Timestamp(since - EARLY))]
    quoted = new[new["how"] == "quote"]
    first = (new if quoted.empty else quoted)["created_at"].min()
    first_post = None if pd.isna(first) else first.to_pydatetime()
    lag = (first_post - since) / timedelta(days=1) if first_post else nan
    return ClauseReaction(
        stored, since, precision, len(own), int((own["how"] == "quote").sum()),
        int((own["how"] == "paraphrase").sum()), share(len(relevant), int(after["relevant"].sum())),
        _share_with(relevant["sentiment"], SENTIMENTS.index("negative")),
        _share_with(relevant["stance"], STANCES.index("against")), first_post, max(lag, 0.0) if lag == lag else nan,
        _old(watch, stored, links, every),
    )  # fmt: skip


def _old(watch: Watch, stored: StoredClause, links: pd.DataFrame, every: pd.DataFrame) -> Share | None:
    """Of the negative posts after a revision, those that still cite what it took out; None without a revision."""
    at = stored.change.step.at
    if not stored.clause.removed or at < watch.since:
        return None
    column, value = ("sentiment", SENTIMENTS.index("negative")) if watch.measure == "negative" else (
        "stance", STANCES.index("against"))  # fmt: skip
    later = links[(links["side"] == "old") & (links["created_at"] >= pd.Timestamp(at))]
    citing = later[later["relevant"].fillna(False).astype(bool) & (later[column] == value)]
    base = every[every["hour"] >= pd.Timestamp(at)]["negative" if column == "sentiment" else "against"].sum()
    return share(len(citing), int(base))


def share(k: int, n: int) -> Share:
    """k of n with its interval; NaN without a denominator."""
    low, high = wilson(min(k, n), n)
    return Share(k, n, k / n if n else nan, low, high)


def _share_with(values: pd.Series, wanted: int) -> Share:
    known = values.dropna()
    return share(int((known == wanted).sum()), len(known))


def clause_date(change: Change) -> tuple[datetime, str]:
    """Since when a clause stands, as the text says (last amended, else effective), else since its capture."""
    for dated in (change.amended, change.effective):
        if dated is not None and dated.precision != "year":
            return _start(dated), dated.precision
    return change.step.at, "capture"


def _start(dated: TextDate) -> datetime:
    day = f"{dated.at}-01" if dated.precision == "month" else dated.at
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
