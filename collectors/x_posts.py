"""Posts as X gives them, in either spelling of its fields (tweets, posts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.json_fields import NotAPost, count, inside, language, moment, name, rows, text
from collectors.times import AHEAD
from core.keys import Keys
from core.records import Post

SOURCE = "x"
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
"""Where the milliseconds in ids begin."""
_LONGEST_ID = 19
_KINDS = {"retweeted": "repost", "reposted": "repost", "quoted": "quote", "replied_to": "comment"}


def post_id(record: Any) -> str:
    """The id of a post as digits, "" where it has none."""
    found = name(inside(record, "id"))
    return found if found.isascii() and found.isdigit() and len(found) <= _LONGEST_ID else ""


def written_at(id_: str) -> datetime:
    """When a post with this id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(id_) >> 22)


def included(answer: Any) -> dict[str, Any]:
    """The posts that came along with an answer, by id."""
    both = [*rows(answer, "includes", "tweets"), *rows(answer, "includes", "posts")]
    return {id_: record for record in both if (id_ := post_id(record))}


def post_of(record: Any, keys: Keys, now: datetime, others: Mapping[str, Any]) -> Post:
    """The post of a record. `others` are the posts that it may refer to. Raises NotAPost with the reason.

    A repost's own text is cut at 140 characters: where the original came along, its text stands.
    """
    id_ = post_id(record)
    if not id_:
        raise NotAPost("post without an id")
    at = moment(inside(record, "created_at"), now + AHEAD) or written_at(id_)
    if at > now + AHEAD:
        raise NotAPost("post of the future")
    references = _references(record)
    kind = next((kind for kind in ("repost", "quote", "comment") if kind in references), "post")
    said = _text(record)
    if kind == "repost" and references["repost"] in others:
        said = _text(others[references["repost"]]) or said
    if not said.strip():
        raise NotAPost("post without text")
    author = name(inside(record, "author_id"))
    counts = counters(inside(record, "public_metrics"))
    return Post(
        source=SOURCE,
        id=id_,
        created_at=at,
        text=said,
        collected_at=now,
        url=f"https://x.com/i/status/{id_}",
        author=keys.author(SOURCE, author) if author else "",
        kind=kind,
        parent_id=references.get("comment") or references.get(kind, ""),
        root_id=root if (root := post_id({"id": inside(record, "conversation_id")})) != id_ else "",
        lang=language(inside(record, "lang")),
        likes=counts["likes"],
        reposts=counts["reposts"],
        replies=counts["replies"],
        views=counts["views"],
    )


def counters(metrics: Any) -> dict[str, int | None]:
    """likes, reposts, replies and views of a post's public metrics."""
    reposts = count(inside(metrics, "retweet_count"))
    return {
        "likes": count(inside(metrics, "like_count")),
        "reposts": reposts if reposts is not None else count(inside(metrics, "repost_count")),
        "replies": count(inside(metrics, "reply_count")),
        "views": count(inside(metrics, "impression_count")),
    }


def _text(record: Any) -> str:
    long = next((text(found) for key in ("note_tweet", "note_post") if (found := inside(record, key, "text"))), "")
    return long or text(inside(record, "text"))


def _references(record: Any) -> dict[str, str]:
    both = [*rows(record, "referenced_tweets"), *rows(record, "referenced_posts")]
    found: dict[str, str] = {}
    for reference in both:
        kind, id_ = _KINDS.get(name(inside(reference, "type"))), post_id(reference)
        if kind and id_:
            found.setdefault(kind, id_)
    return found
