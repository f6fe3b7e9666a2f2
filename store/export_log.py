"""What left the installation: which file holds which posts, which figures were shown, how many texts were taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import Connection, func, insert, select, update

from core.errors import ConfigError
from core.text import clean
from store.bulk import select_in
from store.engine import changing, reading
from store.frames import TIME, frame
from store.handle import Handle
from store.registry import shown_model
from store.schema import (
    export_log,
    export_posts,
    labels,
    posts,
    removed_counts,
    shown,
    sightings,
    sources,
    texts_taken,
    watches,
)
from store.statements import chunks, find_number, upsert
from store.types import hour_number

_EXPORTS = {
    "id": "str", "watch": "str", "kind": "str", "file": "str", "rows": "int64", "exported_at": TIME, "who": "str",
    "deleted_since": "int64", "stamp": "str",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures as they were shown under `id`, of `kind` (alert, brief, chart, pack or a table's name)."""

    id: str
    watch: str
    kind: str
    shown_at: datetime
    figures: Mapping[str, Any]


class ExportWriter(Handle):
    """The part of `Annotations` that keeps the log."""

    def log_export(
        self, watch: str, kind: str, path_name: str, rows: int, stamp: Mapping[str, str],
        posts: Iterable[tuple[str, str]], now: datetime, *, mark: str = "", who: str = "",
        numbers: Iterable[int] = (),
    ) -> int:  # fmt: skip
        """Record which file holds which posts, so that a deletion can name it; returns its number.

        `path_name` says where the file is, `mark` is the export's id. Posts are given as (source, id) or as the
        store's own `numbers`, read as a stream; those no longer in the store count as deleted since. A long list is
        written in several transactions, so that nobody waits for all of it.
        """
        with changing(self._engine) as connection:
            row = {
                "watch_id": known_watch(connection, watch), "kind": kind, "path_name": clean(path_name), "rows": rows,
                "stamp": orjson.dumps(dict(stamp), default=str).decode(), "exported_at": now, "erased": 0,
                "mark": mark, "who": clean(who),
            }  # fmt: skip
            number = int(connection.execute(insert(export_log).returning(export_log.c.id), row).scalar_one())
        for part in chunks(posts, 1000):
            self._hold(number, part, ())
        for some in chunks(numbers, 5000):
            self._hold(number, (), some)
        return number

    def _hold(self, number: int, names: Iterable[tuple[str, str]], numbers: Iterable[int]) -> None:
        names, numbers = list(names), list(numbers)
        with changing(self._engine) as connection:
            held = set(posts_by_name(connection, names))
            held |= {found for (found,) in select_in(connection, "SELECT id FROM posts WHERE id IN {}", numbers)}
            rows = [{"post": post, "export_id": number} for post in held]
            if rows:
                connection.execute(upsert(connection, export_posts, ("post", "export_id"), ()), rows)
            lost = len(set(numbers)) - len(held) if numbers else 0
            if lost:
                erased = export_log.c.erased + lost
                connection.execute(update(export_log).where(export_log.c.id == number).values(erased=erased))

    def keep_shown(self, kept: Shown) -> None:
        """Keep figures under their id; the first under an id stays."""
        with changing(self._engine) as connection:
            row = {"id": kept.id, "watch_id": known_watch(connection, kept.watch), "kind": kept.kind,
                   "shown_at": kept.shown_at, "figures": orjson.dumps(kept.figures).decode()}  # fmt: skip
            connection.execute(upsert(connection, shown, ("id",), ()), [row])

    def take_texts(self, who: str, source: str, wanted: int, *, limit: int, now: datetime) -> int:
        """How many of `wanted` texts of `source` the person may still take on this UTC day; they count as taken."""
        day = hour_number(now) // 24
        row = {"who": clean(who), "source": clean(source), "day": day, "texts": 0}
        mine = (texts_taken.c.who == row["who"], texts_taken.c.source == row["source"], texts_taken.c.day == day)
        with changing(self._engine) as connection:
            connection.execute(upsert(connection, texts_taken, ("who", "source", "day"), ()), [row])
            taken = int(connection.scalar(select(texts_taken.c.texts).where(*mine)) or 0)
            granted = max(0, min(wanted, limit - taken))
            connection.execute(update(texts_taken).where(*mine).values(texts=taken + granted))
        return granted

    def give_back_texts(self, who: str, source: str, unused: int, *, now: datetime) -> None:
        """Texts that were granted and not written do not count."""
        mine = (texts_taken.c.who == clean(who), texts_taken.c.source == clean(source),
                texts_taken.c.day == hour_number(now) // 24)  # fmt: skip
        with changing(self._engine) as connection:
            connection.execute(update(texts_taken).where(*mine).values(texts=texts_taken.c.texts - unused))


class ExportReader(Handle):
    """The part of `Reader` that knows what left."""

    def exports(self, watch: str | None = None) -> pd.DataFrame:
        """Files of one watch or of all, newest first.

        Columns: id, watch, kind, file, rows, exported_at, who, deleted_since (posts in it that were deleted after),
        stamp (JSON).
        """
        columns = (export_log.c.mark, watches.c.name, export_log.c.kind, export_log.c.path_name, export_log.c.rows,
                   export_log.c.exported_at, export_log.c.who, export_log.c.erased, export_log.c.stamp)  # fmt: skip
        query = select(*columns).join(watches, watches.c.id == export_log.c.watch_id)
        if watch is not None:
            query = query.where(watches.c.name == watch)
        with reading(self._engine) as connection:
            return frame(connection.execute(query.order_by(export_log.c.id.desc())).all(), _EXPORTS)

    def shown(self, name: str) -> Shown:
        """The figures kept under an id. Raises ConfigError where there are none."""
        query = select(shown, watches.c.name).join(watches, watches.c.id == shown.c.watch_id)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(shown.c.id == name)).first()
        if row is None:
            raise ConfigError(f"nothing was shown under {name!r}. Ids stand on exports, briefs, charts and alerts")
        return Shown(row.id, row.name, row.kind, row.shown_at, orjson.loads(row.figures))

    def count_held(self, names: Iterable[tuple[str, str]]) -> int:
        """How many of these posts (source, id) are stored."""
        with reading(self._engine) as connection:
            return sum(1 for _ in posts_by_name(connection, names))

    def removed(self, watch: str, *, since: datetime, until: datetime) -> int:
        """How many posts of the hours in [since, until) were deleted and still count."""
        with reading(self._engine) as connection:
            number = find_number(connection, watches, watch)
            model, _, _ = shown_model(connection, number)
            counted = select(func.sum(removed_counts.c.posts)).where(
                removed_counts.c.watch_id == number, removed_counts.c.model_id == model, removed_counts.c.topic == 0,
                removed_counts.c.hour >= since, removed_counts.c.hour < until,
            )  # fmt: skip
            return int(connection.scalar(counted) or 0)

    def labels_made(self, watch: str, *, since: datetime, until: datetime, after: datetime) -> int:
        """How many labels people gave to posts of the hours in [since, until) later than `after`."""
        with reading(self._engine) as connection:
            found = (
                select(func.count())
                .select_from(labels.join(sightings, sightings.c.post == labels.c.post))
                .where(sightings.c.watch_id == find_number(connection, watches, watch), labels.c.at > after)
                .where(sightings.c.hour >= since, sightings.c.hour < until)
            )
            return int(connection.scalar(found) or 0)

    def collected_after(self, watch: str, *, since: datetime, until: datetime, after: datetime) -> int:
        """How many posts of the hours in [since, until) were collected later than `after`."""
        with reading(self._engine) as connection:
            found = (
                select(func.count())
                .select_from(sightings.join(posts, posts.c.id == sightings.c.post))
                .where(sightings.c.watch_id == find_number(connection, watches, watch), posts.c.collected_at > after)
                .where(sightings.c.hour >= since, sightings.c.hour < until)
            )
            return int(connection.scalar(found) or 0)


def known_watch(connection: Connection, name: str) -> int:
    """The number of a watch. Raises ConfigError for one that holds nothing."""
    number = find_number(connection, watches, name)
    if number is None:
        raise ConfigError(f"the store holds no watch {name!r}: collect or import something for it first")
    return number


def posts_by_name(connection: Connection, wanted: Iterable[tuple[str, str]]) -> Iterator[int]:
    """The numbers of those posts (source, id) that are stored."""
    by_source: dict[str, list[str]] = {}
    for source, post_id in wanted:
        by_source.setdefault(clean(source), []).append(clean(post_id))
    for source, ids in by_source.items():
        source_id = find_number(connection, sources, source)
        if source_id is not None:
            sql = "SELECT id FROM posts WHERE source_id = ? AND post_id IN {}"
            yield from (number for (number,) in select_in(connection, sql, ids, (source_id,)))
