"""Single posts as a frame: the columns that people see and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, case

from core.records import SENTIMENTS, STANCES, TOPICS
from store.counting import is_pending, language
from store.frames import TIME, frame
from store.schema import PROBABILITIES, REASONS, SCORED, posts, scores, sightings

_STATUS = case((is_pending(), "pending"), (scores.c.status == SCORED, "scored"), else_="not_scored")
_COUNTERS = ("likes", "reposts", "replies", "views")

_TYPES = {
    "source": "int64", "id": "str", "created_at": TIME, "text": "str", "url": "str", "author": "str",
    "community": "str", "kind": "str", "parent_id": "str", "lang": "str", **dict.fromkeys(_COUNTERS, "Int64"),
    "reason": "int64", "collected_at": TIME, "scored": "str", "relevant": "boolean", "sentiment": "object",
    "stance": "object", "topics": "object", **dict.fromkeys(PROBABILITIES, "float64"),
}  # fmt: skip

POST_COLUMNS: list[ColumnElement[Any]] = [
    sightings.c.source_id, posts.c.post_id, posts.c.created_at, posts.c.text, posts.c.url, posts.c.author,
    posts.c.community, posts.c.kind, posts.c.parent_id, language(), *(posts.c[name] for name in _COUNTERS),
    sightings.c.reason, posts.c.collected_at, _STATUS, scores.c.relevant, scores.c.sentiment, scores.c.stance,
    scores.c.topics, *(scores.c[name] for name in PROBABILITIES),
]  # fmt: skip
"""What is selected, in the order of the frame's columns."""


def post_frame(rows: Sequence[Sequence[Any]], sources: Mapping[int, str], model: str) -> pd.DataFrame:
    """A frame of posts; also without rows it has these columns.

    source, id, created_at, text, url, author, community, kind, parent_id, lang (as counted), likes, reposts,
    replies, views (Int64, NA where the source gives none), reason, collected_at, scored (scored | pending |
    not_scored), relevant (boolean, NA where not scored), sentiment, stance (missing where not scored or without
    that head), topics (";"-joined, "" for none), p_negative, p_neutral, p_positive, p_against, p_for, p_relevant
    (0 to 1, NaN where absent) and model.
    """
    found = frame(rows, _TYPES)
    found["source"] = found["source"].map(dict(sources)).astype("str")
    found["reason"] = found["reason"].map({n: str(reason) for n, reason in enumerate(REASONS)}).astype("str")
    for name, classes in (("sentiment", SENTIMENTS), ("stance", STANCES)):
        found[name] = pd.Series([None if v is None else classes[v] for v in found[name]], dtype="str")
    found["topics"] = pd.Series([_topics(bits) for bits in found["topics"]], dtype="str")
    for name in PROBABILITIES:
        found[name] = np.round(found[name] / 10_000, 4)
    found["model"] = pd.Series([model] * len(found), dtype="str")
    return found


def _topics(bits: int | None) -> str:
    return ";".join(topic for n, topic in enumerate(TOPICS) if (bits or 0) >> n & 1)
