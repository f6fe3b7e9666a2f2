"""The timeline as CSV: the rows of `reports.timeline`, so that file and screen show the same figures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.watches import Watch
from exports.atomic import write_atomic
from exports.cells import Cell, safe, table
from exports.stamp import STAMP_COLUMNS, Exported, cell, coverage_rows, describe, sidecar_path, stamp_cells

if TYPE_CHECKING:
    import pandas as pd

    from store import Reader


def timeline_csv(
    reader: Reader, watch: Watch, *, clock: datetime, by: str = "hour", since: datetime | None = None,
    until: datetime | None = None,
) -> str:  # fmt: skip
    """The timeline as CSV text: one row per hour (UTC) or day (of the watch's zone), gaps included as rows.

    An empty `negative_share` means that nothing relevant was scored there, never a share of nought.
    """
    return "".join(table(*_table(reader, watch, _timeline(reader, watch, clock, by, since, until), clock, by)))


def export_timeline(
    reader: Reader, watch: Watch, path: Path, *, clock: datetime, by: str = "hour", since: datetime | None = None,
    until: datetime | None = None,
) -> Exported:  # fmt: skip
    """Write `timeline_csv` to `path`, and what it is to `<path>.meta.json`; both replaced only when complete.

    Raises UproarError naming the path when it cannot be written.
    """
    frame = _timeline(reader, watch, clock, by, since, until)
    found = coverage_rows(reader, watch, clock=clock, since=since, until=until)
    header, chunks = _table(reader, watch, frame, clock, by)
    digest = write_atomic(path, table(header, chunks))
    done = Exported(path, len(frame), digest, sidecar_path(path), {})
    meta = describe(
        watch, done, clock=clock, kind="timeline", model=reader.active_model() or "", columns=header,
        asked={"by": by, "since": since, "until": until}, coverage=found,
    )  # fmt: skip
    write_atomic(done.sidecar, [meta])
    return done


def _timeline(
    reader: Reader, watch: Watch, clock: datetime, by: str, since: datetime | None, until: datetime | None
) -> pd.DataFrame:
    from reports.timeline import timeline

    return timeline(reader, watch, clock=clock, by=by, since=since, until=until)


def _table(
    reader: Reader, watch: Watch, frame: pd.DataFrame, clock: datetime, by: str
) -> tuple[list[str], list[list[list[Cell]]]]:
    stamp = [safe(reader.active_model() or ""), *stamp_cells(watch, clock)]
    rows = [
        [*(_cell(name, value, watch, by) for name, value in zip(frame.columns, row, strict=True)), *stamp]
        for row in frame.itertuples(index=False, name=None)
    ]
    return [*map(str, frame.columns), "model", *STAMP_COLUMNS], [rows]


def _cell(name: str, value: object, watch: Watch, by: str) -> Cell:
    if name == "time" and by == "day" and isinstance(value, datetime):
        return value.astimezone(watch.zone).isoformat()  # a day begins at midnight where the watch is
    return cell(value)
