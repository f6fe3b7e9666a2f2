"""Reddit by its official API: searches, named subreddits, and the comments below what matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Self

from collectors.protocol import Limits
from collectors.reddit_client import RedditClient
from collectors.reddit_marks import Marks
from collectors.reddit_run import Client, Run
from collectors.reddit_things import FULLNAME, SOURCE, id_of, is_gone, replies_of, score_of
from collectors.reddit_threads import INFO, info
from core.errors import AccessDenied, ConfigError, QueryRejected, SourceError
from core.keys import Keys
from core.records import Gone, Page, Query, Seen
from core.settings import Settings

OPTIONS = ("subreddits", "search")
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,24}")


class RedditCollector:
    """Submissions and comments that match, and every comment below a submission that does.

    Options: `subreddits` ("SoundCloud, edmproduction": their new submissions and comments are polled and matched
    here, and they are searched too), `search` ("no": no search across all of Reddit). Each listing is paged back to
    its own mark, three hours before the end of the last run, because search lags; one that ends at Reddit's cap
    first is truncated. A subreddit that refuses does not stop the others: it is named when they are done.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = 0.0

    def __init__(
        self, client: Client, keys: Callable[[], Keys], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs the app's id and secret, and the account that answers for it."""
        return cls(RedditClient(settings), lambda: settings.keys)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of about 100, newest first within a listing; the last page of each listing moves that one's mark."""
        subreddits, everywhere = _options(query.options)
        run = Run(self._client, self._keys(), query, Marks.read(cursor, query.since), limits, self._clock)
        refused: list[SourceError] = []
        for part in run.parts(subreddits, everywhere=everywhere):
            try:
                yield from run.listing(part)
            except (AccessDenied, QueryRejected) as error:
                if not part.path.startswith("/r/"):
                    raise
                refused.append(error)
        yield from run.threads()
        if refused:
            raise AccessDenied("; ".join(map(str, refused)) + ". Take it out of the watch, or ask its moderators")

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """A hundred ids a request. What Reddit no longer lists, or shows as deleted or removed, is gone."""
        known = [id_ for id_ in ids if FULLNAME.fullmatch(id_)]
        for start in range(0, len(known), INFO):
            batch = known[start : start + INFO]
            limits.spend(1, now=self._clock())
            found = {id_: thing for thing in info(self._client.get, batch) if (id_ := id_of(thing))}
            if not found:
                continue  # nothing at all is more likely a fault than a hundred deletions: a fault must never erase
            for id_ in batch:
                thing = found.get(id_)
                if thing is None or is_gone(thing):
                    yield Gone(id_)
                else:
                    yield Seen(id_, likes=score_of(thing), replies=replies_of(thing))


def _options(options: Mapping[str, str]) -> tuple[list[str], bool]:
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ConfigError(f"reddit: unknown option {', '.join(unknown)}. Known: {', '.join(OPTIONS)}")
    # A TOML list arrives here as its text.
    words = re.split(r"[\s,\[\]'\"]+", options.get("subreddits", ""))
    names = list(dict.fromkeys(word.removeprefix("/").removeprefix("r/") for word in words if word))
    for name in names:
        if not _SUBREDDIT.fullmatch(name):
            raise ConfigError(f"reddit: {name!r} is no subreddit. Write subreddits = 'SoundCloud, edmproduction'")
    search = options.get("search", "yes").lower()
    if search not in ("yes", "no", "true", "false"):
        raise ConfigError(f"reddit: search = {search!r} must be 'yes' or 'no'")
    everywhere = search in ("yes", "true")
    if not names and not everywhere:
        raise ConfigError("reddit: nothing to ask: search = 'no' needs subreddits = '...'")
    return names, everywhere
