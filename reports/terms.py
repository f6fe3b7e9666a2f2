"""What is known of the documents of platforms: changes, their clauses, and captures that are no documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.terms import CLASS_NAMES, SETTLED, CaptureState, Change, ChangeStatus, Clause, Step, TextDate
from terms.flaps import steps
from terms.redline import redline

if TYPE_CHECKING:
    from store import Reader

FIRST = "first"
"""The kind of the record with which a document's history begins: its standing clauses, no change."""
OPEN_TERMS_ARCHIVE = "Texts: Open Terms Archive and its contributors, ODC-By 1.0, https://opentermsarchive.org"
REAL = (ChangeStatus.PROVISIONAL, ChangeStatus.CONFIRMED)


def changes(reader: Reader, *, clock: datetime, service: str = "", document: str = "", every: bool = False,
            causal: bool = False) -> list[Change]:  # fmt: skip
    """Changes with their clauses, by time; without those withdrawn, technical or of order alone, unless `every`.

    `causal` tells what was known at `clock`: what came back later was still provisional or confirmed then.
    """
    stored = [c for c in reader.terms_changes(service) if c.step.at <= clock]
    found = _then(reader, stored, clock) if causal else [settled(c, clock) for c in stored]
    found = [c for c in found if not document or c.document.casefold() == document.casefold()]
    return with_clauses(reader, [c for c in found if c.kind != FIRST and (every or is_real(c))])


def is_real(change: Change) -> bool:
    """Whether words of the document changed, and have not gone back since."""
    return change.step.status in REAL and change.kind != "moved" and change.size > 0


def settled(change: Change, clock: datetime) -> Change:
    """The change as known at `clock`: confirmed where nothing came back for a week."""
    step = change.step
    # decided_at of a provisional step is when its text was last seen to come.
    if step.status is ChangeStatus.PROVISIONAL and step.decided_at + SETTLED <= clock:
        step = replace(step, status=ChangeStatus.CONFIRMED, decided_at=step.decided_at + SETTLED)
        return replace(change, step=step)
    return change


def _then(reader: Reader, stored: Sequence[Change], clock: datetime) -> list[Change]:
    known: dict[tuple[str, str], dict[tuple[int, datetime], Step]] = {}
    for name in {(change.service, change.document) for change in stored}:
        (number,) = [d.id for d in reader.terms_documents(*name)]
        known[name] = {(s.before, s.at): s for s in steps(reader.terms_versions(number), now=clock)}
    found = []
    for change in stored:
        step = known[change.service, change.document].get((change.step.before, change.step.at))
        if step is not None:
            found.append(replace(change, step=step))
    return found


def with_clauses(reader: Reader, found: Sequence[Change]) -> list[Change]:
    """The same changes with their clauses."""
    clauses: dict[str, list[Clause]] = {change.id: [] for change in found}
    for stored in reader.terms_clauses(found):
        clauses[stored.change.id].append(stored.clause)
    return [replace(change, clauses=tuple(clauses[change.id])) for change in found]


def change_row(change: Change) -> dict[str, Any]:
    """One line for a table."""
    return {
        "id": change.id, "service": change.service, "document": change.document, "at": change.step.at,
        "status": change.step.status.value, "kind": change.kind, "words_added": change.words_added,
        "words_removed": change.words_removed, "effective": change.effective.at if change.effective else "",
        "amended": change.amended.at if change.amended else "", "classes": class_summary(change),
    }  # fmt: skip


def change_document(reader: Reader, change: Change, *, words: bool = False) -> dict[str, Any]:
    """A change as one JSON object, with provenance and clauses; `words` adds the redline of each."""
    return {
        **change_row(change),
        "decided_at": change.step.decided_at, "returns": change.step.returns, "size": change.size,
        "effective": _date(change.effective), "amended": _date(change.amended),
        "classes": dict(_counted(change)),
        "before": _provenance(reader, change, change.step.before),
        "after": _provenance(reader, change, change.step.after),
        "clauses": [clause_document(clause, words=words) for clause in change.clauses],
    }  # fmt: skip


def clause_document(clause: Clause, *, words: bool = False) -> dict[str, Any]:
    """A clause as one JSON object."""
    row: dict[str, Any] = {
        "action": clause.action, "class": clause.name, "classes": list(clause.classes),
        "confidence": clause.confidence, "direction": clause.direction, "heading": clause.heading,
        "removed": clause.removed, "added": clause.added, "before": clause.before, "after": clause.after,
    }  # fmt: skip
    if words:
        row["words"] = redline(clause.before, clause.after)
    return row


def class_summary(change: Change) -> str:
    """ "AI training 2, privacy 1": how many clauses of each class."""
    return ", ".join(f"{CLASS_NAMES[name]} {n}" for name, n in _counted(change))


def _counted(change: Change) -> list[tuple[str, int]]:
    return Counter(clause.name for clause in change.clauses if clause.classes).most_common()


def _date(dated: TextDate | None) -> dict[str, str] | None:
    return {"at": dated.at, "precision": dated.precision, "quote": dated.quote} if dated else None


def attribution(origin: str) -> str:
    """Whom to name beside a version: its repositories and collections are Open Terms Archive's; "" for other texts."""
    return OPEN_TERMS_ARCHIVE if origin.startswith(("git:", "http:", "https:")) else ""


def _provenance(reader: Reader, change: Change, number: int) -> dict[str, Any] | None:
    for name in reader.terms_documents(change.service, change.document):
        for version in reader.terms_versions(name.id):
            if version.id == number:
                return {
                    "captured_at": version.captured_at, "commit": version.commit, "source": version.origin,
                    "attribution": attribution(version.origin),
                    "effective": _date(version.effective), "amended": _date(version.amended),
                }  # fmt: skip
    return None


def texts_of(reader: Reader, service: str, *, until: datetime) -> Iterator[tuple[str, str]]:
    """The captured texts of a platform's documents until a time, each as (file name, text), by document and time."""
    for document in reader.terms_documents(service):
        seen: set[bytes] = set()
        for found in reader.terms_versions(document.id):
            if found.captured_at <= until and found.text not in seen and found.state is CaptureState.OK:
                seen.add(found.text)
                name = re.sub(r"[^a-z0-9]+", "-", document.document.lower()).strip("-")[:60] or "document"
                yield f"{document.id}-{name}-{found.captured_at:%Y-%m-%dT%H%M%S}Z.txt", reader.terms_text(found.text)
