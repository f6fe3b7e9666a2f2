"""Mastodon's statuses as posts, where their authors do not ask to be left out.

https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.html_text import html_text
from collectors.json_fields import NotAPost, count, inside, language, moment, name, rows, text, web_address
from collectors.times import AHEAD
from core.keys import Keys
from core.records import Post, Seen

SOURCE = "mastodon"
_REFUSALS = re.compile(r"#(?:<[^<>]*>)*(?:nobots?|noindex|noarchive)\b", re.IGNORECASE)
_SNOWFLAKE = 16


def post_of(status: Any, host: str, keys: Keys, now: datetime, *, searched: bool = False) -> Post:
    """The post of a status that the instance `host` shows. Raises NotAPost.

    Its id is the status's address in the fediverse (`uri`), the same on every instance. A status that is not
    public, or whose account is `noindex` or says #nobot, is left out without a word; so is one that full-text
    search found (`searched`) where the account is not `indexable`, which is what that setting is about.
    """
    visibility = inside(status, "visibility")
    if not isinstance(visibility, str):
        raise NotAPost("status without a visibility")
    if visibility != "public" or opted_out(inside(status, "account"), searched=searched):
        raise NotAPost("")
    uri = web_address(inside(status, "uri"))
    if not uri or not name(uri):
        raise NotAPost("status without an address")
    at = moment(inside(status, "created_at"), now + AHEAD)
    if at is None:
        raise NotAPost("status without a time")
    repost = inside(status, "reblog")
    words = _words(repost if isinstance(repost, dict) else status)
    seen = seen_of(status, uri)
    return Post(
        source=SOURCE,
        id=uri,
        created_at=at,
        text=words,
        collected_at=now,
        url=web_address(inside(status, "url")) or uri,
        author=keys.author(SOURCE, account_name(inside(status, "account"), host)),
        community=urlsplit(uri).hostname or "",
        kind=(kind := _kind(status)),
        parent_id=_referred(status, kind),
        lang=language(inside(status, "language")),
        likes=seen.likes,
        reposts=seen.reposts,
        replies=seen.replies,
    )


def seen_of(status: Any, id_: str) -> Seen:
    """The counters of a status."""
    likes, reposts, replies = (
        count(inside(status, key)) for key in ("favourites_count", "reblogs_count", "replies_count")
    )
    return Seen(id_, likes, reposts, replies)


def opted_out(account: Any, *, searched: bool = False) -> bool:
    """Whether an account asks not to be indexed: by its settings, or by #nobot and the like in its profile."""
    if inside(account, "noindex") is True or (searched and inside(account, "indexable") is not True):
        return True
    fields = [inside(field, key) for field in rows(account, "fields") for key in ("name", "value")]
    said = [inside(account, "note"), inside(account, "display_name"), *fields]
    return refuses(*said)


def refuses(*said: Any) -> bool:
    """Whether one of these texts of a profile says #nobot or the like."""
    return any(_REFUSALS.search(part) for part in said if isinstance(part, str))


def account_name(account: Any, host: str) -> str:
    """ "name@instance" in small letters, however the instance `host` abbreviates it; "" where there is none."""
    acct = name(inside(account, "acct"))
    if not acct:
        return ""
    return (acct if "@" in acct else f"{acct}@{host}").lower()


def id_at(at: datetime) -> int:
    """The smallest id that Mastodon gives to a status of that moment: milliseconds, then 16 bits."""
    return int(at.timestamp() * 1000) << _SNOWFLAKE


def time_of(status: Any) -> datetime | None:
    """The moment in the id of a status, or None where it has no such id."""
    number = number_of(status)
    try:
        return datetime.fromtimestamp((number >> _SNOWFLAKE) / 1000, UTC) if number else None
    except (OverflowError, OSError, ValueError):
        return None


def number_of(status: Any) -> int:
    """The id of a status as a number; 0 where it is none."""
    id_ = name(inside(status, "id"))
    return int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 25 else 0


def _words(status: Any) -> str:
    if not isinstance(inside(status, "content"), str):
        raise NotAPost("status without a content")
    warning, content = text(inside(status, "spoiler_text")), text(html_text(inside(status, "content")))
    words = "\n\n".join(filter(None, (warning.strip(), content.strip())))
    if not words:
        raise NotAPost("")  # pictures alone
    return words


def _kind(status: Any) -> str:
    if isinstance(inside(status, "reblog"), dict):
        return "repost"
    if inside(status, "in_reply_to_id"):
        return "comment"
    return "quote" if isinstance(inside(status, "quote"), dict) else "post"


def _referred(status: Any, kind: str) -> str:
    """The address of the status that this one passes on or quotes, so that it is found with it. Of a quote, Mastodon
    4.4 sends the status inside of a state, other software the status itself."""
    if kind == "repost":
        return name(web_address(inside(status, "reblog", "uri")))
    if kind != "quote":
        return ""
    quote = inside(status, "quote")
    return name(web_address(inside(quote, "quoted_status", "uri"))) or name(web_address(inside(quote, "uri")))
