"""Changes of documents with their clauses, as `uproar.steps.terms` found them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from core.terms import CaptureState, Change, ChangeStatus, Clause, Step
from core.text import clean
from store.engine import changing, reading
from store.handle import Handle
from store.schema import terms_changes, terms_clauses, terms_documents, terms_links
from store.statements import chunks
from store.terms_versions import keep_verdicts, pack, unpack

_SEPARATOR = ","


@dataclass(frozen=True, slots=True)
class StoredClause:
    """A clause with its number in the store, and the change it belongs to (without its other clauses)."""

    id: int
    change: Change
    clause: Clause


class TermsChangeWriter(Handle):
    """The part of `Store` that keeps changes of documents."""

    def save_terms_changes(
        self, document: int, changes: Sequence[Change], *, dropped: Iterable[str] = (),
        judged: Sequence[tuple[int, CaptureState, str]] = (),
    ) -> None:  # fmt: skip
        """Keep changes of a document in one transaction; `dropped` (by id) are taken out with all that hangs on them.

        A change that is known gets its new status; its clauses stay, so that links to them stay. `judged` says what
        versions (by number) are: in the same transaction, so that a killed run leaves none judged without its change.
        """
        with changing(self._engine) as connection:
            keep_verdicts(connection, judged)
            for change_id in dropped:
                _drop(connection, change_id)
            _keep(connection, document, changes)


class TermsChangeReader(Handle):
    """The part of `Reader` that knows changes of documents."""

    def terms_changes(self, service: str = "", *, document: int | None = None) -> list[Change]:
        """Changes without clauses, by time; of one service (without regard to case) or one document."""
        query = (
            select(terms_changes, terms_documents.c.service, terms_documents.c.document)
            .join(terms_documents, terms_documents.c.id == terms_changes.c.document_id)
            .order_by(terms_changes.c.at, terms_changes.c.id)
        )
        if document is not None:
            query = query.where(terms_changes.c.document_id == document)
        with reading(self._engine) as connection:
            found = [_change(row) for row in connection.execute(query).mappings()]
        return [c for c in found if not service or c.service.casefold() == service.casefold()]

    def terms_clauses(self, changes: Sequence[Change]) -> list[StoredClause]:
        """The clauses of `changes`, in the order of their changes, then of the document."""
        by_id = {change.id: change for change in changes}
        found = []
        with reading(self._engine) as connection:
            for part in chunks(by_id):
                query = select(terms_clauses).where(terms_clauses.c.change_id.in_(part))
                found += [
                    StoredClause(row["id"], by_id[row["change_id"]], _clause(row))
                    for row in connection.execute(query.order_by(terms_clauses.c.number)).mappings()
                ]
        order = {change_id: place for place, change_id in enumerate(by_id)}
        return sorted(found, key=lambda stored: (order[stored.change.id], stored.id))

    def terms_clauses_like(self, classes: Sequence[str], *, limit: int = 5000) -> list[StoredClause]:
        """The latest clauses of changes and first records whose likeliest class is one of `classes`."""
        heads = or_(*(terms_clauses.c.classes.startswith(name) for name in classes))
        query = (
            select(terms_clauses.c.change_id)
            .join(terms_changes, terms_changes.c.id == terms_clauses.c.change_id)
            .where(heads, terms_changes.c.status.in_(("provisional", "confirmed")))
            .order_by(terms_changes.c.at.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            wanted = set(connection.scalars(query))
        found = [change for change in self.terms_changes() if change.id in wanted]
        return [stored for stored in self.terms_clauses(found) if stored.clause.name in classes]


def _keep(connection: Connection, document: int, changes: Sequence[Change]) -> None:
    known: set[str] = set()
    for part in chunks([change.id for change in changes]):
        known |= set(connection.scalars(select(terms_changes.c.id).where(terms_changes.c.id.in_(part))))
    new = {change.id: change for change in changes if change.id not in known}
    if new:
        rows = [{"id": change.id, **_row(document, change), **_measured(change)} for change in new.values()]
        connection.execute(insert(terms_changes), rows)
        _add_clauses(connection, list(new.values()))
    for change in changes:
        if change.id not in known:
            continue
        row = _row(document, change)
        if change.kind:
            row |= _measured(change)
            _drop_clauses(connection, change.id)
            _add_clauses(connection, [change])
        connection.execute(update(terms_changes).where(terms_changes.c.id == change.id).values(row))


def _row(document: int, change: Change) -> dict[str, Any]:
    step = change.step
    return {
        "document_id": document, "before_id": step.before, "after_id": step.after, "at": step.at,
        "status": step.status.value, "decided_at": step.decided_at, "returns": step.returns,
    }  # fmt: skip


def _measured(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "words_added": change.words_added, "words_removed": change.words_removed,
            "effective": pack(change.effective), "amended": pack(change.amended)}  # fmt: skip


def _add_clauses(connection: Connection, changes: Iterable[Change]) -> None:
    rows = [
        {
            "change_id": change.id, "number": number, "classes": _SEPARATOR.join(clause.classes),
            "confidence": clause.confidence,
            **{name: clean(getattr(clause, name)) for name in
               ("action", "before", "after", "removed", "added", "heading", "direction")},
        }
        for change in changes
        for number, clause in enumerate(change.clauses, 1)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(terms_clauses), rows)


def _drop_clauses(connection: Connection, change_id: str) -> None:
    own = select(terms_clauses.c.id).where(terms_clauses.c.change_id == change_id)
    connection.execute(delete(terms_links).where(terms_links.c.clause_id.in_(own)))
    connection.execute(delete(terms_clauses).where(terms_clauses.c.change_id == change_id))


def _drop(connection: Connection, change_id: str) -> None:
    _drop_clauses(connection, change_id)
    connection.execute(delete(terms_changes).where(terms_changes.c.id == change_id))


def _change(row: Any) -> Change:
    step = Step(row["before_id"], row["after_id"], row["at"], ChangeStatus(row["status"]), row["decided_at"],
                row["returns"])  # fmt: skip
    return Change(row["id"], row["service"], row["document"], step, row["kind"], row["words_added"],
                  row["words_removed"], unpack(row["effective"]), unpack(row["amended"]))  # fmt: skip


def _clause(row: Any) -> Clause:
    classes = tuple(name for name in row["classes"].split(_SEPARATOR) if name)
    return Clause(row["action"], row["before"], row["after"], row["removed"], row["added"], row["heading"], classes,
                  row["confidence"], row["direction"])  # fmt: skip
