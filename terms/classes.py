"""Clause classes."""

from __future__ import annotations

from collections.abc import Sequence

from core.terms import Clause


def classed(clause: Clause) -> Clause:
    """The clause with its classes."""
    return clause


def kind_of(kind: str, clauses: Sequence[Clause]) -> str:
    """moved, dates, rewrite, substantive (a clause class is touched) or wording."""
    if kind != "edit":
        return kind
    return "substantive" if any(clause.classes for clause in clauses) else "wording"
