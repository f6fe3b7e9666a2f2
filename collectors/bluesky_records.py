"""Bluesky's posts, as its search shows them and as its stream sends them. https://docs.bsky.app/docs/api"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from collectors.json_fields import MAX_ID, NotAPost, count, inside, language, moment, name, rows, text
from collectors.times import AHEAD, EARLIEST
from core.keys import Keys
from core.records import Post, Seen

SOURCE = "bluesky"
COLLECTION = "app.bsky.feed.post"
_ADDRESS = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.post/([A-Za-z0-9._~:-]+)")
_QUOTES = ("app.bsky.embed.record", "app.bsky.embed.recordWithMedia")


def post_of_view(view: Any, keys: Keys, now: datetime) -> Post:
    """The post of a `postView`. Raises NotAPost with the reason.

    Its time is the earlier of when it was indexed and when its author says it was written: `createdAt` may be
    anything, and search sorts by this minimum.
    """
    indexed = moment(inside(view, "indexedAt"), now + AHEAD)
    return _post(inside(view, "uri"), inside(view, "record"), indexed, keys, now, seen_of(view))


def post_of_event(event: Any, keys: Keys, now: datetime) -> Post:
    """The post of a Jetstream event that creates or updates one; `time_us` is when it was indexed."""
    seconds = inside(event, "time_us")
    indexed = None
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 2**62:
        indexed = _epoch(seconds / 1e6, now)
    address = f"at://{name(inside(event, 'did'))}/{COLLECTION}/{name(inside(event, 'commit', 'rkey'))}"
    return _post(address, inside(event, "commit", "record"), indexed, keys, now, Seen(address))


def seen_of(view: Any) -> Seen:
    """The counters of a `postView`."""
    likes, reposts, replies = (count(inside(view, key)) for key in ("likeCount", "repostCount", "replyCount"))
    return Seen(name(inside(view, "uri")), likes, reposts, replies)


def is_address(value: Any) -> bool:
    """Whether a value is the address of a post, at://did/app.bsky.feed.post/key."""
    return isinstance(value, str) and len(value) <= MAX_ID and _ADDRESS.fullmatch(value) is not None


def _post(address: Any, record: Any, indexed: datetime | None, keys: Keys, now: datetime, seen: Seen) -> Post:
    found = _ADDRESS.fullmatch(name(address))
    if not found:
        raise NotAPost("record without the address of a post")
    kind = inside(record, "$type")
    if isinstance(kind, str) and kind != COLLECTION:
        raise NotAPost("")
    words = text(inside(record, "text"))
    if not words.strip():
        if isinstance(inside(record, "text"), str):
            raise NotAPost("")  # pictures alone
        raise NotAPost("record without a text")
    times = [at for at in (indexed, moment(inside(record, "createdAt"), now + AHEAD)) if at]
    if not times:
        raise NotAPost("record without a time")
    parent = _reference(inside(record, "reply", "parent", "uri"))
    quoted = "" if parent else _quoted(inside(record, "embed"))
    languages = rows(record, "langs")
    return Post(
        source=SOURCE,
        id=found[0],
        created_at=min(times),
        text=words,
        collected_at=now,
        url=f"https://bsky.app/profile/{found[1]}/post/{found[2]}",
        author=keys.author(SOURCE, found[1]),
        kind="comment" if parent else "quote" if inside(record, "embed", "$type") in _QUOTES else "post",
        parent_id=parent or quoted,
        root_id=_reference(inside(record, "reply", "root", "uri")) if parent else "",
        lang=language(languages[0]) if languages else "",
        likes=seen.likes,
        reposts=seen.reposts,
        replies=seen.replies,
    )


def _quoted(embed: Any) -> str:
    """The address of the post that an embed quotes, "" where it quotes none (a list, a feed) or is none."""
    kind = inside(embed, "$type")
    if kind == _QUOTES[0]:
        return _reference(inside(embed, "record", "uri"))
    return _reference(inside(embed, "record", "record", "uri")) if kind == _QUOTES[1] else ""


def _reference(value: Any) -> str:
    return value if is_address(value) else ""


def _epoch(seconds: float, now: datetime) -> datetime | None:
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return at if EARLIEST <= at <= now + AHEAD else None
