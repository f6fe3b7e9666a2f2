"""Reddit's "things" as posts: submissions (t3) and comments (t1), and whether one is gone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.json_fields import NotAPost, count, name, text
from collectors.times import AHEAD
from core.keys import Keys
from core.records import Post

SOURCE = "reddit"
_SITE = "https://www.reddit.com"
FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]", "[deleted by user]"})
_KINDS = {"t1": "comment", "t3": "post"}


def fullname(thing: Any) -> str:
    """The id that Reddit itself uses across kinds, such as t3_1kabcd; "" where the thing has none."""
    kind, data = _parts(thing)
    found = name(data.get("name")) or f"{kind}_{name(data.get('id'))}"
    return found if FULLNAME.fullmatch(found) and found.startswith(f"{kind}_") else ""


def id_of(thing: Any) -> str:
    """`fullname`, and "" for what is no thing at all."""
    return fullname(thing) if isinstance(thing, Mapping) and isinstance(thing.get("data"), Mapping) else ""


def is_gone(thing: Any) -> bool:
    """Whether author, moderators or Reddit took it away. What they left of it is not to be kept."""
    _, data = _parts(thing)
    if data.get("removed_by_category") or ("author" in data and data["author"] in (None, "[deleted]")):
        return True
    return any(data.get(field) in _GONE for field in ("body", "selftext", "title"))


def created(thing: Any) -> datetime | None:
    """When it was written, to the second; None where that cannot be read."""
    value = _parts(thing)[1].get("created_utc")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return datetime.fromtimestamp(int(value), UTC) if 0 < value < 2**33 else None


def thread_title(thing: Any) -> str:
    """The title of the submission that a comment stands under, where the listing says it; else ""."""
    found = _parts(thing)[1].get("link_title")
    return found if isinstance(found, str) else ""


def post_of(thing: Any, keys: Keys, now: datetime) -> Post:
    """The post of a thing. Raises NotAPost: with "" for one that is gone, with the reason for one not understood."""
    kind, data = _parts(thing)
    if kind not in _KINDS:
        raise NotAPost("neither submission nor comment")
    id_, at = fullname(thing), created(thing)
    if not id_:
        raise NotAPost("thing without an id")
    if is_gone(thing):
        raise NotAPost("")
    if at is None or at > now + AHEAD:
        raise NotAPost("thing without a time, or with one of the future")
    said = text(data.get("body")) if kind == "t1" else "\n\n".join(
        filter(None, (text(data.get("title")).strip(), text(data.get("selftext")).strip()))
    )  # fmt: skip
    if not said.strip():
        raise NotAPost("thing without text")
    author = name(data.get("author"))
    subreddit = name(data.get("subreddit"))
    return Post(
        source=SOURCE,
        id=id_,
        created_at=at,
        text=said,
        collected_at=now,
        url=_address(data, id_),
        author=keys.author(SOURCE, author) if author else "",
        community=f"r/{subreddit}" if subreddit else "",
        kind="repost" if name(data.get("crosspost_parent")) else _KINDS[kind],
        parent_id=_reference(data.get("parent_id")) if kind == "t1" else "",
        root_id=_reference(data.get("link_id")) if kind == "t1" else "",
        likes=_score(data.get("score")),
        replies=count(data.get("num_comments")) if kind == "t3" else None,
    )


def score_of(thing: Any) -> int | None:
    """Ups less downs, below nought where most disliked it."""
    return _score(_parts(thing)[1].get("score"))


def replies_of(thing: Any) -> int | None:
    """How many comments a submission has by Reddit's own count, deleted ones included."""
    return count(_parts(thing)[1].get("num_comments"))


def _parts(thing: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(thing, Mapping) or not isinstance(thing.get("data"), Mapping):
        raise NotAPost("no thing")
    return name(thing.get("kind")), thing["data"]


def _address(data: Mapping[str, Any], id_: str) -> str:
    path = data.get("permalink")
    if isinstance(path, str) and path.startswith("/r/") and len(path) < 1_000:
        return _SITE + path
    under = name(data.get("link_id"))
    if id_.startswith("t1_") and FULLNAME.fullmatch(under):
        return f"{_SITE}/comments/{under[3:]}/_/{id_[3:]}/"
    return f"{_SITE}/comments/{id_[3:]}/" if id_.startswith("t3_") else ""


def _reference(value: Any) -> str:
    found = name(value)
    return found if FULLNAME.fullmatch(found) else ""


def _score(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None
