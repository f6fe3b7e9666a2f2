"""An independent recount of the rollups: single posts, plain Python, none of `store.counting`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import text as sql

from core.records import SENTIMENTS, STANCES, TOPICS
from store.schema import MEASURES, NO_MODEL
from store.types import from_hour

_SPAN = 168
"""Hours recounted at a time: what is held in memory."""
_POSTS = sql(
    "SELECT s.hour, s.source_id, p.kind, p.lang, p.text_key, c.status, c.lang AS detected, c.relevant, c.sentiment, "
    "c.stance, c.topics FROM sightings s JOIN posts p ON p.id = s.post "
    "LEFT JOIN scores c ON c.text_key = p.text_key AND c.model_id = :model AND c.subject = :subject "
    "WHERE s.watch_id = :watch AND s.hour BETWEEN :first AND :last ORDER BY s.hour"
)
_STORED = "SELECT * FROM {} WHERE watch_id = :watch AND model_id = :model AND hour BETWEEN :first AND :last"
_HOURS = sql(
    "SELECT DISTINCT hour FROM (SELECT hour FROM sightings WHERE watch_id = :watch UNION SELECT hour FROM rollups "
    "WHERE watch_id = :watch UNION SELECT hour FROM removed_counts WHERE watch_id = :watch) AS found ORDER BY hour"
)
Key = tuple[int, int, int, str]
"""(hour, topic, source, language)."""
Counts = Counter[str]


def differences(connection: Connection) -> Iterator[str]:
    """A sentence for every rollup row that is not the recount plus the removed counts; dirty hours left out."""
    found = connection.execute(sql("SELECT id, name, uses_subject FROM models ORDER BY id"))
    models = [tuple(row) for row in found] or [(NO_MODEL, "no model", False)]
    for watch in connection.execute(sql("SELECT id, name, subject FROM watches ORDER BY id")).all():
        dirty = set(connection.scalars(sql("SELECT hour FROM dirty_hours WHERE watch_id = :w"), {"w": watch.id}))
        hours = [h for h in connection.scalars(_HOURS, {"watch": watch.id}) if h not in dirty]
        for number, name, uses_subject in models:
            subject = watch.subject if uses_subject else ""
            for start in range(0, len(hours), _SPAN):
                part = hours[start : start + _SPAN]
                span = {"watch": watch.id, "model": number, "first": part[0], "last": part[-1]}
                for line in _compare(connection, span, subject, dirty):
                    yield f"watch {watch.name}, {name}: {line}"


def _compare(connection: Connection, span: dict[str, Any], subject: str, dirty: set[int]) -> Iterator[str]:
    expected = _recount(connection, {**span, "subject": subject})
    for key, counts in _stored(connection, "removed_counts", span).items():
        expected.setdefault(key, Counter()).update(counts)
    stored = _stored(connection, "rollups", span)
    for key in sorted(expected.keys() | stored.keys()):
        hour, topic, source, lang = key
        if hour in dirty:
            continue
        want, have = expected.get(key, Counter()), stored.get(key, Counter())
        for measure in MEASURES:
            if want[measure] != have[measure]:
                yield (f"{from_hour(hour):%Y-%m-%d %H}h, topic {topic}, source {source}, {lang}: {measure} "
                       f"{have[measure]} stored, {want[measure]} counted")  # fmt: skip


def _stored(connection: Connection, table: str, span: dict[str, Any]) -> dict[Key, Counts]:
    rows = connection.execute(sql(_STORED.format(table)), span)
    return {(r.hour, r.topic, r.source_id, r.lang): Counter({m: getattr(r, m) for m in MEASURES}) for r in rows}


def _recount(connection: Connection, span: dict[str, Any]) -> dict[Key, Counts]:
    found: dict[Key, Counts] = {}
    texts: dict[Key, set[bytes]] = {}
    for post in connection.execute(_POSTS, span):
        lang = post.detected or post.lang or "und"
        words = _words(post)
        topics = [0]
        if "relevant" in words:
            topics += [n for n in range(1, len(TOPICS) + 1) if (post.topics or 0) >> (n - 1) & 1]
        for topic in topics:
            key = (post.hour, topic, post.source_id, lang)
            found.setdefault(key, Counter()).update(words)
            texts.setdefault(key, set()).add(bytes(post.text_key))
    for key, keys in texts.items():
        found[key]["distinct_texts"] = len(keys)
    return found


def _words(post: Any) -> list[str]:
    words = ["posts", *(["reposts"] if post.kind == "repost" else [])]
    if post.status is None:
        return [*words, "pending"]
    if post.status == 0:
        return [*words, "not_scored"]
    words.append("scored")
    if post.relevant:
        words.append("relevant")
        if post.sentiment is not None:
            words.append(SENTIMENTS[post.sentiment])
        if post.stance is not None:
            words.append({"against": "against", "neutral": "stance_neutral", "for": "in_favour"}[STANCES[post.stance]])
        if post.kind == "repost":
            words += [f"{word}_reposts" for word in ("relevant", "negative", "against") if word in words]
    return words
