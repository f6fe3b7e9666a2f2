"""The steps of the service: which is due, who is at it and until when, so that workers share one database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from store.engine import writing
from store.handle import Handle
from store.schema import steps
from store.statements import upsert

HOLD = timedelta(minutes=5)


class StepWriter(Handle):
    """The part of `Store` by which workers divide the work."""

    def take_step(
        self, watch: str, step: str, *, holder: str, now: datetime, hold: timedelta = HOLD, early: bool = False
    ) -> bool:
        """Whether `holder` may do this step now: it is due (or asked for `early`) and nobody else is at it.

        A step that nobody has done is due. One whose holder died is free again when its hold ends.
        """
        with writing(self._engine) as connection:
            first = {"watch": watch, "step": step, "due_at": now, "holder": "", "until": None, "done_at": None}
            connection.execute(upsert(connection, steps, ("watch", "step"), ()), [first])
            free = or_(steps.c.until.is_(None), steps.c.until <= now)
            mine = update(steps).where(steps.c.watch == watch, steps.c.step == step, free)
            if not early:
                mine = mine.where(steps.c.due_at <= now)
            return bool(connection.execute(mine.values(holder=holder, until=now + hold)).rowcount)

    def keep_steps(self, holder: str, *, now: datetime, hold: timedelta = HOLD) -> None:
        """Hold on to what `holder` is at."""
        with writing(self._engine) as connection:
            mine = update(steps).where(steps.c.holder == holder, steps.c.until.is_not(None))
            connection.execute(mine.values(until=now + hold))

    def end_step(self, watch: str, step: str, *, holder: str, now: datetime, due: datetime) -> bool:
        """Give a step back, next due at `due`; False where it was lost to another worker meanwhile."""
        with writing(self._engine) as connection:
            mine = update(steps).where(steps.c.watch == watch, steps.c.step == step, steps.c.holder == holder)
            ended = mine.values(holder="", until=None, due_at=due, done_at=now)
            return bool(connection.execute(ended).rowcount)

    def give_back_steps(self, holder: str, *, now: datetime) -> None:
        """Let go of all that `holder` is at, unfinished: it is due at once."""
        with writing(self._engine) as connection:
            mine = update(steps).where(steps.c.holder == holder, steps.c.until.is_not(None))
            connection.execute(mine.values(holder="", until=None, due_at=now))

    def next_due(self, watches: Collection[str]) -> datetime | None:
        """When the next step of these watches is due; None where none is known."""
        with writing(self._engine) as connection:
            query = select(steps.c.due_at).where(steps.c.watch.in_(watches)).order_by(steps.c.due_at).limit(1)
            return connection.scalar(query)
