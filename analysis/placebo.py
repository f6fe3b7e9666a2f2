"""Placebo dates: the same question asked at dates when nothing was announced, dates just after peaks first of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.impact import Impact, Series, TooLittle, impact

FEWEST = 20
"""Under so many placebo dates no p is given."""
MOST = 200
PEAK_SPREADS = 4.0
_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Design:
    """How a reading is made, in steps: at most `before` and at least `fewest` before, `gap` left out, `after` read."""

    before: int
    fewest: int
    gap: int
    after: int


@dataclass(frozen=True, slots=True)
class Placebo:
    """What one placebo date gave: its effect in standard errors, and whether a peak lay just before it."""

    at: int
    score: float
    after_peak: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """`p` is (1 + placebos as large) / (m + 1), None under 20 of them; `reason` then says why.

    `count` are those compared with: where the event itself follows a peak, only dates just after peaks are its like.
    """

    p: float | None
    count: int
    as_large: int
    after_peak: bool
    reason: str


def peaks(values: np.ndarray, reach: int) -> np.ndarray:
    """Whether each step is a peak: four robust spreads above the median, and the highest within `reach` steps."""
    known = np.isfinite(values)
    found = np.zeros(len(values), dtype=bool)
    if known.sum() < 3:
        return found
    middle = float(np.median(values[known]))
    spread = _MAD * float(np.median(np.abs(values[known] - middle))) or float(np.std(values[known]))
    for at in np.flatnonzero(known & (np.where(known, values, -np.inf) > middle + PEAK_SPREADS * spread)):
        near = values[max(0, at - reach) : at + reach + 1]
        found[at] = spread > 0 and values[at] >= np.nanmax(near)
    return found


def follows_peak(is_peak: np.ndarray, at: int, design: Design) -> bool:
    """Whether a peak lies within one reading's length before the gap; one in the gap may be the event's own."""
    return bool(is_peak[max(0, at - design.gap - design.after) : max(0, at - design.gap)].any())


def placebo_dates(series: Series, design: Design, blocked: np.ndarray) -> list[tuple[int, bool]]:
    """(first step read, just after a peak) of every admissible date, none overlapping another, in order.

    Admissible: enough known steps before, at least half of the steps read are known, and neither gap nor reading
    touches a `blocked` step. Dates just after peaks choose first, the others fill what is left from the end.
    """
    known = np.isfinite(series.values)
    is_peak = peaks(series.values, design.after)
    free = ~blocked
    found: list[int] = []

    def offer(at: int) -> None:
        if (
            at - design.gap < 1
            or at + design.after > len(series)
            or not free[at - design.gap : at + design.after].all()
        ):
            return
        before = known[max(0, at - design.gap - design.before) : at - design.gap]
        if int(before.sum()) < design.fewest or 2 * int(known[at : at + design.after].sum()) < design.after:
            return
        free[at - design.gap : at + design.after] = False
        found.append(at)

    for peak in np.flatnonzero(is_peak):
        offer(int(peak) + 1 + design.gap)
    for at in range(len(series) - design.after, 0, -1):
        offer(at)
    return sorted((at, follows_peak(is_peak, at, design)) for at in found)[-MOST:]


def placebos(series: Series, design: Design, blocked: np.ndarray, *, like: Impact | None = None) -> list[Placebo]:
    """The placebo effects of `series`, read with the rhythm of `like`; dates that cannot be read are left out."""
    found = []
    for at, after_peak in placebo_dates(series, design, blocked):
        first = max(0, at - design.gap - design.before)
        try:
            before, after = slice(first, at - design.gap), slice(at, at + design.after)
            made = impact(series, before, after, season=like.season if like else None, bounds=False)
        except TooLittle:
            continue
        found.append(Placebo(at, made.score, after_peak))
    return found


def judge(score: float, found: Sequence[Placebo], *, after_peak: bool) -> Verdict:
    """How many placebo dates moved as much, either way; just after a peak, only dates just after peaks count."""
    like = [p for p in found if p.after_peak or not after_peak]
    as_large = sum(abs(p.score) >= abs(score) for p in like)
    if len(like) < FEWEST:
        which = "just after a peak, as this one is," if after_peak else "without an event"
        reason = f"only {len(like)} comparable dates {which} are known; {FEWEST} are needed"
        return Verdict(None, len(like), as_large, after_peak, reason)
    return Verdict((1 + as_large) / (len(like) + 1), len(like), as_large, after_peak, "")
