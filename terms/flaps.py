"""Which texts of a document's history are changes: A, B, A within a week is none.

Archives record every difference, and in large ones more than a third of what they record returns to an earlier
text. The decision is causal: a change is provisional from its first sight, withdrawn when the text returns within
`SETTLED`, confirmed when that time has passed. Another extraction of the same document (a technical upgrade) moves
the text without a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from core.terms import SETTLED, CaptureState, ChangeStatus, Step, Version


@dataclass(slots=True)
class _Held:
    """A text while it is held: its keys (several after a technical upgrade), since when, and the step into it."""

    keys: set[bytes]
    version: int
    since: datetime
    step: int | None = None
    reached: set[bytes] = field(default_factory=set)


def steps(versions: Iterable[Version], *, now: datetime) -> list[Step]:
    """The steps of one document's history as known at `now`, oldest first. Captures that are not OK are left out.

    A text that flaps keeps one step: it is provisional again each time the text comes back within a week.
    """
    found: list[Step] = []
    held: list[_Held] = []
    gone: dict[tuple[bytes, bytes], int] = {}
    usable = (v for v in versions if v.state is CaptureState.OK and v.captured_at <= now)
    for version in sorted(usable, key=lambda v: (v.captured_at, v.id)):
        _take(version, held, found, gone)
    current = {entry.step: entry.since for entry in held}
    return [_settle(step, current.get(number, step.at), now) for number, step in enumerate(found)]


def _take(version: Version, held: list[_Held], found: list[Step], gone: dict[tuple[bytes, bytes], int]) -> None:
    if not held:
        held.append(_Held({version.key}, version.id, version.captured_at))
        return
    top = held[-1]
    if version.key in top.keys:
        return
    back = _return(version, held)
    if back is not None:
        for before, entry in pairwise(held[back:]):
            if entry.step is not None:
                step = found[entry.step]
                found[entry.step] = replace(step, status=ChangeStatus.WITHDRAWN, decided_at=version.captured_at)
                gone.update({(old, new): entry.step for old in before.keys for new in entry.keys})
        del held[back + 1 :]
        return
    at = version.captured_at
    if version.technical:
        found.append(Step(top.version, version.id, at, ChangeStatus.TECHNICAL, at))
        top.keys.add(version.key)
        top.version = version.id
        return
    number = _again(version, top, found, gone)
    if number is None:
        number = len(found)
        found.append(Step(top.version, version.id, at, ChangeStatus.PROVISIONAL, at))
    held.append(_Held({version.key}, version.id, at, number))


def _return(version: Version, held: Sequence[_Held]) -> int | None:
    """The place of the text that `version` returns to, if that was left within the last week."""
    for place in range(len(held) - 2, -1, -1):
        if held[place + 1].since < version.captured_at - SETTLED:
            return None
        if version.key in held[place].keys:
            return place
    return None


def _again(version: Version, top: _Held, found: list[Step], gone: dict[tuple[bytes, bytes], int]) -> int | None:
    """The step that was withdrawn within the last week and now happens again."""
    for old in top.keys:
        number = gone.get((old, version.key))
        if number is not None and found[number].decided_at >= version.captured_at - SETTLED:
            step = found[number]
            found[number] = replace(step, status=ChangeStatus.PROVISIONAL, decided_at=version.captured_at,
                                    after=version.id, returns=step.returns + 1)  # fmt: skip
            return number
    return None


def _settle(step: Step, since: datetime, now: datetime) -> Step:
    if step.status is not ChangeStatus.PROVISIONAL:
        return step
    # Of a text that flapped, the week runs from its last return.
    settled = max(since, step.decided_at) + SETTLED
    return replace(step, status=ChangeStatus.CONFIRMED, decided_at=settled) if settled <= now else step
