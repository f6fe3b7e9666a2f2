"""Topics that stand out: each is an incident of its own, kept quiet where the watch itself is in a spike."""

from __future__ import annotations

from datetime import datetime
from math import nan
from typing import TYPE_CHECKING

from alerts.rules import CALM_HOURS, collected_until, spike_of, why_not
from core.records import HOUR, Alarm, Decision
from core.watches import Watch

if TYPE_CHECKING:
    from analysis.topic_spikes import TopicSpike
    from reports.spikes import Found
    from store import Reader, Store

TOPIC = "topic_spike"


def tell_topics(store: Store, reader: Reader, watch: Watch, found: Found, *, now: datetime) -> tuple[int, ...]:
    """Open an incident for every topic beyond the record, extend it, and close it after six hours without.

    The same hours again change nothing. A child of an open spike is kept and told to nobody; hours that closed too
    long ago open nothing (see `alerts.rules.why_not`), hours not yet closed do, as provisional. Returns the numbers of
    those opened.
    """
    if watch.radar:  # the children of a radar share one rate, which topics would break
        return ()
    standing = _open(reader, watch)
    opened = []
    collected = collected_until(reader, watch)
    for decision in sorted((*found.closed, *found.running), key=lambda d: d.hour):
        late = decision in found.closed and why_not(decision, watch, now=now, collected_until=collected)
        for topic in found.topics.get(decision.hour, ()):
            if topic.topic in standing:
                number, last = standing[topic.topic]
                if decision.hour > last and decision in found.closed:
                    store.extend_incident(number, spike_of(watch, decision), now=now)
                    standing[topic.topic] = number, decision.hour
            elif not late:
                raised = store.raise_alarm(
                    _alarm(watch, decision, topic), watch.alerts.channels, now=now,
                    cool_down=watch.alerts.cool_down, group=watch.group, parent=_spike(reader, watch),
                )  # fmt: skip
                if raised is not None:
                    opened.append(raised)
                    standing[topic.topic] = raised, decision.hour
    for number, last in standing.values():
        if now - (last + HOUR) > CALM_HOURS * HOUR:
            store.close_incident(number, now=now, reason=f"not beyond the record for {CALM_HOURS} hours")
    return tuple(opened)


def _alarm(watch: Watch, decision: Decision, topic: TopicSpike) -> Alarm:
    share = topic.negative / decision.relevant if decision.relevant else nan
    return Alarm(
        watch.name, TOPIC, topic.topic, decision.hour, decision.sentence, topic.negative, decision.relevant, share,
        topic.expected, calibrated=True, model=decision.model,
    )  # fmt: skip


def _open(reader: Reader, watch: Watch) -> dict[str, tuple[int, datetime]]:
    rows = reader.incidents(watch.name, every_rule=True)
    rows = rows[rows["closed_at"].isna() & (rows["rule"] == TOPIC)]
    return {str(row["subject"]): (int(row["id"]), row["last_hour"].to_pydatetime()) for row in rows.to_dict("records")}


def _spike(reader: Reader, watch: Watch) -> int | None:
    rows = reader.incidents(watch.name)
    rows = rows[rows["closed_at"].isna()]
    return None if rows.empty else int(rows.iloc[0]["id"])
