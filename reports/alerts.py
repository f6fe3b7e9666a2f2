"""The incidents of a watch as rows: what was decided, what was said, and what became of the messages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.shares import wilson
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader


def alerts(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """Incidents opened in [since, until) and by the watch's present, latest first.

    The columns of `Reader.incidents` without `watch`; then low and high, the 95 % interval of the share as decided,
    messages_sent and messages_failed. A replay's present is that of the hour that is told, not of its telling.
    """
    rows = reader.incidents(watch.name).drop(columns="watch")
    keep = rows["hour"] < watch.now(clock)
    if since is not None:
        keep &= rows["hour"] >= since
    if until is not None:
        keep &= rows["hour"] < until
    rows = rows[keep].reset_index(drop=True)
    low, high = wilson(rows["negative"].to_numpy(float), rows["relevant"].to_numpy(float))
    sent = reader.deliveries()
    counts = {state: sent[sent["state"] == state].groupby("incident").size() for state in ("sent", "failed")}
    return rows.assign(
        low=np.asarray(low),
        high=np.asarray(high),
        **{
            f"messages_{state}": rows["id"].map(found).fillna(0).astype("int64") for state, found in counts.items()
        },
    )  # fmt: skip
