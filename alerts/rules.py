"""Which decided hours open an incident, extend it or close it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.records import HOUR, Decision, Spike, SpikeState
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader, Store

TOO_LATE = timedelta(hours=6)
"""An hour that closed longer ago than this is history (a back-fill, or a machine that slept): it never alerts."""

CALM_HOURS = 6
"""So many calm hours in a row close an incident."""

GIVEN_UP_AFTER = timedelta(days=3)
"""Without a further spike for this long an incident closes, though not every hour could be judged."""

_QUIET = frozenset({SpikeState.CALM, SpikeState.LEARNING})


@dataclass(frozen=True, slots=True)
class Withheld:
    """A spike that opened nothing, and why, in one sentence."""

    hour: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of newly decided hours: ids of the incidents touched, and the spikes that alerted nobody."""

    opened: tuple[int, ...] = ()
    extended: tuple[int, ...] = ()
    closed: tuple[int, ...] = ()
    withheld: tuple[Withheld, ...] = ()


@dataclass(slots=True)
class _Open:
    id: int
    last_hour: datetime


def judge(
    store: Store, reader: Reader, watch: Watch, fresh: Sequence[Decision], *, clock: datetime,
    gate: Callable[[Decision], str] = lambda _decision: "", running: Sequence[Decision] = (),
) -> Verdict:  # fmt: skip
    """Walk through the newly decided hours, oldest first, and open, extend or close the incident of `watch`.

    A spike opens one (or extends the open one) unless it is withheld: see `why_not`. Six calm hours in a row after
    its last spike close it. `gate` may name one more reason why a spike opens nothing. `store.open_incident` has the
    last word on cool-down. Calling it again with the same hours changes nothing. `running` are spikes of hours that
    are not closed: one opens an incident at once, told as provisional; none extends or closes any.
    """
    now = watch.now(clock)
    current = _open_incident(reader, watch)
    quiet = _quiet_hours(reader, watch, fresh, since=current.last_hour if current else now, until=now)
    collected = collected_until(reader, watch)
    opened, extended, closed, withheld = [], [], [], []
    for decision in sorted(fresh, key=lambda d: d.hour):
        if decision.state is not SpikeState.SPIKE:
            if current and _calm_since(current, decision.hour, quiet):
                store.close_incident(current.id, now=now, reason=f"calm for {CALM_HOURS} hours")
                closed.append(current.id)
                current = None
            continue
        reason = why_not(decision, watch, now=now, collected_until=collected)
        if reason:
            withheld.append(Withheld(decision.hour, reason))
        elif current:
            if decision.hour > current.last_hour:
                store.extend_incident(current.id, spike_of(watch, decision), now=now)
                extended.append(current.id)
                current.last_hour = decision.hour
        else:
            number, reason = _opened(store, watch, decision, now, gate(decision))
            if number is None:
                withheld.append(Withheld(decision.hour, reason))
            else:
                opened.append(number)
                current = _Open(number, decision.hour)
    for decision in running if current is None else ():
        number, reason = _opened(store, watch, decision, now, gate(decision))
        if number is None:
            withheld.append(Withheld(decision.hour, reason))
        else:
            opened.append(number)
            current = _Open(number, decision.hour)
            break
    if current and now - current.last_hour > GIVEN_UP_AFTER:
        store.close_incident(current.id, now=now, reason="no spike for three days, though not every hour was judged")
        closed.append(current.id)
    return Verdict(tuple(opened), tuple(dict.fromkeys(extended)), tuple(closed), tuple(withheld))


def _opened(store: Store, watch: Watch, decision: Decision, now: datetime, gate: str) -> tuple[int | None, str]:
    """The number of the incident that this spike has opened, or None and why it opened none."""
    if gate:
        return None, gate
    rules = watch.alerts
    number = store.open_incident(
        spike_of(watch, decision), rules.channels, now=now, cool_down=rules.cool_down, group=watch.group
    )
    return number, "" if number is not None else f"cool-down: alerted within {_span(rules.cool_down)}"


def why_not(decision: Decision, watch: Watch, *, now: datetime, collected_until: datetime | None) -> str:
    """Why this spike may alert nobody, in one sentence; "" when it may.

    `collected_until` is the newest time up to which a source of the watch was collected, None where no run tells.
    Hours whose data are pending, stale or missing never have the state `spike` in the first place.
    """
    end = decision.hour + HOUR
    closes = end + max((rule.lateness for rule in watch.sources), default=timedelta())
    if end > now:
        return "the hour is not over"
    if now - closes > TOO_LATE:
        return f"it closed {_span(now - closes)} ago: history is shown, not alerted"
    if collected_until is not None and collected_until < end:
        return "stale: no source was collected until the end of that hour"
    return ""


def spike_of(watch: Watch, decision: Decision) -> Spike:
    """The decision as the spike that an incident holds."""
    return Spike(
        watch.name, decision.hour, decision.negative, decision.relevant, decision.share, decision.expected,
        decision.calibrated, decision.model, decision.sentence,
    )  # fmt: skip


def collected_until(reader: Reader, watch: Watch) -> datetime | None:
    # Imported files claim any time: only the sources that the watch itself asks say whether it is up to date.
    asked = {rule.name for rule in watch.sources}
    return max((t for source, t in reader.collected_until(watch.collected_as).items() if source in asked), default=None)


def _open_incident(reader: Reader, watch: Watch) -> _Open | None:
    incidents = reader.incidents(watch.name)
    rows = incidents[incidents["closed_at"].isna()]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return _Open(int(row["id"]), row["last_hour"].to_pydatetime())


def _quiet_hours(
    reader: Reader, watch: Watch, fresh: Iterable[Decision], *, since: datetime, until: datetime
) -> set[datetime]:
    stored = reader.decisions(watch.name, since=since - CALM_HOURS * HOUR, until=until)
    quiet = {
        hour.to_pydatetime() for hour, state in zip(stored["hour"], stored["state"], strict=True) if state in _QUIET
    }
    return quiet | {d.hour for d in fresh if d.state in _QUIET}


def _calm_since(current: _Open, hour: datetime, quiet: set[datetime]) -> bool:
    hours = [hour - n * HOUR for n in range(CALM_HOURS)]
    return hours[-1] > current.last_hour and quiet.issuperset(hours)


def _span(span: timedelta) -> str:
    hours = span / HOUR
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
