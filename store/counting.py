"""What a post adds to a rollup: the one definition for recomputing, removing and reading."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    distinct,
    func,
    literal_column,
    select,
    union_all,
)

from core.records import SENTIMENTS, STANCES
from store.schema import MEASURES, NOT_SCORED, SCORED, TOPIC_NUMBERS, posts, scores, sightings

ALL_TOPICS = TOPIC_NUMBERS["all"]


def language() -> ColumnElement[str]:
    """The language that a post counts under: as detected with its score, else as the source says, else "und"."""
    # Literals, not parameters: PostgreSQL must see that a GROUP BY names the same expression.
    nothing: ColumnElement[str] = literal_column("''", Text)
    detected, given = func.nullif(scores.c.lang, nothing), func.nullif(posts.c.lang, nothing)
    return func.coalesce(detected, given, literal_column("'und'", Text))


def sighted_posts(model_id: int, subject: str) -> FromClause:
    """Sightings with their posts and, where there is one, the score of `model_id` for `subject`."""
    scored = and_(scores.c.text_key == posts.c.text_key, scores.c.model_id == model_id, scores.c.subject == subject)
    return sightings.join(posts, posts.c.id == sightings.c.post).outerjoin(scores, scored)


def is_pending() -> ColumnElement[bool]:
    """No score under the model yet."""
    return scores.c.status.is_(None)


def is_relevant() -> ColumnElement[bool]:
    """Scored, and relevant by the model (or the model judges no relevance)."""
    return and_(scores.c.status == SCORED, scores.c.relevant == 1)


def has_topic(topic: int) -> ColumnElement[bool]:
    """Relevant, and of the topic with this number (1, 2, ...)."""
    return and_(is_relevant(), scores.c.topics.bitwise_and(1 << (topic - 1)) != 0)


def measures() -> list[ColumnElement[int]]:
    """The aggregates of `MEASURES`, in that order."""
    relevant = is_relevant()

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    repost = posts.c.kind == "repost"

    def labelled(column: ColumnElement[int], classes: tuple[str, ...], name: str) -> ColumnElement[int]:
        return count(and_(relevant, column == classes.index(name)))

    found = [
        func.count(),
        count(repost),
        func.count(distinct(posts.c.text_key)),
        count(is_pending()),
        count(scores.c.status == NOT_SCORED),
        count(scores.c.status == SCORED),
        count(relevant),
        *(labelled(scores.c.sentiment, SENTIMENTS, name) for name in ("negative", "neutral", "positive")),
        *(labelled(scores.c.stance, STANCES, name) for name in ("against", "neutral", "for")),
        count(and_(relevant, repost)),
        count(and_(relevant, repost, scores.c.sentiment == SENTIMENTS.index("negative"))),
        count(and_(relevant, repost, scores.c.stance == STANCES.index("against"))),
    ]
    return [column.label(name) for column, name in zip(found, MEASURES, strict=True)]


def live_counts(model_id: int, subject: str, where: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    """Rollup rows, in the columns' order, counted from the base rows that satisfy `where`: of all posts, by topic."""
    topics = union_all(*(_topic_bit(number) for number in TOPIC_NUMBERS.values() if number != ALL_TOPICS))
    bits = topics.subquery("topics")
    base = sighted_posts(model_id, subject)
    by_topic = base.join(bits, scores.c.topics.bitwise_and(bits.c.bit) != 0)
    return (
        _counts(base, model_id, literal_column(str(ALL_TOPICS), Integer)).where(where),
        _counts(by_topic, model_id, bits.c.topic).where(where, is_relevant()).group_by(bits.c.topic),
    )


def _counts(base: FromClause, model_id: int, topic: ColumnElement[int]) -> Select[Any]:
    watch_id, hour, source_id = sightings.c.watch_id, sightings.c.hour, sightings.c.source_id
    model = literal_column(str(model_id), Integer).label("model_id")
    lang = language().label("lang")
    return (
        select(watch_id, model, topic.label("topic"), hour, source_id, lang, *measures())
        .select_from(base)
        .group_by(watch_id, hour, source_id, language())
    )


def _topic_bit(number: int) -> Select[int, int]:
    topic = literal_column(str(number), Integer).label("topic")
    return select(topic, literal_column(str(1 << number - 1), Integer).label("bit"))
