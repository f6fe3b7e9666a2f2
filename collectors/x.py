"""X by its official API: counts first, then what the budget allows, whole or by chance. Every post read costs money."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from collectors.json_fields import inside, rows
from collectors.protocol import Estimate, Limits
from collectors.x_client import XClient
from collectors.x_plan import is_spike, plan
from collectors.x_posts import SOURCE, counters, post_id
from collectors.x_query import x_query
from collectors.x_reading import LEAST, PRICE, Reading, counted
from core.errors import BudgetExhausted, ConfigError, MissingSetting
from core.expressions import Node
from core.keys import Keys
from core.matching import parse
from core.records import Gone, Interval, Page, Query, Seen
from core.settings import Settings

OPTIONS = ("archive", "query", "reposts")
RECENT = timedelta(days=7) - timedelta(minutes=5)
"""How far back recent search goes, less what a run may take."""
LAG = timedelta(seconds=30)
"""What X itself takes for its present; fresher posts come with the next run."""
SHORTEST = timedelta(seconds=10)
_UNLIMITED = 10**12
LOOKUP = 100
_GONE = ("resource-not-found", "not-authorized-for-resource")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run begins: a moment, and the newest post before it where everything up to there was read."""

    at: datetime
    since_id: str = ""

    def __str__(self) -> str:
        return json.dumps({"at": self.at.isoformat(), "since_id": self.since_id})


