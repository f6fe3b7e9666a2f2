"""Figures as rows: the frames of `reports`, stamped, so that file and screen show the same numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from core.watches import Watch
from exports.columns import constant, frame_arrays, schema_of
from exports.dictionary import columns_of
from exports.files import Exported, Log, Table, Tally, export_table
from exports.formats import Format, csv_pieces
from exports.stamp import Stamp, about, new_stamp
from reports.shown import figures as shown_figures

if TYPE_CHECKING:
    from store import Reader


def timeline_table(
    reader: Reader, watch: Watch, *, clock: datetime, by: str = "hour", since: datetime | None = None,
    until: datetime | None = None, sources: Collection[str] = (), languages: Collection[str] = (), topic: str = "all",
) -> Table:  # fmt: skip
    """The timeline: one row per hour (UTC) or day (of the watch's zone), gaps included as rows.

    A missing `negative_share` means that nothing relevant was scored there, never a share of nought.
    """
    from reports.timeline import timeline

    asked = {"by": by, "since": since, "until": until, "sources": tuple(sources), "languages": tuple(languages),
             "topic": topic}  # fmt: skip
    frame = timeline(reader, watch, clock=clock, by=by, since=since, until=until, sources=sources,
                     languages=languages, topic=topic)  # fmt: skip
    return figures_table(reader, watch, "timeline", frame, asked, clock=clock,
                         zone=watch.timezone if by == "day" else "UTC")  # fmt: skip


def alerts_table(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> Table:
    """The incidents of `watch`, latest first, that were opened within [since, until)."""
    from reports.alerts import alerts

    frame = alerts(reader, watch, clock=clock, since=since, until=until)
    return figures_table(reader, watch, "alerts", frame, {"since": since, "until": until}, clock=clock)


def figures_table(
    reader: Reader, watch: Watch, kind: str, frame: pd.DataFrame, asked: Mapping[str, Any], *, clock: datetime,
    zone: str = "UTC",
) -> Table:  # fmt: skip
    """A frame of reports as the export `kind`: its columns by name, then the stamp. `zone` is that of `time`."""
    stamp = new_stamp(reader, watch, clock=clock)
    columns = tuple(replace(c, zone=zone) if c.name == "time" else c for c in columns_of(kind))

    def batches() -> Iterator[pa.RecordBatch]:
        yield _batch(frame, columns, stamp)

    span = {"since": asked.get("since"), "until": asked.get("until")}
    return Table(
        kind, stamp, columns, batches(), lambda: about(reader, stamp, kind, asked),
        lambda: shown_figures(reader, watch, clock=clock, **span), Tally(rows=len(frame)),
    )  # fmt: skip


def timeline_csv(reader: Reader, watch: Watch, **asked: Any) -> str:
    """The rows of `timeline_table` as CSV text."""
    table = timeline_table(reader, watch, **asked)
    return b"".join(csv_pieces(schema_of(table.columns), table.batches)).decode()


def export_timeline(
    reader: Reader, watch: Watch, path: Path, *, clock: datetime, format: Format | None = None,
    log: Log | None = None, who: str = "", **asked: Any,
) -> Exported:  # fmt: skip
    """Write `timeline_table` to `path` (`exports.files.export_table`)."""
    return export_table(
        timeline_table(reader, watch, clock=clock, **asked), path, format=format, log=log, who=who
    )  # fmt: skip


def _batch(frame: pd.DataFrame, columns: tuple[Any, ...], stamp: Stamp) -> pa.RecordBatch:
    stamped = {name: value for name, value in stamp.values().items() if name not in frame}
    own = [column for column in columns if column.name not in stamped]
    arrays = dict(zip([c.name for c in own], frame_arrays(frame, own), strict=True))
    for column in columns:
        if column.name in stamped:
            arrays[column.name] = constant(stamped[column.name], column, len(frame))
    return pa.record_batch([arrays[column.name] for column in columns], schema_of(columns))
