"""A person's request: find everything that is held of them, report it, or erase it and certify that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from collectors.bluesky_handles import did_of
from core.errors import ConfigError, SourceError
from core.identities import Identity, identify
from core.keys import Keys
from core.settings import Settings
from exports.atomic import write_atomic
from store import Store, Trace

REQUEST = "request"
WRITTEN = ("author", "id", "link", "repost")
"""Relations of posts that are the person's own words; in quotes and mentions others speak."""
PURPOSE = (
    "Uproar follows how people react when a platform changes its terms: public posts that mention the change are kept, "
    "scored by a model (sentiment, stance, topics) and counted by the hour. Accounts are kept as keyed pseudonyms, "
    "never joined across platforms, and no decision about a person is made. See docs/privacy.md."
)
_NUMBERED = {
    "x": "X's accounts are held by their number: give it with --source x to find what the account itself wrote",
    "youtube": "YouTube's accounts are held by their channel id (UC...): give it with --source youtube",
}


def find_identity(asked: str, source: str, settings: Settings) -> tuple[Identity, str]:
    """Who is meant, and a remark where part of them cannot be found so. A Bluesky handle is looked up at Bluesky."""
    who = identify(asked, source=source)
    if who.source == "bluesky" and "did:" not in asked:
        handle = _handle(asked)
        try:
            did = did_of(handle, settings)
        except SourceError as error:
            return who, f"Bluesky could not be asked whose handle {handle} is ({error}): give the account's DID instead"
        if not did:
            return who, f"Bluesky knows no handle {handle} today: give the account's DID to find what it wrote"
        full = identify(asked.replace(handle, did, 1), source=source) if "/" in asked else identify(did)
        return _joined(who, full), ""
    if who.source in _NUMBERED and who.accounts and not any(_is_number(name) for name in who.accounts):
        return who, _NUMBERED[who.source]
    return who, ""


def access_report(asked: str, traces: Sequence[Trace], *, keys: Keys, now: datetime) -> dict[str, Any]:
    """What a person is told who asks what is held of them. What others wrote about them comes without its words."""
    return {
        "report": "access", "asked_for": asked, "made_at": now, "key_versions_searched": list(keys.versions),
        "purpose": PURPOSE,
        "posts": [
            {
                "source": trace.source, "relation": trace.relation, "id": trace.id, "url": trace.url,
                "created_at": trace.created_at, "collected_at": trace.collected_at, "kind": trace.kind,
                "community": trace.community, "text": trace.text if trace.relation in WRITTEN else None,
                "watches": trace.watches, "sentiment": trace.sentiment or None, "labels": trace.labels,
                "tags": trace.tags, "exported_to": trace.exports,
            }
            for trace in traces
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erased:
    """What `erase` did: posts per (source, relation), hours to show anew, files that still hold some, what is left."""

    posts: Mapping[tuple[str, str], int]
    hours: int
    exports: tuple[str, ...]
    kept: int
    found_after: int

    @property
    def total(self) -> int:
        """Posts erased."""
        return sum(self.posts.values())


def erase(store: Store, who: Identity, *, now: datetime, keep_mentions: bool = False) -> Erased:
    """Erase all traces of `who` (`keep_mentions`: not quotes and mentions), then look again.

    Ids that are not held leave their mark as well, so that they are never collected. Raises ConfigError, and erases
    nothing, where the name is known on several platforms: it may be different people's.
    """
    traces = store.traces(who)
    platforms = sorted({trace.source for trace in traces})
    if not who.source and len(platforms) > 1:
        raise ConfigError(f"that is found on {', '.join(platforms)}: say whose it is with --source")
    chosen = [trace for trace in traces if not keep_mentions or trace.relation in WRITTEN]
    ids = {(trace.source, trace.id): trace.relation for trace in chosen}
    hours, exports = 0, set()
    for source in platforms or ([who.source] if who.source else []):
        names = [id_ for held, id_ in ids if held == source] + [id_ for id_ in who.ids if source == who.source]
        done = store.forget(source, ids=names, now=now, reason=REQUEST)
        hours += done.hours
        exports |= set(done.exports)
    store.refresh_rollups()
    left = [trace for trace in store.traces(who) if not keep_mentions or trace.relation in WRITTEN]
    counted = Counter((source, relation) for (source, _), relation in ids.items())
    return Erased(dict(counted), hours, tuple(sorted(exports)), len(traces) - len(chosen), len(left))


def certificate(asked: str, done: Erased, *, keys: Keys, now: datetime) -> dict[str, Any]:
    """The proof of an erasure, without the data: the request stands in it as a keyed hash alone."""
    mark = keys.tombstone("request", asked).hex()
    return {
        "certificate": "erasure", "number": f"{mark[:8]}-{now:%Y%m%dT%H%M%SZ}", "issued_at": now, "request": mark,
        "installation": keys.id, "key_versions_searched": list(keys.versions),
        "erased": [
            {"source": source, "relation": relation, "posts": count}
            for (source, relation), count in sorted(done.posts.items())
        ],
        "posts_erased": done.total, "quotes_and_mentions_kept": done.kept, "found_after": done.found_after,
        "files_to_make_again": len(done.exports),
        "scope": "text, author, link, id, search index, scores, labels and tags in the database; hourly counts stay, "
        "and a salted hash of each id keeps the post from being collected again",
        "not_covered": "copies of the database made before (backups), files exported before, and the platforms",
    }  # fmt: skip


def write_document(document: Mapping[str, Any], path: Path) -> None:
    """Write it as JSON that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, [orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()])


def _joined(one: Identity, two: Identity) -> Identity:
    return Identity(
        one.source, (*one.accounts, *two.accounts), (*one.ids, *two.ids), (*one.addresses, *two.addresses),
        one.mentions,
    )  # fmt: skip


def _handle(asked: str) -> str:
    words = asked.split("/profile/", 1)[-1].removeprefix("at://")
    return words.split("/")[0].removeprefix("@")


def _is_number(name: str) -> bool:
    return name.isdigit() or (name.startswith("UC") and len(name) == 24)
