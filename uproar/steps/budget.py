"""The budget guard of one source for one run: caps from the settings, what was spent from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from core.records import utc_hour
from core.settings import Caps
from store import Store

RESERVE = 0.3
"""Share of the day's budget that is kept for spikes."""


class SourceBudget:
    """Reserves before money is spent, for all processes on one database. `spent` is what this run has cost.

    The day's budget less the reserve is spread evenly over its hours, so that a busy morning cannot leave the evening
    dark; what an hour leaves unspent, later hours may use. In a spike half of what is left of the reserve is open
    as well: half, so that a second spike of the same day finds something.
    """

    def __init__(self, store: Store, source: str, caps: Caps, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._source = source
        self._caps = caps
        self._clock = clock
        self.spent = 0.0

    def reserve(self, units: float) -> None:
        """Set `units` aside in the ledger. Raises BudgetExhausted where the day or the month would go over its cap."""
        caps = self._caps
        self._store.reserve(self._source, units, now=self._clock(), daily=caps.daily, monthly=caps.monthly)
        self.spent += units

    def release(self, units: float) -> None:
        """Give back what was set aside and not spent."""
        self._store.release(self._source, units, now=self._clock())
        self.spent -= units

    def allowance(self, *, spike: bool = False) -> float:
        """What may be spent now without eating into the day's later hours; never more than the caps leave."""
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        end = utc_hour(now) + timedelta(hours=1)
        today = self._store.spent(self._source, since=midnight, until=now)
        month = self._store.spent(self._source, since=midnight.replace(day=1), until=now)
        daily = self._caps.daily
        open_now = (1 - RESERVE) * daily * ((end - midnight) / timedelta(days=1)) - today
        if spike:
            kept = min(RESERVE * daily, max(daily - today, 0.0))
            open_now = max(open_now, 0.0) + kept / 2
        return max(0.0, min(open_now, daily - today, self._caps.monthly - month))
