"""What the headline share counts: negative sentiment, or stance against the platform. Decided here, and only here."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import pandas as pd

from analysis.shares import difference, wilson
from core.watches import Watch

FEWEST = 20
"""Under so many relevant posts a share is not put into a sentence, and two shares are not compared."""

_STANCE = {"negative": "against", "neutral": "stance_neutral", "positive": "in_favour"}


@dataclass(frozen=True, slots=True)
class Share:
    """`negative` of `relevant` posts with the 95 % Wilson interval; NaN where there is no denominator.

    With `measure = "against"` it counts stance. Posts for which the model has no such head are not in `relevant`.
    Where a part was read by chance, the share counts each post as often as the sampling rate says, and `worth` is how
    many posts of a plain sample that is as good as; the counts are those in hand. None: each counts once.
    """

    negative: int
    relevant: int
    share: float
    low: float
    high: float
    worth: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Difference of two shares with its 95 % Newcombe interval, in -1..1: 0.12 is twelve points more."""

    points: float
    low: float
    high: float


def word(watch: Watch) -> str:
    """What completes "12 of 40 relevant posts are …"."""
    return "negative" if watch.measure == "negative" else f"against {watch.platform}"


def head(watch: Watch) -> str:
    """The model's head that the measure needs, in a reader's word."""
    return "sentiment" if watch.measure == "negative" else "stance"


def measured(counts: pd.DataFrame, watch: Watch) -> pd.DataFrame:
    """`counts` of a rollup with negative, neutral and positive by the watch's measure, and `measured`, their sum.

    `measured` is the denominator of every share: it is 0, not `relevant`, where the model lacks the head, for
    absent is not neutral. `negative_reposts` follows the measure too.
    """
    out = counts.copy()
    if watch.measure == "against":
        for name, stance in (*_STANCE.items(), ("negative_reposts", "against_reposts")):
            out[name] = counts[stance]
    out["measured"] = out["negative"] + out["neutral"] + out["positive"]
    return out


def share_of(counts: pd.DataFrame) -> Share:
    """The share over all rows of a `measured` frame, weighted where it has the columns of `reports.history.counted`."""
    negative, base = int(counts["negative"].sum()), int(counts["measured"].sum())
    if "weighted_square" in counts:
        part, whole, square = (float(counts[f"weighted_{n}"].sum()) for n in ("negative", "measured", "square"))
        if square > 0 and square != whole:
            share, worth = part / whole, whole * whole / square
            low, high = wilson(share * worth, worth)
            return Share(negative, base, share, low, high, worth)
    low, high = wilson(negative, base)
    return Share(negative, base, negative / base if base else nan, low, high)


def change_between(before: Share, after: Share) -> Change | None:
    """What changed from one window to another; None where either has under 20 relevant posts."""
    if min(before.relevant, after.relevant) < FEWEST:
        return None
    return Change(*difference(*_as_sample(after), *_as_sample(before)))


def _as_sample(share: Share) -> tuple[float, float]:
    if share.worth is None:
        return share.negative, share.relevant
    return share.share * share.worth, share.worth