class XCollector:
    """Posts that match, of the last seven days; with the option `archive = "yes"` of any time.

    Other options: `query` (X's own language, in place of one made from the watch's terms), `reposts` ("yes": plain
    reposts too, each at the price of a post). Windows are read oldest first with a cursor after each, never before
    its last page. What is older than X gives is truncated; what the budget does not allow is sampled, with its rate.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = PRICE

    def __init__(
        self, client: XClient, keys: Callable[[], Keys], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        self._client = client
        self._keys = keys
        self._clock = clock
        self._chance = chance or random.Random()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs a bearer token, and caps on what may be spent."""
        if SOURCE not in settings.budgets:
            raise MissingSetting(
                "X costs money for every post read. Set UPROAR_BUDGETS__X__DAILY and UPROAR_BUDGETS__X__MONTHLY, the "
                "most that may be spent per UTC day and month, in US dollars"
            )
        return cls(XClient(settings), lambda: settings.keys)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts; the last page of each window carries the cursor."""
        asked, place = _Asked.of(query), _place(cursor, query.since)
        edge, end = self._clock() - RECENT, min(query.until, self._clock() - LAG)
        if place.at < edge and not asked.archive:
            lost = Interval(place.at, min(edge, query.until)) if place.at < query.until else None
            place = _Place(edge)
            yield Page((), truncated=(lost,) if lost else ())
        if end - place.at < SHORTEST:
            yield Page((), cursor=str(place))
            return
        self._affordable(limits, asked, spike=True)  # before anything is spent on counting
        older = place.at < edge
        buckets, _ = counted(
            self._client, asked.said(archive=older), place.at, end, limits, archive=older, now=self._clock()
        )
        affordable = self._affordable(limits, asked, spike=is_spike(buckets), volume=sum(b.count for b in buckets))
        reading = Reading(self._client, self._keys(), query, limits, self._clock, reposts=asked.reposts)
        for window in plan(buckets, place.at, end, affordable, self._chance):
            archive = window.start < edge
            said = asked.said(archive=archive)
            if window.slices:
                yield from reading.sampled(window, said, archive=archive)
                place = _Place(window.end)
            else:
                # Exact to the post; older than seven days X takes no since_id, and then the second decides.
                since_id = "" if archive else place.since_id
                yield from reading.whole(window, said, archive=archive, since_id=since_id)
                place = _Place(window.end, "" if reading.cut(window) else reading.newest or since_id)
            yield Page((), cursor=str(place), truncated=reading.cut(window), sampled=reading.part(window))

    def estimate(self, query: Query, cursor: str | None, limits: Limits) -> Estimate:
        """By X's counts, which cost half a cent or a cent each; no post is read."""
        asked, place = _Asked.of(query), _place(cursor, query.since)
        edge, end = self._clock() - RECENT, min(query.until, self._clock() - LAG)
        start = place.at if asked.archive else max(place.at, edge)
        if end - start < SHORTEST:
            return Estimate(0, 0.0)
        older = start < edge
        buckets, spent = counted(
            self._client, asked.said(archive=older), start, end, limits, archive=older, now=self._clock()
        )
        posts = sum(bucket.count for bucket in buckets)
        return Estimate(posts, posts * asked.unit, spent)

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """A hundred ids a request, at the price of as many posts. Deleted, suspended and protected ones are gone."""
        known = [id_ for id_ in ids if post_id({"id": id_})]
        for start in range(0, len(known), LOOKUP):
            batch = known[start : start + LOOKUP]
            limits.spend(len(batch) * PRICE, now=self._clock())
            answer = self._client.lookup(batch)
            found = {id_: record for record in rows(answer, "data") if (id_ := post_id(record))}
            if limits.budget is not None:
                limits.budget.release((len(batch) - min(len(found), len(batch))) * PRICE)
            gone = {
                post_id({"id": inside(error, "resource_id")})
                for error in rows(answer, "errors")
                if str(inside(error, "type")).endswith(_GONE)
            }
            for id_ in batch:
                if id_ in found:
                    yield Seen(id_, **counters(inside(found[id_], "public_metrics")))
                elif id_ in gone:
                    yield Gone(id_)

    def _affordable(self, limits: Limits, asked: _Asked, *, spike: bool, volume: int = LEAST) -> int:
        """How many posts may be read now. Raises BudgetExhausted where that is not even a page, and one is needed."""
        if limits.budget is None:
            return _UNLIMITED
        posts = int(limits.budget.allowance(spike=spike) / asked.unit)
        if posts < min(LEAST, volume):
            raise BudgetExhausted(
                "x: what the budget allows for this hour is spent; it goes on with the next hour, or with a higher "
                "UPROAR_BUDGETS__X__DAILY or __MONTHLY"
            )
        return posts


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the watch asks of X, by its options."""

    tree: Node
    archive: bool
    reposts: bool
    given: str

    @classmethod
    def of(cls, query: Query) -> Self:
        """From a query. Raises ConfigError on options that X does not have."""
        unknown = sorted(set(query.options) - set(OPTIONS))
        if unknown:
            raise ConfigError(f"x: unknown option {', '.join(unknown)}. Known: {', '.join(OPTIONS)}")
        return cls(
            parse(query.expression).tree, _flag(query.options, "archive"), _flag(query.options, "reposts"),
            query.options.get("query", "").strip(),
        )  # fmt: skip

    @property
    def unit(self) -> float:
        """What one post costs: a repost brings its original along."""
        return PRICE * 2 if self.reposts else PRICE

    def said(self, *, archive: bool) -> str:
        """The query in X's language. Raises QueryRejected where it cannot be said."""
        return x_query(self.tree, reposts=self.reposts, archive=archive, given=self.given)


def _flag(options: Mapping[str, str], name: str) -> bool:
    value = options.get(name, "no").lower()
    if value not in ("yes", "no", "true", "false"):
        raise ConfigError(f"x: {name} = {value!r} must be 'yes' or 'no'")
    return value in ("yes", "true")


def _place(cursor: str | None, since: datetime) -> _Place:
    """Where the cursor says; an unreadable one is none."""
    try:
        told = json.loads(cursor or "")
        at = datetime.fromisoformat(told["at"])
        since_id = post_id({"id": told.get("since_id")})
    except (ValueError, TypeError, KeyError, AttributeError):
        return _Place(since)
    return _Place(at.astimezone(UTC), since_id) if at.tzinfo else _Place(since)
