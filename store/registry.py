"""The models whose scores the store holds, and which one is active."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, literal, select, union, update

from core.errors import ConfigError
from store.counting import ALL_TOPICS
from store.engine import changing, reading
from store.handle import Handle
from store.schema import COUNT_KEY, MEASURES, NO_MODEL, dirty_hours, models, removed_counts, rollups, sightings, watches
from store.statements import insert_into, model_number, upsert


class ModelWriter(Handle):
    """The part of `Store` that knows watches and models by name."""

    def register_watch(self, name: str, *, subject: str = "", digest: str = "") -> None:
        """Make the watch known, or update its subject and the digest of its definition.

        Another subject has every hour recounted: models that use it then have other scores.
        """
        with changing(self._engine) as connection:
            before = connection.scalar(select(watches.c.subject).where(watches.c.name == name))
            row = {"name": name, "subject": subject, "digest": digest}
            connection.execute(upsert(connection, watches, ("name",), ("subject", "digest")), [row])
            if before is not None and before != subject:
                mark_everything_dirty(connection)

    def register_model(self, name: str, *, uses_subject: bool = False) -> None:
        """Make the model known, on first use; the first one becomes active. Every hour gets rollups under it."""
        with reading(self._engine) as connection:
            known = model_number(connection, name)
        if known is not None:
            return
        with changing(self._engine) as connection:
            if model_number(connection, name) is None:
                _add_model(connection, name, uses_subject)

    def activate_model(self, name: str) -> None:
        """Let readers see the figures of this model. Raises ConfigError for one that is not registered."""
        with changing(self._engine) as connection:
            if model_number(connection, name) is None:
                known = ", ".join(connection.scalars(select(models.c.name).order_by(models.c.id)))
                raise ConfigError(f"no model {name!r} in the store; known: {known or 'none'}. Score with it first")
            connection.execute(update(models).values(active=models.c.name == name))

    def active_model(self) -> str | None:
        """The model whose figures are shown; None before the first is registered."""
        with reading(self._engine) as connection:
            return active_model(connection)


def active_model(connection: Connection) -> str | None:
    """The name of the active model, or None."""
    return connection.scalar(select(models.c.name).where(models.c.active))


def counted_models(connection: Connection, watch_id: int) -> list[tuple[int, str]]:
    """(number, subject) of every model under which this watch has rollups."""
    subject = connection.scalar(select(watches.c.subject).where(watches.c.id == watch_id)) or ""
    rows = connection.execute(select(models.c.id, models.c.uses_subject).order_by(models.c.id)).all()
    return [(row.id, subject if row.uses_subject else "") for row in rows] or [(NO_MODEL, "")]


def shown_model(connection: Connection, watch_id: int | None) -> tuple[int, str, str]:
    """(number, name, subject) of the model whose scores of this watch are shown; NO_MODEL and "" before the first."""
    row = connection.execute(select(models.c.id, models.c.name, models.c.uses_subject).where(models.c.active)).first()
    if row is None:
        return NO_MODEL, "", ""
    subject = connection.scalar(select(watches.c.subject).where(watches.c.id == watch_id)) or ""
    return row.id, row.name, subject if row.uses_subject else ""


def mark_everything_dirty(connection: Connection) -> None:
    """Have every hour that has, or had, posts recounted."""
    hours = union(
        select(sightings.c.watch_id, sightings.c.hour), select(removed_counts.c.watch_id, removed_counts.c.hour)
    )
    found = hours.subquery()
    # SQLite reads "ON" after a plain SELECT as a join: hence the WHERE.
    every = select(found.c.watch_id, found.c.hour).where(literal(1) == 1)
    connection.execute(
        insert_into(connection, dirty_hours).from_select(["watch_id", "hour"], every).on_conflict_do_nothing()
    )


def _add_model(connection: Connection, name: str, uses_subject: bool) -> None:
    first = connection.scalar(select(func.min(models.c.id)))
    row = {"name": name, "uses_subject": uses_subject, "active": first is None}
    number = connection.execute(insert(models).returning(models.c.id), row).scalar_one()
    _carry_removed(connection, NO_MODEL if first is None else first, number)
    if first is None:
        for table in (rollups, removed_counts):
            connection.execute(delete(table).where(table.c.model_id == NO_MODEL))
    mark_everything_dirty(connection)


def _carry_removed(connection: Connection, model: int, number: int) -> None:
    """Posts deleted before a model came count under it as not scored, so that its totals are the same."""
    kept = ("posts", "reposts", "distinct_texts")
    old = removed_counts.c
    counts = {measure: old[measure] if measure in kept else literal(0) for measure in MEASURES}
    counts["not_scored"] = old.posts
    rows = select(
        old.watch_id, literal(number), old.topic, old.hour, old.source_id, old.lang,
        *(counts[measure].label(measure) for measure in MEASURES),
    ).where(old.model_id == model, old.topic == ALL_TOPICS)  # fmt: skip
    connection.execute(insert(removed_counts).from_select([*COUNT_KEY, *MEASURES], rows))
