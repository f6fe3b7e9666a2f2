"""YouTube: comments and replies of videos that a watch names, or that a search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from collectors.json_fields import NotAPost, inside, rows
from collectors.protocol import Limits
from collectors.youtube_api import CommentsOff, VideoMissing, YoutubeApi
from collectors.youtube_progress import Progress
from collectors.youtube_quota import SEARCHES, UNITS, DailyQuota
from collectors.youtube_records import SOURCE, about, is_video, post_of, seen_of
from collectors.youtube_threads import Threads
from core.errors import ConfigError, MissingSetting, SourceChanged, SourceError
from core.expressions import Term
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Gone, Interval, Page, Query, Reason, Rejected, Seen, Sighted
from core.settings import Settings

PAGE = 100
SEARCH_EVERY = timedelta(hours=6)
DEEP_EVERY = timedelta(days=1)
OVERLAP = timedelta(hours=1)
_AT_ONCE = 50
_LOOKED_UP = 25  # longer addresses would become a POST
_OPTIONS = ("videos", "search")


class YoutubeCollector:
    """Comments below the videos of the option `videos` (ids, by commas), else of those that a search finds.

    A search (option `search`, else the words that every match needs) is made once in six hours and brings 50 videos
    at most: where there are more, all is truncated. A comment is held when it matches, or as THREAD when the title
    or description of its video, or the comment above it, does; below a named video all are. Each run reads the
    comments since the last one with their replies; replies to older comments are looked for once a day. The cursor
    notes how far each video was read and comes after each. Each call is counted against the day's quota.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = 0.0

    def __init__(
        self, settings: Settings, transport: Transport, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        if settings.youtube_key is None:
            raise MissingSetting(
                "youtube needs UPROAR_YOUTUBE_KEY, an API key for the YouTube Data API v3: "
                "https://console.cloud.google.com/apis/credentials"
            )
        caps = {UNITS: settings.youtube_daily_units, SEARCHES: settings.youtube_daily_searches}
        self._quota = DailyQuota(settings.home, caps, clock)
        key = settings.youtube_key.get_secret_value()
        self._api = YoutubeApi(transport, key, settings.youtube_url, self._quota)
        self._keys: Callable[[], Keys] = lambda: settings.keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises MissingSetting without an API key."""
        return cls(settings, Transport(settings))

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 comments, video by video, the one that was read longest ago first."""
        named, progress = _named(query), Progress(cursor)
        matcher, keys = Matcher(query.expression), self._keys()
        limits.spend(0, now=self._clock())
        self._find(query, named, matcher.expression.cover, progress, limits)
        videos = self._described(progress.videos, limits)
        whole = (Interval(query.since, query.until),) if progress.more and not named else ()
        problem: SourceError | None = None
        read = 0
        for video in progress.videos:
            try:
                if video not in videos:
                    raise VideoMissing(f"YouTube: there is no video {video}")
                yield from self._video(video, videos[video], bool(named), query, progress, matcher, keys, limits)
            except (CommentsOff, VideoMissing) as error:
                problem = error
            else:
                read += 1
        if problem and named and not read:
            raise problem
        yield Page((), str(progress), truncated=whole)

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """Looks comments up, 25 for one unit; those that do not come are gone. An empty answer is asked for twice."""
        known = list(dict.fromkeys(id_ for id_ in ids if id_ and "," not in id_))
        for n in range(0, len(known), _LOOKED_UP):
            batch = known[n : n + _LOOKED_UP]
            found = self._looked_up(batch, limits) or self._looked_up(batch, limits)
            yield from (found.get(id_, Gone(id_)) for id_ in batch)

    def _looked_up(self, batch: list[str], limits: Limits) -> dict[str, Seen]:
        limits.spend(1, now=self._clock())
        items = inside(self._api.comments(id=",".join(batch)), "items")
        if not isinstance(items, list):
            raise SourceChanged("YouTube answered a look-up without a list of comments")
        return {seen.id: seen for seen in map(seen_of, items)}

    def _find(
        self, query: Query, named: list[str], cover: tuple[Term, ...], progress: Progress, limits: Limits
    ) -> None:
        """Follow the named videos, or look for some where that is due."""
        if named:
            progress.add(named)
            return
        if progress.searched is not None and query.until - progress.searched < SEARCH_EVERY:
            return
        limits.spend(1, now=self._clock())
        answer = self._api.search(
            q=query.options.get("search") or "|".join(_said(term) for term in cover), maxResults=_AT_ONCE,
            order="relevance", publishedAfter=_stamp(query.since), publishedBefore=_stamp(query.until),
        )  # fmt: skip
        found = [inside(item, "id", "videoId") for item in rows(answer, "items")]
        progress.add([video for video in found if is_video(video)])
        progress.more = bool(inside(answer, "nextPageToken"))
        progress.searched = query.until

    def _described(self, videos: list[str], limits: Limits) -> dict[str, str]:
        """What each video that exists says of itself."""
        found: dict[str, str] = {}
        for n in range(0, len(videos), _AT_ONCE):
            limits.spend(1, now=self._clock())
            for video in rows(self._api.videos(videos[n : n + _AT_ONCE]), "items"):
                id_ = inside(video, "id")
                if is_video(id_):
                    found[id_] = about(video)
        return found

    def _video(
        self, video: str, said: str, named: bool, query: Query, progress: Progress, matcher: Matcher, keys: Keys,
        limits: Limits,
    ) -> Iterator[Page]:  # fmt: skip
        """The comments of one video from where it was read, and a cursor with the last of them."""
        start, deep_to = progress.read_to(video, query.since), progress.deep_to(video)
        deep = deep_to is None or query.until - deep_to >= DEEP_EVERY
        low = min(start, max(deep_to - OVERLAP, query.since) if deep_to else query.since) if deep else start
        threads = Threads(self._api, video, since=start, deep=deep, spend=lambda: limits.spend(1, now=self._clock()))
        held: dict[str, Sighted] = {}
        rejected: list[Rejected] = []
        read, now = 0, self._clock()
        for comment, above, replies in threads:
            read += 1
            try:
                post = post_of(comment, video, keys, now, replies=replies)
            except NotAPost as error:
                rejected.append(Rejected(read, error.reason))
                continue
            reason = matcher.reason(post.text, (said, above)) or (Reason.THREAD if named else None)
            if reason and low <= post.created_at < query.until:
                held[post.id] = Sighted(post, reason)
        ordered = sorted(held.values(), key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        to = max(query.until - OVERLAP, query.since)
        progress.note(video, to, deep=query.until if deep else deep_to)
        parts = [tuple(ordered[n : n + PAGE]) for n in range(0, len(ordered), PAGE)] or [()]
        for part in parts[:-1]:
            yield Page(part)
        cut = (Interval(low, query.until),) if threads.looped and low < query.until else ()
        yield Page(parts[-1], str(progress), cut, tuple(rejected), read)


def _named(query: Query) -> list[str]:
    """The videos that the watch names. Raises ConfigError."""
    unknown = sorted(set(query.options) - set(_OPTIONS))
    if unknown:
        raise ConfigError(f"youtube: unknown option {', '.join(unknown)}. Known: {', '.join(_OPTIONS)}")
    found = list(dict.fromkeys(filter(None, (v.strip() for v in query.options.get("videos", "").split(",")))))
    for video in found:
        if not is_video(video):
            raise ConfigError(f"youtube: {video!r} is no video id, the eleven characters after watch?v=")
    return found


def _said(term: Term) -> str:
    return f'"{term.text}"' if " " in term.text else term.text


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
