"""Asking the sources which posts are gone, and erasing those here; on the way, counters are refreshed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.protocol import Collector, Limits, Recheckable
from core.errors import BudgetExhausted, ConfigError, SourceError, UproarError
from core.records import Gone, Seen
from store import Store
from uproar.steps.budget import SourceBudget

BATCH = 100
TOGETHER = 10
"""Batches whose gone posts are erased together."""
LIMIT = 20_000
"""Most posts asked after in one run of one source; the next run goes on."""
SPREAD = 50
"""Posts whose counters are refreshed beside those that are due: the most spread ones, and as many by chance."""
FRESH = timedelta(hours=6)
YOUNG = timedelta(days=30)
UPSTREAM = "gone at the source"


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """How one source came out: `asked` posts, `alive` and `gone` ones, reposts of them (`copies`), `erased` here.

    `silent` posts were asked after without an answer: they are asked after again. `exports` names files that hold
    erased posts.
    """

    source: str
    asked: int = 0
    alive: int = 0
    gone: int = 0
    copies: int = 0
    erased: int = 0
    exports: tuple[str, ...] = ()
    cost: float = 0.0
    error: UproarError | None = None

    @property
    def silent(self) -> int:
        """Posts of which the source said nothing."""
        return self.asked - self.alive - self.gone


def recheck_source(
    store: Store, collector: Collector, *, watches: Collection[str], limits: Limits, clock: Callable[[], datetime],
    everything: bool = False,
) -> RecheckReport | None:  # fmt: skip
    """Ask after the posts that are due, then after the most spread; None where the source cannot be asked.

    Never raises for a failing source: what was answered before is kept, and what was gone is erased.
    """
    if not isinstance(collector, Recheckable):
        return None
    name, paid = collector.name, collector.price > 0
    due = store.due_for_recheck(
        name, watches=watches, now=clock(), limit=LIMIT, everything=everything, collecting_counts=paid
    )
    asking = Asking(store, name, collector, limits, clock)
    error = asking.ask(due)
    if error is None and not everything and _affordable(limits, 2 * SPREAD * collector.price):
        now = clock()
        spread = store.most_spread(name, watches=watches, since=now - YOUNG, before=now - FRESH, count=SPREAD)
        error = asking.ask([id_ for id_ in spread if id_ not in asking.gone])
    asking.erase()
    cost = limits.budget.spent if isinstance(limits.budget, SourceBudget) else 0.0
    return RecheckReport(
        name, asking.asked, asking.alive, len(asking.gone), asking.copies, asking.erased, tuple(sorted(asking.exports)),
        cost, error,
    )  # fmt: skip


def _affordable(limits: Limits, cost: float) -> bool:
    """Whether fresh counters fit in what this hour may spend: reading new posts goes first."""
    return limits.budget is None or limits.budget.allowance() >= cost


class Asking:
    """Asks batch by batch and keeps each answer at once; what is gone is erased after every `TOGETHER` batches.

    Erasing cleans the whole database up, so that it is not done for every batch; nor at the end alone, which a run
    that is killed time and again would never reach. What was gone and is not erased yet stays due.
    """

    def __init__(
        self, store: Store, source: str, collector: Recheckable, limits: Limits, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._source, self._collector = store, source, collector
        self._limits, self._clock = limits, clock
        self.asked = self.alive = self.copies = self.erased = 0
        self.gone: list[str] = []
        self.exports: set[str] = set()
        self._waiting: list[str] = []

    def ask(self, ids: Sequence[str]) -> UproarError | None:
        """Ask after all of `ids`; returns why it stopped before the end."""
        for number, start in enumerate(range(0, len(ids), BATCH), 1):
            error = self._batch(ids[start : start + BATCH])
            if error is not None:
                return error
            if number % TOGETHER == 0:
                self.erase()
        return None

    def erase(self) -> None:
        """Erase what was found gone, and reposts of it."""
        if not self._waiting:
            return
        copies = self._store.copies_of(self._source, self._waiting)
        done = self._store.forget(self._source, ids=[*self._waiting, *copies], now=self._clock(), reason=UPSTREAM)
        self.copies += len(copies)
        self.erased += done.posts
        self.exports |= set(done.exports)
        self._waiting.clear()

    def _batch(self, batch: Sequence[str]) -> UproarError | None:
        seen: list[Seen] = []
        gone: list[str] = []
        error: UproarError | None = None
        wanted = set(batch)  # never erase what was not asked after
        try:
            for answer in self._collector.recheck(batch, self._limits):
                if answer.id not in wanted:
                    continue
                if isinstance(answer, Gone):
                    gone.append(answer.id)
                else:
                    seen.append(answer)
        except (SourceError, ConfigError, BudgetExhausted) as failure:
            error = failure
        answered = {found.id for found in seen}
        # After a failure the rest of the batch was not asked after: it stays due.
        asked = [id_ for id_ in batch if id_ not in set(gone)] if error is None else sorted(answered)
        self._store.save_recheck(self._source, asked, seen, now=self._clock())
        self.asked += len(batch) if error is None else len(answered) + len(gone)
        self.alive += len(answered)
        self.gone += gone
        self._waiting += gone
        return error
