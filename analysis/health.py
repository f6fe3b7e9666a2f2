"""Whether a source behaves as it has in its own last 28 days: a source that breaks is no change of mood.

States: `unknown` (fewer than seven days of the 28 were read whole, or the last day was not), `usual`, `quiet`
(far less than on any of these days), `flood` (far more than on any, while the others are as ever: more likely the
source's own doing than a reaction) and `high` (as much, but others rise too, or there is none to compare with).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

DAYS = 28
LEAST_DAYS = 7
WHOLE = 20
"""So many of a day's 24 hours must have been read for its count to be compared."""
QUIET_BELOW, FLOOD_ABOVE, RISING = 1 / 8, 4.0, 2.0
LEAST_USUAL, LEAST_FLOOD = 8, 20
"""Below eight posts a day, silence happens by chance (Poisson: one day in 300 shows one post or none at eight)."""
_READ = frozenset({"complete", "sample", "truncated"})


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one source, with the posts of its last 24 hours and the median of its 28 days before."""

    source: str
    state: str
    posts: int
    usual: float

    @property
    def sentence(self) -> str:
        """The state in plain words; "" where there is nothing to say."""
        said = f"{self.posts:,} posts in 24 hours, where {self.usual:,.0f} are usual in its own last {DAYS} days"
        return {
            "quiet": f"Gone quiet: {said}. Look at the source before reading this as calm.",
            "flood": f"Flooded: {said}, while the other sources are as ever. Look at the source before reading this "
                     "as a reaction.",
            "high": f"High: {said}. Other sources rise too, or there is none to compare with.",
        }.get(self.state, "")  # fmt: skip


def source_health(counts: pd.DataFrame, coverage: pd.DataFrame, *, now: datetime) -> list[Health]:
    """The health of each source of `coverage` (hour, source, coverage), by name, at `now`.

    `counts` has hour, source and posts. Days are spans of 24 hours back from `now`; a truncated hour counts with
    what it brought, for a cap makes a day neither quiet nor the less of a flood.
    """
    daily = {
        name: _daily(coverage[coverage["source"] == name], counts[counts["source"] == name], now)
        for name in sorted({str(source) for source in coverage["source"]})
    }
    rising = {name: _rises(days) for name, days in daily.items()}
    return [
        _judge(name, days, [up for other, up in rising.items() if other != name and up is not None])
        for name, days in daily.items()
    ]


def _daily(states: pd.DataFrame, counts: pd.DataFrame, now: datetime) -> pd.Series[float]:
    """Posts per day back from now (0 is the last), without the days that were not read whole."""
    posts = counts["posts"].groupby(_days_back(counts["hour"], now)).sum()
    read = states[states["coverage"].isin(_READ)]
    hours = read.groupby(_days_back(read["hour"], now)).size()
    whole = hours.index[(hours >= WHOLE) & (hours.index >= 0) & (hours.index <= DAYS)]
    return posts.reindex(whole).fillna(0).astype(float)


def _days_back(hours: pd.Series[Any], now: datetime) -> pd.Series[Any]:
    """How many whole days lie between the end of an hour and now."""
    ends = hours + pd.Timedelta(hours=1)
    return (pd.Timestamp(now) - ends) // pd.Timedelta(days=1)


def _rises(days: pd.Series[float]) -> bool | None:
    """Whether the last day is above twice the median; None where that cannot be said."""
    before = days[days.index > 0]
    if 0 not in days.index or len(before) < LEAST_DAYS:
        return None
    return bool(days[0] > RISING * max(before.median(), 1.0))


def _judge(source: str, days: pd.Series[float], others: list[bool]) -> Health:
    before = days[days.index > 0]
    usual = float(before.median()) if len(before) else 0.0
    posts = int(days.get(0, 0))
    if 0 not in days.index or len(before) < LEAST_DAYS:
        return Health(source, "unknown", posts, usual)
    if usual >= LEAST_USUAL and posts < before.min() and posts <= usual * QUIET_BELOW:
        return Health(source, "quiet", posts, usual)
    if posts >= LEAST_FLOOD and posts > FLOOD_ABOVE * max(before.max(), 1.0):
        return Health(source, "flood" if others and not any(others) else "high", posts, usual)
    return Health(source, "usual", posts, usual)
