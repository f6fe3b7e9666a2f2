"""One run over Reddit: what was asked and seen, which marks have moved, and which threads are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from collectors.hackernews import searches
from collectors.json_fields import NotAPost
from collectors.protocol import Limits
from collectors.reddit_listing import SEARCH_CAP, Listing
from collectors.reddit_marks import UNREAD, Marks
from collectors.reddit_things import id_of, post_of, replies_of, thread_title
from collectors.reddit_threads import INFO, Thread, info
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Post, Query, Reason, Rejected, Sighted

_SORTS = ("relevance", "top", "comments")
_SPANS = (("hour", 1), ("day", 24), ("week", 168), ("month", 720), ("year", 8_760))


class Client(Protocol):
    """What a run asks: `reddit_client.RedditClient`, or a fake."""

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The decoded answer; raises `core.errors`."""
        ...


class Run:
    """Asks, sorts out and keeps the marks of one `collect`."""

    def __init__(
        self, client: Client, keys: Keys, query: Query, marks: Marks, limits: Limits, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._keys = keys
        self._query = query
        self._marks = marks
        self._limits = limits
        self._clock = clock
        self._matcher = Matcher(query.expression)
        self._held: set[str] = set()
        self._matched: dict[str, int] = {}
        """Submissions that match, with the comments that they have."""
        self._texts: dict[str, str] = {}
        self._whole: set[str] = set()
        """Subreddits whose new submissions were read back to the mark: what their search withholds is no loss."""

    def parts(self, subreddits: Sequence[str], *, everywhere: bool) -> Iterator[Listing]:
        """Every listing to read, each to its own mark."""
        for subreddit in subreddits:
            for kind in ("new", "comments"):
                path = f"/r/{subreddit}/{kind}"
                yield Listing(path, {}, self._marks.mark(path))
        for path in [*(f"/r/{subreddit}/search" for subreddit in subreddits), *(["/search"] if everywhere else [])]:
            for search in filter(None, searches(self._matcher.expression.cover)):
                yield self._search(path, search, "new")

    def listing(self, part: Listing) -> Iterator[Page]:
        """Its pages; the last one moves its mark. A capped search is tried in other orders too: they prove nothing."""
        for things in part.pages(self._ask):
            yield self._page(things, part.mark)
        cut: tuple[Interval, ...] = ()
        if part.capped:
            for sort in _SORTS if "q" in part.params else ():
                for things in self._search(part.path, str(part.params["q"]), sort).pages(self._ask):
                    yield self._page(things, part.mark)
        elif part.path.endswith("/new"):
            self._whole.add(part.path.removesuffix("/new"))
        if part.capped and part.path.removesuffix("/search") not in self._whole:
            end = max(part.oldest or self._query.until, part.mark + timedelta(seconds=1))
            cut = (Interval(part.mark, end),)
        self._marks.move(_key(part), self._query.until)
        self._marks.expect(self._matched, self._query.until)
        yield Page((), cursor=self._marks.cursor(), truncated=cut)

    def threads(self) -> Iterator[Page]:
        """The comments below submissions that match, where there are more or fewer than when last read."""
        mark, before = self._marks.mark("threads"), dict(self._marks.threads)
        now = {**self._replies(list(before)), **self._matched}
        for id_, number in sorted(now.items()):
            known = before.get(id_, UNREAD)
            if number == max(known, 0):
                continue
            thread, start = Thread(id_), self._query.since if known == UNREAD else mark
            for things in thread.pages(self._ask):
                yield self._page(things, start)
            self._marks.threads[id_] = number
            cut = (Interval(start, self._query.until),) if thread.cut and start < self._query.until else ()
            yield Page((), cursor=self._marks.cursor(), truncated=cut)
        self._marks.move("threads", self._query.until)
        self._marks.follow(now, self._query.until)
        yield Page((), cursor=self._marks.cursor())

    def _ask(self, path: str, params: Mapping[str, str | int]) -> Any:
        self._limits.spend(1, now=self._clock())
        return self._client.get(path, params)

    def _search(self, path: str, search: str, sort: str) -> Listing:
        params: dict[str, str | int] = {
            "q": search,
            "sort": sort,
            "restrict_sr": int(path != "/search"),
            "type": "link",
        }
        mark = self._marks.mark(f"{path}?{search}")
        # The filter counts from Reddit's present, which an `until` in the past is not.
        hours = (self._clock() - mark) / timedelta(hours=1)
        params["t"] = next((name for name, span in _SPANS if hours < span), "all")
        return Listing(path, params, mark, SEARCH_CAP)

    def _replies(self, ids: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(ids), INFO):
            for thing in info(self._ask, ids[start : start + INFO]):
                if (id_ := id_of(thing)) and (number := replies_of(thing)) is not None:
                    found[id_] = number
        return found

    def _page(self, things: list[Any], mark: datetime) -> Page:
        """What the watch holds of these things, oldest first."""
        posts: list[tuple[Post, str]] = []
        rejected: list[Rejected] = []
        now = self._clock()
        for number, thing in enumerate(things, 1):
            try:
                posts.append((post_of(thing, self._keys, now), thread_title(thing)))
            except NotAPost as error:
                if error.reason:
                    rejected.append(Rejected(number, error.reason))
        # Submissions first: a comment is held for the one that it stands under.
        for post, _ in posts:
            if not post.root_id and self._matcher.expression.matches(post.text):
                self._texts[post.id] = post.text
                if mark <= post.created_at < self._query.until:
                    self._matched.setdefault(post.id, post.replies or 0)
        held = [
            Sighted(post, reason)
            for post, title in posts
            if mark <= post.created_at < self._query.until
            and post.id not in self._held
            and (reason := self._reason(post, title)) is not None
        ]
        self._held.update(sighted.post.id for sighted in held)
        held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        return Page(tuple(held), rejected=tuple(rejected), read=len(things))

    def _reason(self, post: Post, title: str) -> Reason | None:
        """Text, and text or title of the submission, decide alone: so a run that resumes holds the same posts."""
        above = self._texts.get(post.root_id, title) if post.root_id else ""
        return self._matcher.reason(post.text, [above] if above else ())


def _key(part: Listing) -> str:
    return f"{part.path}?{part.params['q']}" if "q" in part.params else part.path
