"""The ledger of what sources have cost, in each source's own unit, so that caps hold across processes and restarts."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from core.errors import BudgetExhausted
from store.engine import reading, writing
from store.handle import Handle
from store.schema import spending
from store.statements import insert_into

_DUST = 1e-9
"""Sums of cents in binary: a cap of 1 holds ten times 0.1."""


class SpendingReader(Handle):
    """The part of `Reader` and `Store` that knows what was spent."""

    def spent(self, source: str, *, since: datetime, until: datetime) -> float:
        """Units spent on `source` in the UTC hours from that of `since` to that of `until`, both included."""
        with reading(self._engine) as connection:
            return _spent(connection, source, since, until)


class SpendingWriter(SpendingReader):
    """The part of `Store` that keeps the ledger."""

    def reserve(self, source: str, units: float, *, now: datetime, daily: float, monthly: float) -> None:
        """Write `units` down before they are spent, under the writer's lock: two processes cannot both take the last.

        Raises BudgetExhausted, and writes nothing, where the UTC day or the UTC month would go over its cap. What
        is reserved by a run that is killed stays spent: the ledger errs on the side of the cap.
        """
        now = now.astimezone(UTC)
        day, month = now.replace(hour=0), now.replace(day=1, hour=0)
        with writing(self._engine) as connection:
            for name, since, cap in (("day", day, daily), ("month", month, monthly)):
                spent = _spent(connection, source, since, now)
                if spent + units > cap + _DUST:
                    raise BudgetExhausted(
                        f"{source}: {spent:.2f} of the {name}'s {cap:.2f} are spent and {units:.3f} more are needed. "
                        f"It goes on with the next {name}, or with a higher UPROAR_BUDGETS__{source.upper()}__"
                        f"{'DAILY' if name == 'day' else 'MONTHLY'}"
                    )
            _add(connection, source, units, now)

    def release(self, source: str, units: float, *, now: datetime) -> None:
        """Give back what was reserved and not spent."""
        with writing(self._engine) as connection:
            _add(connection, source, -units, now)


def _spent(connection: Connection, source: str, since: datetime, until: datetime) -> float:
    found = select(func.sum(spending.c.units)).where(
        spending.c.source == source, spending.c.hour >= since, spending.c.hour <= until
    )
    return float(connection.scalar(found) or 0.0)


def _add(connection: Connection, source: str, units: float, now: datetime) -> None:
    add = insert_into(connection, spending).values(source=source, hour=now, units=units)
    both = {"units": spending.c.units + add.excluded.units}
    connection.execute(add.on_conflict_do_update(index_elements=["source", "hour"], set_=both))
