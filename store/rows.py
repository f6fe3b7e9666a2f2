"""Posts on their way into the database: cleaned, keyed, without the twins of one page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from core.records import Post, Rejected, Sighted
from core.text import clean, text_key
from store.schema import REASONS
from store.types import HOUR_MICROS, micros

LONGEST_ID = 512
"""Longer ids are no platform's, and PostgreSQL cannot index a value above 2.7 KB."""

REASON_NUMBERS = {reason: number for number, reason in enumerate(REASONS)}
PostName = tuple[int, str]
"""(number of the source, id of the post there)."""


class PostRow(NamedTuple):
    """A post as it lies in `posts`, without its number; the order is that of every statement about posts."""

    source_id: int
    post_id: str
    created_at: int
    collected_at: int
    text_key: bytes
    author: str
    community: str
    kind: str
    parent_id: str
    root_id: str
    lang: str
    url: str
    likes: int | None
    reposts: int | None
    replies: int | None
    views: int | None
    text: str

    @property
    def hour(self) -> int:
        """The number of the UTC hour that the post falls in."""
        return self.created_at // HOUR_MICROS

    @property
    def names(self) -> tuple[str, str, str]:
        """The ids of posts that stand in it: its own, and those that it answers."""
        return self.post_id, self.parent_id, self.root_id

    def without(self, gone: Collection[str]) -> PostRow:
        """The row without the ids of deleted posts: not as what it answers, and not in its link."""
        parent, root = ("" if id_ in gone else id_ for id_ in (self.parent_id, self.root_id))
        url = "" if any(stands_in(id_, self.url) for id_ in gone) else self.url
        return self._replace(parent_id=parent, root_id=root, url=url)

    def counts_like(self, other: PostRow) -> bool:
        """Whether the two add the same to every rollup."""
        return (self.text_key, self.hour, self.lang, self.kind) == (other.text_key, other.hour, other.lang, other.kind)


def stands_in(post_id: str, url: str) -> bool:
    """Whether a link holds an id, Reddit's without its kind: links to answers name, and spell out, what they answer."""
    return post_id.rpartition("_")[2] in url


@dataclass(slots=True)
class Batch:
    """What a page comes to: one row and one reason per post, and the rows that no store can hold."""

    rows: dict[PostName, PostRow] = field(default_factory=dict)
    reasons: dict[PostName, int] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)


def prepare(sighted: Iterable[Sighted], *, source_id: Callable[[str], int], key: bytes) -> Batch:
    """The batch of a page. Of two copies the one collected last stays, of two reasons the stronger."""
    batch = Batch()
    for item in sighted:
        row = _row(item.post, source_id(item.post.source), key)
        if not 0 < len(row.post_id) <= LONGEST_ID:
            reason = f"an id of {len(row.post_id)} characters; expected 1 to {LONGEST_ID}"
            batch.rejected.append(Rejected(0, reason))
            continue
        name = (row.source_id, row.post_id)
        twin = batch.rows.get(name)
        if twin is None or row.collected_at >= twin.collected_at:
            batch.rows[name] = row
        batch.reasons[name] = min(REASON_NUMBERS[item.reason], batch.reasons.get(name, len(REASONS)))
    return batch


def _row(post: Post, source_id: int, key: bytes) -> PostRow:
    text = clean(post.text)
    parts = (post.id, post.author, post.community, post.kind, post.parent_id, post.root_id, post.lang, post.url)
    joined = "".join(parts)
    if "\x00" in joined or not joined.isascii():
        post_id, author, community, kind, parent_id, root_id, lang, url = map(clean, parts)
    else:
        post_id, author, community, kind, parent_id, root_id, lang, url = parts
    return PostRow(
        source_id, post_id, micros(post.created_at), micros(post.collected_at), text_key(text, key),
        author, community, kind, parent_id, root_id, lang[:16].lower(), url,
        post.likes, post.reposts, post.replies, post.views, text,
    )  # fmt: skip
