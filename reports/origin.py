"""Where a reaction began and what carried it: first sightings, communities, widely shared posts, copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import nan
from typing import TYPE_CHECKING

import pandas as pd

from analysis.copies import copy_groups
from analysis.shares import wilson
from core.watches import Watch
from reports.voices import SMALLEST_GROUP, Voices, enough, people, voices
from reports.window import Window, clamp
from reports.words import percent

if TYPE_CHECKING:
    from store import Reader

CARRIERS = 10
MOST_COMMUNITIES = 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a source first held a relevant post of the window, and how many it holds by how many people.

    Accounts are never matched across sources. `people` is None where no author is known or fewer than five spoke.
    """

    source: str
    first_post: datetime
    posts: int
    people: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """`communities`: source, community, first_post, posts, people (five or more only), by first post. `carriers`: the
    most liked and reposted posts of each source, by time: source, created_at, community, id, url, spread.
    `top_ten_share` is the share of posts by the ten busiest accounts; `copied_share` that of distinct texts that are
    nearly the same as another's, with its 95 % interval. NaN where there is no base.
    """

    window: Window
    posts: int
    texts: int
    people: int
    unknown_author_posts: int
    top_ten_share: float
    copied_posts: int
    copied_share: float
    copied_low: float
    copied_high: float
    sightings: tuple[Sighting, ...]
    communities: pd.DataFrame
    carriers: pd.DataFrame
    sentence: str


def origin(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> Origin:
    """The origin of the relevant posts of [since, until), by default all of the watch's."""
    window = clamp(watch, clock=clock, since=since, until=until)
    found = voices(reader, watch, window.since, window.until, clock=clock)
    posts = found.posts
    copied = _copied(found)
    low, high = wilson(copied, len(posts))
    by_account = posts.loc[posts["who"] != "", "who"].value_counts()
    shown = [_sighting(str(name), own) for name, own in posts.groupby("source", sort=True)]
    sightings = tuple(sorted(shown, key=lambda row: row.first_post))
    top = float(by_account.head(10).sum() / by_account.sum()) if len(by_account) >= SMALLEST_GROUP else nan
    share = copied / len(posts) if len(posts) else nan
    return Origin(
        window=window, posts=len(posts), texts=len(found.texts), people=people(posts),
        unknown_author_posts=int((posts["who"] == "").sum()), top_ten_share=top, copied_posts=copied,
        copied_share=share, copied_low=low, copied_high=high, sightings=sightings, communities=_communities(posts),
        carriers=_carriers(posts), sentence=_sentence(watch, sightings, people(posts), len(posts), top, share),
    )  # fmt: skip


def _copied(found: Voices) -> int:
    """Posts whose text another account's post repeats, word for word or nearly; short ones never count."""
    if not found.texts:
        return 0
    posts = found.posts.assign(group=copy_groups(found.texts)[found.posts["text"].to_numpy()])
    long_enough = pd.Series([len(text.split()) >= 6 for text in found.texts])[posts["text"]].to_numpy()
    # A distinct text that several accounts posted is copied too, even where no other text is like it.
    posts["group"] = posts["group"].where(posts["group"] >= 0, -2 - posts["text"])
    posts = posts[long_enough]
    accounts = posts.groupby("group")["who"].agg(lambda who: who.replace("", pd.NA).nunique() + int((who == "").sum()))
    return int(posts["group"].map(accounts).gt(1).sum()) if len(posts) else 0


def _sighting(source: str, posts: pd.DataFrame) -> Sighting:
    count = people(posts)
    return Sighting(
        source, posts["created_at"].min().to_pydatetime(), len(posts), count if count >= SMALLEST_GROUP else None
    )


def _communities(posts: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"source": key[0], "community": key[1], "first_post": own["created_at"].min(), "posts": len(own),
         "people": people(own)}
        for key, own in posts[posts["community"] != ""].groupby(["source", "community"], sort=True)
        if enough(own) and people(own) >= SMALLEST_GROUP
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["source", "community", "first_post", "posts", "people"])
    return frame.sort_values("first_post", ignore_index=True).head(MOST_COMMUNITIES)


def _carriers(posts: pd.DataFrame) -> pd.DataFrame:
    """The posts that were liked and reposted the most; those of sources without such counters are not among them."""
    columns = ["source", "created_at", "community", "id", "url", "spread"]
    best = posts[posts["spread"] > 0].nlargest(CARRIERS, "spread")
    return best.sort_values("created_at", ignore_index=True)[columns]


def _sentence(watch: Watch, rows: tuple[Sighting, ...], count: int, posts: int, top: float, copied: float) -> str:
    if not rows:
        return f"{watch.platform}: no relevant posts were collected and scored in this window."
    first = rows[0]
    local = first.first_post.astimezone(watch.zone)
    parts = [
        f"{watch.platform}: the first relevant post collected is of {local.day} {local:%B %Y, %H:%M} on {first.source}"
    ]
    if count:
        parts.append(f"{posts:,} posts by {count:,} people")
    if top == top:
        parts.append(f"the ten most active wrote {percent(top)}")
    if copied == copied:
        parts.append(f"{percent(copied)} are copies of another's words")
    return "; ".join(parts) + ". What was not collected may be earlier."
