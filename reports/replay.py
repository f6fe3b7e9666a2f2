"""What a watch's alerts would have been over its history, at each sensitivity."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from core.records import HOUR, SpikeState
from core.watches import Watch
from reports.spikes import judged, past_hours
from reports.window import clamp

if TYPE_CHECKING:
    from store import Reader

SENSITIVITIES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""False alarms per 30 days."""


def replay(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """One row per alert, by sensitivity, then hour: false_alarms, hour, negative, relevant, calibrated, sentence.

    As if the rule of today had run then on what is collected now; decisions that were kept are not looked at. A spike
    within the watch's cool-down after an alert is no alert of its own.
    """
    window = clamp(watch, clock=clock, since=since, until=until)
    hours = past_hours(reader, watch, window, clock=clock)
    found = []
    for rate in SENSITIVITIES:
        states = judged(replace(watch, alerts=replace(watch.alerts, false_alarms=rate)), hours, clock=clock)
        spikes = states[(states["state"] == SpikeState.SPIKE.value) & (states["hour"] >= window.since)]
        first = spikes[_alerts(spikes["hour"], max(watch.alerts.cool_down, HOUR))]
        found.append(first.assign(false_alarms=rate))
    columns = ["false_alarms", "hour", "negative", "relevant", "calibrated", "sentence"]
    return pd.concat(found, ignore_index=True)[columns]


def _alerts(hours: pd.Series[pd.Timestamp], cool_down: timedelta) -> pd.Series[bool]:
    taken: list[bool] = []
    last = None
    for hour in hours:
        taken.append(last is None or hour - last >= cool_down)
        last = hour if taken[-1] else last
    return pd.Series(taken, index=hours.index, dtype=bool)
