"""Records as platforms and archivers write them, told by their fields: each read by the platform's own collector code.

X (v2 in both spellings, v1.1, the account archive, twarc), Reddit (Pushshift, Arctic Shift, the API), Bluesky (views,
records, stream events), Mastodon (statuses, the account archive), and the CSV of 4CAT.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from collectors import bluesky_records, mastodon_records, reddit_things, x_posts
from collectors.documents import LISTS
from collectors.json_fields import NotAPost, inside, name, rows
from core.keys import Keys
from core.records import Post

Row = dict[str, Any]
Shape = Callable[[Row, Keys, datetime], Post | Row]
"""From a record to a post, or to a row with plain names. Raises NotAPost."""

_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_V2 = frozenset({"edit_history_tweet_ids", "edit_history_post_ids", "public_metrics", "referenced_tweets",
                 "referenced_posts"})  # fmt: skip
_HOSTS = {"x.com": "x", "twitter.com": "x", "bsky.app": "bluesky", "reddit.com": "reddit", "www.reddit.com": "reddit",
          "old.reddit.com": "reddit", "news.ycombinator.com": "hackernews", "www.youtube.com": "youtube",
          "mobile.twitter.com": "x", "www.twitter.com": "x"}  # fmt: skip


def shape_of(names: frozenset[str]) -> Shape | None:
    """How a record with these fields is read, or None for a row with names of its own."""
    for needed, anyof, shape in _SHAPES:
        if needed <= names and (not anyof or anyof & names):
            return shape
    return None


def records_in(row: Row) -> list[Row] | None:
    """The records of a page that is itself no record, or None."""
    for key in LISTS & row.keys():
        value = inside(row, key, "children") if key == "data" and isinstance(row[key], dict) else row[key]
        if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            beside = {"includes": row["includes"]} if isinstance(row.get("includes"), dict) else {}
            return [{**part, **beside} for part in value]
    return None


def _x(row: Row, keys: Keys, now: datetime) -> Post:
    others = x_posts.included(row)
    for reference in (*rows(row, "referenced_tweets"), *rows(row, "referenced_posts")):
        if isinstance(inside(reference, "text"), str):  # `twarc2 flatten` puts the post where its id was
            others[x_posts.post_id(reference)] = reference
    author = name(inside(row, "author_id")) or name(inside(row, "author", "id"))
    return x_posts.post_of({**row, "author_id": author}, keys, now, others)


def _x_old(row: Row, keys: Keys, now: datetime) -> Post:
    """A v1.1 record, as if it were v2."""
    first = row.get("retweeted_status") or row.get("quoted_status")
    others = {x_posts.post_id({"id": first.get("id_str")}): {"text": _said(first)}} if isinstance(first, dict) else {}
    kinds = {"retweeted": inside(row, "retweeted_status", "id_str"), "quoted": row.get("quoted_status_id_str"),
             "replied_to": row.get("in_reply_to_status_id_str")}  # fmt: skip
    counts = {"like_count": row.get("favorite_count"), "retweet_count": row.get("retweet_count"),
              "reply_count": row.get("reply_count")}  # fmt: skip
    record = {
        "id": row.get("id_str"), "text": _said(row), "created_at": row.get("created_at"), "lang": row.get("lang"),
        "author_id": inside(row, "user", "id_str"), "public_metrics": counts,
        "referenced_tweets": [{"type": kind, "id": id_} for kind, id_ in kinds.items() if id_],
    }  # fmt: skip
    return x_posts.post_of(record, keys, now, others)


def _said(row: Any) -> Any:
    return inside(row, "extended_tweet", "full_text") or inside(row, "full_text") or inside(row, "text")


def _x_archive(row: Row, keys: Keys, now: datetime) -> Post | Row:
    if not isinstance(row["tweet"], dict):
        return row
    return _x_old(row["tweet"], keys, now)


def _reddit_comment(row: Row, keys: Keys, now: datetime) -> Post:
    return reddit_things.post_of({"kind": "t1", "data": _numbers(row)}, keys, now)


def _reddit_submission(row: Row, keys: Keys, now: datetime) -> Post:
    return reddit_things.post_of({"kind": "t3", "data": _numbers(row)}, keys, now)


def reddit_thing(row: Row, keys: Keys, now: datetime) -> Post | Row:
    """A thing as the API wraps it; a listing is a page of them."""
    if not isinstance(row["data"], dict):
        return row
    if row.get("kind") == "more":
        raise NotAPost("")
    return reddit_things.post_of(row, keys, now)


def _numbers(row: Row) -> Row:
    """Older dumps write times and scores as text."""
    changed = dict(row)
    for key in ("created_utc", "score", "num_comments"):
        if isinstance(row.get(key), str):
            try:
                changed[key] = int(float(row[key]))
            except (ValueError, OverflowError):
                changed[key] = None
    return changed


def _bluesky_view(row: Row, keys: Keys, now: datetime) -> Post:
    return bluesky_records.post_of_view(row, keys, now)


def _bluesky_feed(row: Row, keys: Keys, now: datetime) -> Post | Row:
    if not isinstance(row["post"], dict):
        return row
    return bluesky_records.post_of_view(row["post"], keys, now)


def _bluesky_record(row: Row, keys: Keys, now: datetime) -> Post:
    return bluesky_records.post_of_view({"uri": row.get("uri"), "record": row.get("value")}, keys, now)


def _bluesky_event(row: Row, keys: Keys, now: datetime) -> Post:
    if (
        inside(row, "commit", "collection") != bluesky_records.COLLECTION
        or inside(row, "commit", "operation") == "delete"
    ):
        raise NotAPost("")
    return bluesky_records.post_of_event(row, keys, now)


def _bluesky_bare(row: Row, keys: Keys, now: datetime) -> Row:
    if row.get("$type") != bluesky_records.COLLECTION:
        raise NotAPost("")
    languages = rows(row, "langs")
    return {"platform": bluesky_records.SOURCE, "created_at": row.get("createdAt"), "text": row.get("text"),
            "lang": languages[0] if languages else ""}  # fmt: skip


def _mastodon(row: Row, keys: Keys, now: datetime) -> Post:
    host = urlsplit(name(inside(row, "account", "url"))).hostname or urlsplit(name(row.get("uri"))).hostname or ""
    return mastodon_records.post_of(row, host, keys, now)


def _activity(row: Row, keys: Keys, now: datetime) -> Post:
    """An entry of a Mastodon archive's outbox: what is created is read, what is only passed on has no text there."""
    note = row["object"]
    if row.get("type") != "Create" or not isinstance(note, dict) or note.get("type") not in ("Note", "Question"):
        raise NotAPost("")
    audience = note.get("to")
    public = _PUBLIC & {
        part for part in (audience if isinstance(audience, list) else [audience]) if isinstance(part, str)
    }
    actor = urlsplit(name(note.get("attributedTo")) or name(row.get("actor")))
    return mastodon_records.post_of(
        {
            "uri": note.get("id"), "url": note.get("url"), "content": note.get("content"),
            "spoiler_text": note.get("summary"), "created_at": note.get("published"),
            "visibility": "public" if public else "private", "in_reply_to_id": note.get("inReplyTo"),
            "account": {"acct": actor.path.rpartition("/")[2].lstrip("@")},
        },
        actor.hostname or "", keys, now,
    )  # fmt: skip


