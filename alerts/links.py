"""Three posts to read beside an alert; their text only where the source's policy lets it be passed on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alerts.message import PostLink
from core.records import HOUR
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader

QUOTABLE = frozenset({"hackernews", "bluesky", "mastodon", "lemmy", "feeds", "googlenews", "gdelt"})
"""Public posts and headlines. Reddit, X and YouTube forbid it, and of any other source nobody has said that it may."""
SHOWN = 3
_READ = 30


def links(reader: Reader, watch: Watch, hour: datetime, *, topic: str = "", clock: datetime) -> tuple[PostLink, ...]:
    """At most three posts of that hour against what the watch measures, from as many sources as there are.

    The most spread come first. A post without a web address is not among them, nor one that is gone by now; a
    "noindex" account never comes in. Addresses are data from outside: only http and https go on.
    """
    from reports.posts import posts
    from store import PostFilter

    by_stance = watch.measure == "against"
    wanted = PostFilter(
        watch.name, since=hour, until=hour + HOUR, topic=topic, relevant=True, order="spread",
        sentiment="" if by_stance else "negative", stance="against" if by_stance else "",
    )  # fmt: skip
    found = posts(reader, watch, wanted, clock=clock, limit=_READ)
    rows = [row for row in found.to_dict("records") if _is_web(str(row["url"]))]
    first: dict[str, dict[object, object]] = {}
    for row in rows:
        first.setdefault(str(row["source"]), row)
    chosen = list(first.values())[:SHOWN]
    chosen += [row for row in rows if row not in chosen][: SHOWN - len(chosen)]
    return tuple(_link(row) for row in chosen)


def _link(row: dict[object, object]) -> PostLink:
    source = str(row["source"])
    named = tuple(topic for topic in str(row["topics"]).split(";") if topic)
    quotable = source in QUOTABLE and row.get("reason") != "import"
    return PostLink(source, named, str(row["url"]), str(row["text"]) if quotable else "")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and len(url) <= 300
