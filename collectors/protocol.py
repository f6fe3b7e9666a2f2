"""What a collector is, what it promises, and what a run allows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, Self, runtime_checkable

from core.errors import BudgetExhausted
from core.records import Gone, Page, Query, Seen
from core.settings import Settings


class Budget(Protocol):
    """What may still be spent on a source, in the source's own unit (requests, posts, dollars)."""

    def reserve(self, units: float) -> None:
        """Set `units` aside before they are spent. Raises BudgetExhausted when fewer are left."""
        ...

    def release(self, units: float) -> None:
        """Give back what was set aside and not spent."""
        ...

    def allowance(self, *, spike: bool = False) -> float:
        """What may be spent now without eating into later hours; in a spike, part of the day's reserve as well."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take: until when, and how much. None means no limit."""

    deadline: datetime | None = None
    budget: Budget | None = None

    def spend(self, units: float, *, now: datetime) -> None:
        """To be called before each request. Raises BudgetExhausted when time or budget is up."""
        if self.deadline is not None and now >= self.deadline:
            raise BudgetExhausted("the time for this run is up; the next run goes on from here")
        if self.budget is not None:
            self.budget.reserve(units)


class Collector(Protocol):
    """One source of posts.

    Promises, each a test over every registered collector (tests/test_collectors_contract.py):

    - Nothing is opened or asked before the first `next()`.
    - At least once, never a gap: the span is [query.since, query.until), its first moment included; what a run
      read and no cursor covered is read again. Ids are the platform's and stay the same from run to run.
    - A page carries a cursor only when resuming there loses nothing.
    - What a cap or a damaged input withheld is in `Page.truncated`; an empty answer is no failure.
    - Times are aware and in UTC. Only `core.errors` are raised. Neither text nor secrets are logged.
    """

    name: ClassVar[str]
    price: ClassVar[float]
    """US dollars for one post read; 0 where reading is free."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from settings. Raises MissingSetting naming the variable and where to get its value."""
        ...

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of what the source holds for `query`, from `cursor` on (None: from `query.since`)."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would read: `posts` upstream, for `cost` US dollars; `spent` is what finding out has cost."""

    posts: int
    cost: float
    spent: float = 0.0


@runtime_checkable
class Priced(Protocol):
    """A collector that costs money and can say how much before it reads."""

    def estimate(self, query: Query, cursor: str | None, limits: Limits) -> Estimate:
        """The price of `collect` with the same arguments. Reads no posts."""
        ...


@runtime_checkable
class Recheckable(Protocol):
    """A collector that can ask its source what became of posts it gave before."""

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """For each of `ids`, in any order and batch by batch: still there, or gone.

        An id of which the source says neither (it failed, or refuses) is left out, and asked again another time:
        a fault must never erase. Raises `core.errors` like `collect`; nothing is asked before the first `next()`.
        """
        ...
