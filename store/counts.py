"""Reading rollups: one row per hour, whatever the number of posts behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Connection, Integer, Select, cast, func, select, type_coerce

from core.errors import ConfigError
from store.engine import reading
from store.frames import frame
from store.handle import Handle
from store.registry import active_model
from store.schema import MEASURES, NO_MODEL, TOPIC_NUMBERS, dirty_hours, rollups, watches
from store.schema import sources as source_names
from store.statements import find_number, model_number, names
from store.types import hour_from

_hour = type_coerce(rollups.c.hour, Integer)
_SPLITS: dict[str, Any] = {"source": rollups.c.source_id, "language": rollups.c.lang, "topic": rollups.c.topic}
_TOPIC_NAMES = {number: name for name, number in TOPIC_NUMBERS.items()}


class RollupReader(Handle):
    """The part of `Reader` that counts."""

    def rollup(
        self,
        watch: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
        topic: str | None = "all",
        sources: Collection[str] | None = None,
        languages: Collection[str] | None = None,
        split: Sequence[str] = (),
    ) -> pd.DataFrame:
        """One row per hour of [since, until) that has posts, by hour, then by `split`; empty for an unknown watch.

        Columns: hour (datetime64[us, UTC]), those of `split` ("source", "language", "topic"), then as int64 posts,
        reposts, distinct_texts (within hour, source and language), pending, not_scored, scored, relevant,
        negative, neutral, positive, against, stance_neutral, in_favour (these six among scored and relevant posts),
        relevant_reposts, negative_reposts, against_reposts. An hour counts when it begins within [since, until).
        Topic "all" is every post, another topic its relevant posts; topic None, with "topic" in `split`, every topic
        apart. `model` None is the active one; before any is registered every post is pending. ConfigError for an
        unknown model, topic or split.
        """
        with reading(self._engine) as connection:
            query = _query(split, _topics(topic, split)).where(
                rollups.c.watch_id == find_number(connection, watches, watch),
                rollups.c.model_id == _model(connection, model),
            )
            known = names(connection, source_names)
            if since is not None:
                query = query.where(_hour >= hour_from(since))
            if until is not None:
                query = query.where(_hour < hour_from(until))
            if sources is not None:
                query = query.where(rollups.c.source_id.in_([n for n, name in known.items() if name in sources]))
            if languages is not None:
                query = query.where(rollups.c.lang.in_(list(languages)))
            rows = connection.execute(query).all()
        return _frame(rows, split, known)

    def uncounted_hours(self, watch: str) -> int:
        """How many hours of `watch` changed since they were last counted: a killed run leaves such."""
        with reading(self._engine) as connection:
            number = find_number(connection, watches, watch)
            waiting = select(func.count()).select_from(dirty_hours).where(dirty_hours.c.watch_id == number)
            return int(connection.scalar(waiting) or 0)


def _query(split: Sequence[str], topics: Collection[int]) -> Select[Any]:
    key = [_hour, *(_SPLITS[name] for name in split)]
    # PostgreSQL sums whole numbers into decimals, which Python reads slowly.
    sums = [cast(func.sum(rollups.c[measure]), BigInteger) for measure in MEASURES]
    return select(*key, *sums).where(rollups.c.topic.in_(topics)).group_by(*key).order_by(*key)


def _topics(topic: str | None, split: Sequence[str]) -> list[int]:
    for name in split:
        if name not in _SPLITS:
            raise ConfigError(f"rollup: cannot split by {name!r}; known: {', '.join(_SPLITS)}")
    if topic is None:
        if "topic" not in split:
            raise ConfigError('rollup: topic None means every topic apart, which needs split=("topic",)')
        return sorted(set(TOPIC_NUMBERS.values()) - {TOPIC_NUMBERS["all"]})
    if topic not in TOPIC_NUMBERS:
        raise ConfigError(f"rollup: unknown topic {topic!r}; known: {', '.join(TOPIC_NUMBERS)}")
    return [TOPIC_NUMBERS[topic]]


def _model(connection: Connection, name: str | None) -> int:
    wanted = name or active_model(connection)
    if wanted is None:
        return NO_MODEL
    number = model_number(connection, wanted)
    if number is None:
        raise ConfigError(f"no model {wanted!r} in the store; score with it first")
    return number


def _frame(rows: Sequence[Sequence[Any]], split: Sequence[str], known: dict[int, str]) -> pd.DataFrame:
    kinds = {"source": "int64", "topic": "int64", "language": "str"}
    types = {"hour": "hour", **{name: kinds[name] for name in split}, **dict.fromkeys(MEASURES, "int64")}
    found = frame(rows, types)
    for name, values in (("source", known), ("topic", _TOPIC_NAMES)):
        if name in split:
            found[name] = found[name].map(values).astype("str")
    # By name, not by the numbers that names happened to get.
    return found.sort_values(["hour", *split], ignore_index=True) if split else found
