"""One hit of the Hacker News search as a post."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from collectors.html_text import html_text
from collectors.json_fields import NotAPost, count, name, text
from core.keys import Keys
from core.records import Post

SOURCE = "hackernews"
_ITEM = "https://news.ycombinator.com/item?id="


def post_of(hit: dict[str, Any], keys: Keys, now: datetime) -> Post:
    """The post of a hit. Raises NotAPost for deleted items and for hits of a shape that is not known."""
    id_, seconds = name(hit.get("objectID")), hit.get("created_at_i")
    if not id_.isascii() or not id_.isdigit():
        raise NotAPost("hit without an id")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 2**33:
        raise NotAPost("hit without a time")
    comment = _text(hit.get("comment_text"))
    said = comment or "\n\n".join(filter(None, (_text(hit.get("title")), _text(hit.get("story_text")))))
    if not said:
        raise NotAPost("")
    author = name(hit.get("author"))
    return Post(
        source=SOURCE,
        id=id_,
        created_at=datetime.fromtimestamp(seconds, UTC),
        text=said,
        collected_at=now,
        url=_ITEM + id_,
        author=keys.author(SOURCE, author) if author else "",
        kind="comment" if comment else "post",
        parent_id=name(hit.get("parent_id")) if comment else "",
        root_id=name(hit.get("story_id")) if comment else "",
        likes=count(hit.get("points")),
        replies=count(hit.get("num_comments")),
    )


def _text(value: Any) -> str:
    return text(html_text(text(value))).strip()