def _four_cat(row: Row, keys: Keys, now: datetime) -> Row:
    """A row of 4CAT: times are UTC; the platform is known by its columns or links alone."""
    written = str(row.get("unix_timestamp") or row.get("timestamp") or "")
    link = str(row.get("link") or row.get("url") or "")
    id_, thread = str(row.get("id") or ""), str(row.get("thread_id") or "")
    subject, body = str(row.get("subject") or "").strip(), str(row.get("body") or "").strip()
    plain = {
        **row, "id": id_, "url": link, "platform": _HOSTS.get(urlsplit(link).hostname or "", ""), "body": "",
        "text": "\n\n".join(filter(None, (subject, body))) if subject != body else body,
        "created_at": written if written.replace(".", "").isdigit() else f"{written}Z" if written else "",
        "author": row.get("author_id") or row.get("author"), "root_id": thread if thread != id_ else "",
        "is_retweet": "true" if row.get("is_retweet") == "yes" else "",
    }  # fmt: skip
    if row.get("subreddit"):
        first = id_ == thread
        plain |= {"platform": "reddit", "id": f"{'t3' if first else 't1'}_{id_}",
                  "kind": "post" if first else "comment", "root_id": "" if first else f"t3_{thread}"}  # fmt: skip
    return plain


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


_SHAPES: tuple[tuple[frozenset[str], frozenset[str], Shape], ...] = (
    (_set("uri", "record"), _set("indexedAt", "author", "cid"), _bluesky_view),
    (_set("uri", "value"), _set("cid"), _bluesky_record),
    (_set("did", "time_us", "kind"), _set("commit", "identity", "account"), _bluesky_event),
    (_set("$type", "createdAt"), _set("text"), _bluesky_bare),
    (_set("uri", "content", "account", "visibility"), _set(), _mastodon),
    (_set("type", "object", "actor"), _set(), _activity),
    (_set("id", "text"), _V2, _x),
    (_set("id_str"), _set("full_text", "user", "favorite_count"), _x_old),
    (_set("subreddit", "created_utc", "body", "link_id"), _set(), _reddit_comment),
    (_set("subreddit", "created_utc", "title"), _set("selftext", "permalink", "num_comments"), _reddit_submission),
    (_set("kind", "data"), _set(), reddit_thing),
    (_set("thread_id", "timestamp", "body", "id"), _set("subject", "unix_timestamp"), _four_cat),
    (_set("tweet"), _set(), _x_archive),
    (_set("post"), _set(), _bluesky_feed),
)
"""(fields that are there, of which one is there, how it is read), the surest first."""
