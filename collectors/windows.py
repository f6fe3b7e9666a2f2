"""Time in closed windows, oldest first: how a source that caps its answers is read without a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

TRIES = 3
"""So many later runs come back to where a source gave the same page again and again; then it is left at that."""


@dataclass(frozen=True, slots=True)
class Window(Generic[Answer]):
    """The answer for the seconds [start, end) since 1970. `capped`: it is not the whole, and cannot be split."""

    start: int
    end: int
    answer: Answer
    capped: bool


def resume_at(cursor: str | None, since: datetime) -> datetime:
    """The time that a cursor holds, even where its overlap lies before `since`; an unreadable cursor is none."""
    try:
        at = datetime.fromisoformat(cursor or "")
    except ValueError:
        return since
    return at.astimezone(UTC) if at.tzinfo else since


def astray(times: Iterable[datetime], start: int, end: int) -> bool:
    """Whether records came and not one of them lies in [start, end): the answer is to another question, an older one.

    Its window is truncated, and no cursor may be given from there on, so that the next run asks again.
    """
    inside = [start <= at.timestamp() < end for at in times]
    return bool(inside) and not any(inside)


def closed_windows(
    start: int,
    end: int,
    ask: Callable[[int, int], tuple[Answer, bool, int]],
    *,
    first: int,
    longest: int,
    enough: int,
    shortest: int = 1,
) -> Iterator[Window[Answer]]:
    """Cover [start, end) by adjoining windows, in order.

    `ask(start, end)` gives the answer, whether a cap cut it, and how many records it holds. A cut window is
    halved, down to `shortest` seconds; after an answer of fewer than `enough` records the next window is twice as long.
    """
    length = first
    while start < end:
        stop = min(start + length, end)
        answer, cut, size = ask(start, stop)
        if cut and stop - start > shortest:
            length = max(shortest, (stop - start) // 2)
            continue
        yield Window(start, stop, answer, cut)
        start = stop
        if size < enough:
            length = min(length * 2, longest)
