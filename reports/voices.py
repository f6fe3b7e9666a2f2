"""The relevant posts of a window, each distinct text once, with who said it and where: what themes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.text import model_input
from core.watches import Watch
from reports.posts import stream_posts

if TYPE_CHECKING:
    from store import Reader

SMALLEST_GROUP = 5
"""Groups of fewer people are not shown."""
MOST_TEXTS = 8000
"""Of more distinct texts every n-th is read; the report says so."""
SHORTEST = 15
"""Characters under which a text says nothing of its own."""
_COLUMNS = ("text", "who", "source", "community", "created_at", "id", "url", "negative", "spread")


@dataclass(frozen=True, slots=True)
class Voices:
    """`texts` are distinct as a model reads them; `posts` has one row per post, in time, and `text` its place.

    `who` is the source and the account's pseudonym, "" where the author is not known; `negative` follows the
    watch's measure. `skipped` counts distinct texts that were left out because there were too many.
    """

    texts: tuple[str, ...]
    posts: pd.DataFrame
    skipped: int = 0

    def within(self, since: datetime, until: datetime) -> pd.DataFrame:
        """The posts of [since, until)."""
        at = self.posts["created_at"]
        return self.posts[(at >= since) & (at < until)]


def voices(reader: Reader, watch: Watch, since: datetime, until: datetime, *, clock: datetime) -> Voices:
    """The relevant posts of [since, until), up to the watch's present. Before a model is active there are none."""
    from store import PostFilter

    places: dict[str, int] = {}
    rows: list[tuple[Any, ...]] = []
    wanted = PostFilter(watch.name, since=since, until=until, relevant=True, order="time_asc")
    for frame in stream_posts(reader, watch, wanted, clock=clock):
        found: list[Any] = list(frame.itertuples(index=False))
        for post in found:
            text = model_input(str(post.text))
            if len(text) < SHORTEST:
                continue
            who = f"{post.source}|{post.author}" if post.author else ""
            bad = post.sentiment == "negative" if watch.measure == "negative" else post.stance == "against"
            spread = sum(0 if pd.isna(v) else int(v) for v in (post.likes, post.reposts))
            rows.append((places.setdefault(text, len(places)), who, post.source, post.community, post.created_at,
                         post.id, post.url, bool(bad), spread))  # fmt: skip
    posts = pd.DataFrame(rows, columns=list(_COLUMNS))
    posts = posts.astype({"text": "int64", "negative": "bool", "spread": "int64"})
    posts["created_at"] = pd.to_datetime(posts["created_at"], utc=True)
    return _thinned(Voices(tuple(places), posts))


def people(posts: pd.DataFrame) -> int:
    """Different accounts, per source; a post without an author counts for nobody."""
    return int(posts.loc[posts["who"] != "", "who"].nunique())


def enough(posts: pd.DataFrame) -> bool:
    """Whether a group may be shown: five people, or five texts where no author is known at all."""
    if posts.empty:
        return False
    if (posts["who"] == "").all():
        return int(posts["text"].nunique()) >= SMALLEST_GROUP
    return people(posts) >= SMALLEST_GROUP


def _thinned(found: Voices) -> Voices:
    count = len(found.texts)
    if count <= MOST_TEXTS:
        return found
    keep = np.unique(np.linspace(0, count - 1, MOST_TEXTS).astype(int))
    place = np.full(count, -1)
    place[keep] = np.arange(len(keep))
    posts = found.posts.assign(text=place[found.posts["text"].to_numpy()])
    texts: Sequence[str] = [found.texts[n] for n in keep]
    return Voices(tuple(texts), posts[posts["text"] >= 0].reset_index(drop=True), count - len(keep))
