"""Lemmy's posts and comments, as its API of version 3 shows them. https://join-lemmy.org/api/"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.json_fields import NotAPost, count, inside, moment, name, text, web_address
from collectors.mastodon_records import refuses
from collectors.times import AHEAD
from core.keys import Keys
from core.records import Post, Seen

SOURCE = "lemmy"
_HIDDEN = ("deleted", "removed")


def post_of(view: Any, keys: Keys, now: datetime) -> Post:
    """The post of a view of a post or a comment. Raises NotAPost.

    Its id is its address in the fediverse (`ap_id`), the same on every instance. What its author deleted or a
    moderator removed is left out without a word, as is what stands in a community that only its own instance shows,
    and whoever says #nobot in their profile.
    """
    is_comment = isinstance(inside(view, "comment"), dict)
    record = inside(view, "comment" if is_comment else "post")
    if not isinstance(record, dict):
        raise NotAPost("neither a post nor a comment")
    if is_hidden(view) or refuses(inside(view, "creator", "bio"), inside(view, "creator", "display_name")):
        raise NotAPost("")
    id_ = web_address(record.get("ap_id"))
    if not id_ or not name(id_):
        raise NotAPost("without an address")
    at = when(record.get("published"), now + AHEAD)
    if at is None:
        raise NotAPost("without a time")
    said = said_in(record, is_comment=is_comment)
    if not said:
        raise NotAPost("without a text")
    root = web_address(inside(view, "post", "ap_id")) if is_comment else ""
    seen = seen_of(view, id_)
    return Post(
        source=SOURCE,
        id=id_,
        created_at=at,
        text=said,
        collected_at=now,
        url=id_,
        author=keys.author(SOURCE, at_host(inside(view, "creator"))),
        community=at_host(inside(view, "community")),
        kind="comment" if is_comment else "post",
        parent_id=root,
        root_id=root,
        likes=seen.likes,
        replies=seen.replies,
    )


def said_in(record: Any, *, is_comment: bool) -> str:
    """The words of a comment, or title and text of a post; "" where there are none."""
    if is_comment:
        return text(inside(record, "content")).strip()
    parts = (text(inside(record, "name")).strip(), text(inside(record, "body")).strip())
    return "\n\n".join(filter(None, parts))


def is_hidden(view: Any) -> bool:
    """Whether the post, or the comment or what it stands under, is not (or not any more) for everybody."""
    records = [inside(view, part) for part in ("comment", "post", "community")]
    gone = any(inside(record, key) is True for record in records for key in _HIDDEN)
    return gone or inside(view, "community", "visibility") not in (None, "Public")


def seen_of(view: Any, id_: str) -> Seen:
    """The counters of a view."""
    counts = inside(view, "counts")
    replies = inside(counts, "child_count" if isinstance(inside(view, "comment"), dict) else "comments")
    return Seen(id_, likes=count(inside(counts, "upvotes")), replies=count(replies))


def published(view: Any, latest: datetime) -> datetime | None:
    """When the post or comment of a view was made."""
    record = inside(view, "comment") if isinstance(inside(view, "comment"), dict) else inside(view, "post")
    return when(inside(record, "published"), latest)


def when(value: Any, latest: datetime) -> datetime | None:
    """A time of Lemmy: up to 0.18 it is UTC without saying so."""
    return moment(value, latest) or (moment(f"{value}Z", latest) if isinstance(value, str) else None)


def at_host(named: Any) -> str:
    """ "name@instance" of a person or a community, in small letters; "" where there is none."""
    host = urlsplit(web_address(inside(named, "actor_id"))).hostname or ""
    short = name(inside(named, "name"))
    return f"{short}@{host}".lower() if short and host else ""
