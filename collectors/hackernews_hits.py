"""One hit of the Hacker News search as a post."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from collectors.html_text import html_text
from collectors.json_fields import NotAPost
from core.keys import Keys
from core.records import Post
from core.text import clean

SOURCE = "hackernews"
_ITEM = "https://news.ycombinator.com/item?id="


def post_of(hit: dict[str, Any], keys: Keys, now: datetime) -> Post:
    """The post of a hit. Raises NotAPost for deleted items and for hits of a shape that is not known."""
    id_, seconds = hit.get("objectID"), hit.get("created_at_i")
    if not isinstance(id_, str) or not id_.isdigit():
        raise NotAPost("hit without an id")
    if not isinstance(seconds, int) or not 0 < seconds < 2**33:
        raise NotAPost("hit without a time")
    comment = _text(hit.get("comment_text"))
    text = comment or "\n\n".join(filter(None, (_text(hit.get("title")), _text(hit.get("story_text")))))
    if not text:
        raise NotAPost("")
    author = hit.get("author")
    return Post(
        source=SOURCE,
        id=id_,
        created_at=datetime.fromtimestamp(seconds, UTC),
        text=text,
        collected_at=now,
        url=_ITEM + id_,
        author=keys.author(SOURCE, author) if isinstance(author, str) else "",
        kind="comment" if comment else "post",
        parent_id=_reference(hit.get("parent_id")) if comment else "",
        root_id=_reference(hit.get("story_id")) if comment else "",
        likes=_count(hit.get("points")),
        replies=_count(hit.get("num_comments")),
    )


def _text(value: Any) -> str:
    return clean(html_text(value)) if isinstance(value, str) else ""


def _reference(value: Any) -> str:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
