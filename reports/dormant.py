"""Clauses of risky classes that stand in a document and that nobody has discussed yet, ranked, with precedents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.terms import RISKY, CaptureState
from core.watches import Watch
from reports.clauses import ClauseReaction
from reports.terms import FIRST
from terms.passages import read_document, words_of

if TYPE_CHECKING:
    from store import Reader
    from store.terms_changes import StoredClause

ALIKE = 0.3
"""Share of common words (Jaccard, words of four letters on) from which a clause elsewhere is a precedent."""
_DIRECTION = {"widens": 1.25, "unclear": 1.0, "narrows": 0.4}
_LONG = 730
_PRECEDENTS = 3
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Precedent:
    """A similar clause of another document and what came of it: texts that cite it, and when it was taken out."""

    stored: StoredClause
    alike: float
    cited_by: int
    gone_after_days: float | None


@dataclass(frozen=True, slots=True)
class Dormant:
    """A clause that is in force and undiscussed: its risk (a ranking, not a probability), age and precedents."""

    reaction: ClauseReaction
    risk: float
    age_days: float
    precedents: tuple[Precedent, ...]


def dormant(
    reader: Reader, watch: Watch, reactions: Sequence[ClauseReaction], *, clock: datetime, limit: int = 20
) -> list[Dormant]:
    """The riskiest clauses that no post cites and that still stand in the latest text, riskiest first.

    Risk is the weight of the class (`core.terms.RISKY`), by direction and age; a narrowing clause counts little.
    """
    now = watch.now(clock)
    standing = _standing(reader, watch, now)
    found, seen = [], set[str]()
    for reaction in reactions:
        clause, change = reaction.stored.clause, reaction.stored.change
        told = words_of(clause.added)
        if reaction.posts or not clause.added or clause.name not in RISKY or told in seen:
            continue
        if not _stands(clause.added, standing.get(change.document, set())):
            continue
        seen.add(told)
        age = (now - reaction.since) / timedelta(days=1)
        risk = RISKY[clause.name] * _DIRECTION[clause.direction] * (1 + min(max(age, 0), _LONG) / _LONG)
        found.append(Dormant(reaction, round(risk, 3), round(age, 1), ()))
    found.sort(key=lambda d: (-d.risk, d.reaction.stored.id))
    return _with_precedents(reader, found[:limit])


def _standing(reader: Reader, watch: Watch, now: datetime) -> dict[str, set[str]]:
    """Per document the words of the sentences of its latest text."""
    found = {}
    for name in reader.terms_documents(watch.platform):
        good = [v for v in reader.terms_versions(name.id) if v.state is CaptureState.OK and v.captured_at <= now]
        if good:
            found[name.document] = {s.words for s in read_document(reader.terms_text(good[-1].text)).sentences}
    return found


def _stands(added: str, standing: set[str]) -> bool:
    """Whether most sentences of a clause are in the latest text."""
    sentences = [s.words for s in read_document(added).sentences]
    return bool(sentences) and sum(words in standing for words in sentences) * 2 > len(sentences)


def _with_precedents(reader: Reader, found: Sequence[Dormant]) -> list[Dormant]:
    classes = sorted({d.reaction.stored.clause.name for d in found})
    if not classes:
        return []
    known = reader.terms_clauses_like(classes)
    bags = {stored.id: set(_WORD.findall(f"{stored.clause.added} {stored.clause.removed}".lower())) for stored in known}
    chosen: list[tuple[Dormant, list[tuple[float, StoredClause]]]] = []
    for item in found:
        own = item.reaction.stored
        bag = set(_WORD.findall(own.clause.added.lower()))
        near = [
            (len(bag & bags[s.id]) / max(1, len(bag | bags[s.id])), s)
            for s in known
            if s.clause.name == own.clause.name and s.clause.added and s.change.service != own.change.service
        ]
        near = sorted((pair for pair in near if pair[0] >= ALIKE), key=lambda pair: (-pair[0], pair[1].id))
        chosen.append((item, _distinct(near)))
    cited = reader.links_elsewhere([s.id for _, near in chosen for _, s in near])
    return [
        Dormant(item.reaction, item.risk, item.age_days, tuple(
            Precedent(s, round(alike, 2), cited.get(s.id, 0), _gone(s, known)) for alike, s in near))
        for item, near in chosen
    ]  # fmt: skip


def _distinct(near: Sequence[tuple[float, StoredClause]]) -> list[tuple[float, StoredClause]]:
    kept: dict[str, tuple[float, StoredClause]] = {}
    for pair in near:
        kept.setdefault(f"{pair[1].change.service} {words_of(pair[1].clause.added)}", pair)
    return list(kept.values())[:_PRECEDENTS]


def _gone(stored: StoredClause, known: Sequence[StoredClause]) -> float | None:
    """Days until the same words were taken out of that document; None while they are in it."""
    wanted = words_of(stored.clause.added)
    for other in known:
        same = (other.change.service, other.change.document) == (stored.change.service, stored.change.document)
        if same and other.change.kind != FIRST and other.change.step.at > stored.change.step.at:
            removed = words_of(other.clause.removed)
            if removed and (removed in wanted or wanted in removed):
                return round((other.change.step.at - stored.change.step.at) / timedelta(days=1), 1)
    return None
