"""Lemmy: posts and comments that a search finds on several instances, and the comments below such posts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from collectors.instances import addresses
from collectors.json_fields import NotAPost, count, inside, name
from collectors.lemmy_instance import PAGES, LemmyInstance, decoded
from collectors.lemmy_records import SOURCE, is_hidden, post_of, published, said_in, seen_of
from collectors.marks import Marks
from collectors.protocol import Limits
from core.errors import ConfigError, RetryLater, SourceError
from core.expressions import Term
from core.http import Answer, Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Gone, Interval, Page, Query, Rejected, Seen, Sighted
from core.settings import Settings

OVERLAP = timedelta(days=1)
"""What other instances write arrives late, and threads grow: each run reads the last day of the one before again."""
KINDS = ("posts", "comments")
_INTERVAL = 6.0  # about 100 searches in ten minutes for an address
_DEFAULT = "lemmy.world"
_FAR = datetime(9990, 1, 1, tzinfo=UTC)
_NUMBERED = re.compile(r"/(post|comment)/(\d{1,18})/?$")
_ACTIVITY = "application/activity+json"


@dataclass(slots=True)
class _Listing:
    """One search on one instance. After its last page `withheld` says whether it ended before the mark."""

    instance: LemmyInstance
    words: str
    kind: str
    oldest: datetime | None = None
    withheld: bool = False
    looped: bool = False

    @property
    def key(self) -> str:
        return f"{self.instance.url} {self.kind} {self.words}"


class LemmyCollector:
    """Posts and comments that hold a term, on each instance of the option `instances` (hosts, by commas).

    A search goes from the newest back to where the last run read, less a day; beyond 100 pages of 50 the rest is
    truncated. Below a post that matches, all comments are read where their number has changed, as THREAD, until the
    post is a day older than the run. An instance that fails is read on from where it stood by the next run.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = 0.0

    def __init__(
        self, settings: Settings, transport: Transport, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._transport = transport
        self._keys: Callable[[], Keys] = lambda: settings.keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs no key."""
        return cls(settings, Transport(settings, interval=_INTERVAL))

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 50 views; the last page of each search carries the cursor."""
        unknown = sorted(set(query.options) - {"instances"})
        if unknown:
            raise ConfigError(f"lemmy: unknown option {', '.join(unknown)}. Known: instances")
        matcher = Matcher(query.expression)
        instances = [
            LemmyInstance(self._transport, url) for url in addresses(SOURCE, query.options.get("instances", _DEFAULT))
        ]
        listings = [
            _Listing(instance, words, kind)
            for instance in instances
            for words in _searches(matcher.expression.cover)
            for kind in KINDS
        ]
        marks = Marks([listing.key for listing in listings], cursor, query.since)
        run = _Run(query, limits, matcher, self._keys(), marks, self._clock)
        for listing in listings:
            yield from run.listing(listing)
        yield run.last()

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """Asks the instance where each was written; gone is what it says it does not have, or does not show any more.

        An instance that is down, refuses or answers with a page of another kind leaves the question open.
        """
        for id_ in dict.fromkeys(ids):
            parts = urlsplit(id_)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                continue
            limits.spend(1, now=self._clock())
            found = _NUMBERED.search(parts.path)
            try:
                if found is None:  # other software of the fediverse
                    answer = self._transport.get(id_, headers={"Accept": _ACTIVITY}, accept=(401, 403, 404, 410))
                    verdict = _of_object(id_, answer)
                else:
                    instance = LemmyInstance(self._transport, f"{parts.scheme}://{parts.netloc}")
                    verdict = _of_view(id_, found[1], instance.look_up(found[1], found[2]))
            except SourceError:
                continue
            if verdict is not None:
                yield verdict


class _Run:
    """Reads listings and the threads below what they bring, and keeps the marks."""

    def __init__(
        self, query: Query, limits: Limits, matcher: Matcher, keys: Keys, marks: Marks, clock: Callable[[], datetime]
    ) -> None:
        self._query, self._limits, self._matcher, self._keys, self._marks = query, limits, matcher, keys, marks
        self._clock = clock
        self._seen: set[str] = set()
        self._threads: dict[str, int] = {}
        """Comments below each thread that matches: the next run asks again where there are others."""
        self._before = {k: n for k, n in marks.notes.items() if isinstance(n, int)}
        self._read_one = self._looped_below = False
        self._withheld: list[Interval] = []
        self._down: SourceError | None = None
        self._refused: SourceError | None = None

    def listing(self, listing: _Listing) -> Iterator[Page]:
        """Its pages and those of its threads, and a cursor with the last one. What fails is told by `last`."""
        mark = self._marks.first[listing.key]
        span = Interval(mark, self._query.until) if mark < self._query.until else None
        cut: list[Interval] = []
        try:
            due: dict[str, int] = {}
            self._looped_below = False
            for views in self._pages(listing, lambda page: listing.instance.search(listing.words, listing.kind, page),
                                     mark):  # fmt: skip
                yield self._page(views, mark)
                due |= self._matching(views, listing)
            if listing.withheld and span:
                cut.append(Interval(mark, max(listing.oldest or span.end, mark + timedelta(seconds=1))))
            for number, comments in due.items():
                yield from self._thread(listing.instance, number, comments, cut)
            if listing.looped or self._looped_below:
                self._marks.hold(listing.key)
            self._marks.move(listing.key, self._query.until - OVERLAP)
            self._read_one = True
        except RetryLater as error:
            self._down = error
            return
        except SourceError as error:
            self._refused = error
            self._withheld += [span] if span else []
            return
        self._marks.notes = {**self._before, **self._threads}
        yield Page((), self._marks.cursor(), tuple(cut))

    def last(self) -> Page:
        """The marks, and what was withheld by those that refused.

        Raises what was down, or what refused where nothing at all could be read.
        """
        if self._down or (self._refused and not self._read_one):
            raise self._down or self._refused or AssertionError
        if not self._refused:  # threads that were not seen again are let go
            self._marks.notes = dict(self._threads)
        return Page((), self._marks.cursor(), tuple(self._withheld))

    def _thread(self, instance: LemmyInstance, number: str, comments: int, cut: list[Interval]) -> Iterator[Page]:
        """All comments below one post, where there are others than when it was last read."""
        key = f"{instance.url} {number}"
        if self._before.get(key, 0) != comments and self._threads.get(key) != comments:
            thread = _Listing(instance, number, "thread")
            for views in self._pages(thread, lambda page: instance.comments(number, page), self._query.since):
                yield self._page(views, self._query.since)
            if thread.withheld:
                cut.append(Interval(self._query.since, self._query.until))
            if thread.looped:  # not noted as read, and its search is held: the next run comes back to it
                self._looped_below = True
                return
        self._threads[key] = comments

    def _pages(self, listing: _Listing, ask: Callable[[int], list[Any]], mark: datetime) -> Iterator[list[Any]]:
        """Its pages down to the mark, the end or the last page that is given."""
        known: set[str] = set()
        number, again = 1, False
        while number <= PAGES:
            self._limits.spend(1, now=self._clock())
            views = ask(number)
            if not views:
                return
            names = [_name_of(view) for view in views]
            fresh = [view for view, id_ in zip(views, names, strict=True) if not id_ or id_ not in known]
            if not set(filter(None, names)) - known:
                if again:
                    listing.looped = listing.withheld = True
                    return
                again = True
                continue
            known.update(filter(None, names))
            yield fresh
            times = [at for view in views if (at := published(view, _FAR)) is not None]
            listing.oldest = min([*times, *([listing.oldest] if listing.oldest else [])], default=None)
            if times and max(times) < mark:
                return
            number, again = number + 1, False
        listing.withheld = True

    def _matching(self, views: list[Any], listing: _Listing) -> dict[str, int]:
        """The posts among the views that match, by number, with the comments that they have."""
        found = {}
        for view in views if listing.kind == "posts" else []:
            number, comments = name(inside(view, "post", "id")), count(inside(view, "counts", "comments"))
            if number.isdecimal() and comments and self._matches(view) and not is_hidden(view):
                found[number] = comments
        return found

    def _matches(self, view: Any) -> bool:
        try:
            return bool(self._matcher.reason(said_in(inside(view, "post"), is_comment=False)))
        except NotAPost:
            return False

    def _page(self, views: list[Any], mark: datetime) -> Page:
        """What the watch holds of these views, oldest first, each once over all listings."""
        held: list[Sighted] = []
        rejected: list[Rejected] = []
        for number, view in enumerate(views, 1):
            try:
                post = post_of(view, self._keys, self._clock())
                above = said_in(inside(view, "post"), is_comment=False) if post.root_id else ""
            except NotAPost as error:
                if error.reason:
                    rejected.append(Rejected(number, error.reason))
                continue
            reason = self._matcher.reason(post.text, [above] if above else ())
            if reason and post.id not in self._seen and mark <= post.created_at < self._query.until:
                self._seen.add(post.id)
                held.append(Sighted(post, reason))
        held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        return Page(tuple(held), rejected=tuple(rejected), read=len(views))


def _searches(cover: tuple[Term, ...]) -> list[str]:
    """The words of each term: the search finds them inside of others too, so that a prefix needs no star."""
    return list(dict.fromkeys(found for term in cover if (found := term.text.strip("#*-").strip())))


def _name_of(view: Any) -> str:
    record = inside(view, "comment") if isinstance(inside(view, "comment"), dict) else inside(view, "post")
    return name(inside(record, "ap_id"))


def _of_view(id_: str, kind: str, answer: Answer) -> Seen | Gone | None:
    content = decoded(answer)
    if answer.status in (400, 404, 410) and str(inside(content, "error")).startswith("couldnt_find"):
        return Gone(id_)
    view = inside(content, f"{kind}_view")
    if answer.status != 200 or not isinstance(view, dict):
        return None
    return Gone(id_) if is_hidden(view) else seen_of(view, id_)


def _of_object(id_: str, answer: Answer) -> Seen | Gone | None:
    content = decoded(answer)
    if answer.status == 410 or (answer.status == 404 and isinstance(content, dict)):
        return Gone(id_)
    if answer.status != 200 or not isinstance(content, dict):
        return None
    return Gone(id_) if content.get("type") == "Tombstone" else Seen(id_)
