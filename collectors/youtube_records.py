"""YouTube's comments as posts. https://developers.google.com/youtube/v3/docs/comments"""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

from collectors.json_fields import NotAPost, count, inside, moment, name, text
from collectors.times import AHEAD
from core.keys import Keys
from core.records import Post, Seen

SOURCE = "youtube"
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")


def post_of(comment: Any, video: str, keys: Keys, now: datetime, *, replies: Any = None) -> Post:
    """The post of a comment below `video`, its text asked for as plain text. Raises NotAPost with the reason."""
    id_ = name(inside(comment, "id"))
    if not id_:
        raise NotAPost("comment without an id")
    snippet = inside(comment, "snippet")
    at = moment(inside(snippet, "publishedAt"), now + AHEAD)
    if at is None:
        raise NotAPost("comment without a time")
    words = text(inside(snippet, "textOriginal")) or text(inside(snippet, "textDisplay"))
    if not words.strip():
        raise NotAPost("comment without a text")
    parent = name(inside(snippet, "parentId"))
    return Post(
        source=SOURCE,
        id=id_,
        created_at=at,
        text=words,
        collected_at=now,
        url=f"https://www.youtube.com/watch?v={video}&lc={id_}",
        author=keys.author(SOURCE, name(inside(snippet, "authorChannelId", "value"))),
        community=video,
        kind="comment",
        parent_id=parent,
        root_id=parent,
        likes=count(inside(snippet, "likeCount")),
        replies=count(replies),
    )


def seen_of(comment: Any) -> Seen:
    """The counters of a comment."""
    return Seen(name(inside(comment, "id")), likes=count(inside(comment, "snippet", "likeCount")))


def is_video(value: Any) -> bool:
    """Whether a value is the id of a video: eleven letters, digits, - and _."""
    return isinstance(value, str) and _VIDEO.fullmatch(value) is not None


def about(video: Any) -> str:
    """What a video says of itself: title and description."""
    said = (inside(video, "snippet", key) for key in ("title", "description"))
    return "\n".join(unescape(part) for part in said if isinstance(part, str))
