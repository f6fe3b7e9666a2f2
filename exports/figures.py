"""Figures as rows: the frames of `reports`, stamped, so that file and screen show the same numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
    from reports.themes import ThemesReport
    from store import Reader

_REPORT = ("event", "announcements", "start", "end", "read_until", "step", "sample")
_READING = (
    "response", "effect", "low", "high", "actual", "expected", "p", "placebo_dates", "placebos_as_large",
    "posts_before", "posts_after", "half_life_hours", "refusal", "due", "sentence",
)  # fmt: skip
_THEME = ("name", "texts", "posts", "people", "share", "low", "high", "share_before", "new", "negative_share",
          "sentence")  # fmt: skip
_CHANGE = ("change", "change_low", "change_high")


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


def effects_table(
    reader: Reader, watch: Watch, *, clock: datetime, announcement: str | None = None, others: Sequence[Watch] = ()
) -> Table:
    """One row per event and figure, refusals included; arguments as of `reports.effect.effects`."""
    from reports.effect import effects

    found = effects(reader, watch, clock=clock, announcement=announcement, others=others)
    rows = [
        {
            **{name: getattr(report, name) for name in ("start", "end", "read_until", "step", "sample")},
            "event": report.name,
            "announcements": ";".join(event.id for event in report.announcements),
            **{name: getattr(reading, name) for name in _READING},
            "scale": reading.scale.value,
            "controls": ";".join(reading.controls),
        }
        for report in found
        for reading in report.readings
    ]
    names = [*_REPORT, *_READING, "scale", "controls"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    return figures_table(reader, watch, "effects", frame, {"announcement": announcement}, clock=clock)


def themes_table(reader: Reader, watch: Watch, found: ThemesReport, *, clock: datetime) -> Table:
    """One row per theme, then per demand. No text of a post is in it, and no group of fewer than five people."""
    rows: list[dict[str, Any]] = [
        {
            **{name: getattr(theme, name) for name in _THEME},
            "kind": "theme",
            "keywords": ";".join(theme.keywords),
            **dict(zip(_CHANGE, theme.change or (None,) * 3, strict=True)),
        }
        for theme in found.themes
    ]
    rows += [
        {"kind": "demand", "name": demand.label,
         **{name: getattr(demand, name) for name in ("texts", "people", "share", "low", "high", "sentence")}}
        for demand in found.demands
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["kind", "keywords", *_CHANGE, *_THEME], dtype=object)
    asked = {"since": found.window.since, "until": found.window.until}
    return figures_table(reader, watch, "themes", frame.assign(model=found.model), asked, clock=clock)


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
