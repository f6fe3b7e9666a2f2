"""Posts as plain columns, for files: the columns of `store.post_frames` without the price of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, type_coerce

from core.records import SENTIMENTS, STANCES, TOPICS
from store.post_frames import POST_COLUMNS
from store.schema import PROBABILITIES, REASONS, posts

_NAMES = (
    "source", "id", "created_at", "text", "url", "author", "community", "kind", "parent_id", "lang", "likes", "reposts",
    "replies", "views", "reason", "collected_at", "scored", "relevant", "sentiment", "stance", "topics", *PROBABILITIES,
)  # fmt: skip
_TIMES = (posts.c.created_at, posts.c.collected_at)


@dataclass(frozen=True, slots=True)
class PostColumns:
    """Some posts, column by column, in the order of their stream.

    `columns` has the names of `post_frame` except `model`. Times are whole microseconds since 1970, `relevant` is
    True, False or None, probabilities are whole ten-thousandths or None, absent labels None. `numbers` are those of
    the posts in the store, for the export log.
    """

    numbers: Sequence[int]
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.numbers)


def select_columns(query: Select[Any]) -> Select[Any]:
    """`query` (of posts with sightings and scores) for the columns of `post_columns`, the number last."""
    # Times stay numbers: a file's writer turns a whole column into text at once.
    plain: list[ColumnElement[Any]] = [
        type_coerce(column, BigInteger) if any(column is time for time in _TIMES) else column for column in POST_COLUMNS
    ]
    return query.with_only_columns(*plain, posts.c.id, maintain_column_froms=True)


def post_columns(rows: Sequence[Sequence[Any]], sources: Mapping[int, str]) -> PostColumns:
    """Rows of `select_columns` as columns; at least one row."""
    *values, numbers = zip(*rows, strict=True)
    columns: dict[str, Sequence[Any]] = dict(zip(_NAMES, values, strict=True))
    decode: dict[str, Mapping[Any, Any]] = {
        "source": sources,
        "reason": {n: str(reason) for n, reason in enumerate(REASONS)},
        "relevant": {0: False, 1: True, None: None},
        "sentiment": {**dict(enumerate(SENTIMENTS)), None: None},
        "stance": {**dict(enumerate(STANCES)), None: None},
    }
    for name, known in decode.items():
        columns[name] = [known[value] for value in columns[name]]
    topics = {bits: topic_names(bits) for bits in set(columns["topics"])}
    columns["topics"] = [topics[bits] for bits in columns["topics"]]
    return PostColumns(numbers, columns)


def topic_names(bits: int | None) -> str:
    """The topics of a score, ";"-joined; "" for none."""
    return ";".join(topic for n, topic in enumerate(TOPICS) if (bits or 0) >> n & 1)
