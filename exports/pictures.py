"""Charts as files: PNG and SVG, with what they rest on inside the picture and how they were counted beside it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import altair as alt

from charts.captions import Caption, counted, with_caption
from charts.palette import LIGHT, Palette
from charts.reaction import share_chart, topics_chart, volume_chart
from core.errors import ConfigError
from core.watches import Watch
from exports.atomic import write_atomic, write_file
from exports.files import Log, keep
from exports.stamp import Stamp, about, as_json, new_stamp, sidecar_path
from reports.announcements import announcements
from reports.comparable import breaks
from reports.coverage import coverage
from reports.measure import Share
from reports.shown import figures
from reports.timeline import timeline
from reports.topics import topic_rows, window_share
from reports.window import Window, clamp

if TYPE_CHECKING:
    from store import Reader

Suffix = Literal["png", "svg"]
HOURS = timedelta(days=14)
"""Longer windows are drawn by day unless hours are asked for."""
KINDS = ("timeline", "share", "topics")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that can leave: its specification with caption, and the paragraph on how it was counted."""

    kind: str
    stamp: Stamp
    window: Window
    chart: alt.VConcatChart
    counted: str

    def data(self, suffix: Suffix, *, scale: float = 2.0) -> bytes:
        """The picture as PNG (at `scale` pixels a unit) or SVG. Drawn without a browser and without a network."""
        sink = io.BytesIO() if suffix == "png" else io.StringIO()
        self.chart.save(sink, format=suffix, **({"scale_factor": scale} if suffix == "png" else {}))
        found = sink.getvalue()
        return found.encode() if isinstance(found, str) else found


def picture(
    reader: Reader, watch: Watch, kind: str, *, clock: datetime, since: datetime | None = None,
    until: datetime | None = None, by: str = "", colours: Palette = LIGHT, stamp: Stamp | None = None,
) -> Picture:  # fmt: skip
    """The chart `kind` ("timeline", "share" or "topics") of [since, until), by default all of the watch's time.

    Raises ConfigError for another kind, and for more than 5,000 rows.
    """
    if kind not in KINDS:
        raise ConfigError(f"no chart is called {kind!r}. Known: {', '.join(KINDS)}")
    stamp = stamp or new_stamp(reader, watch, clock=clock, kind="c")
    window = clamp(watch, clock=clock, since=since, until=until)
    by = by or ("hour" if window.until - window.since <= HOURS else "day")
    share, posts = window_share(reader, watch, window, clock=clock)
    drawn, what = _draw(reader, watch, kind, window, by, colours, clock=clock)
    caption = _caption(reader, watch, window, share, posts, stamp)
    chart = with_caption(drawn, caption.lines(watch), colours)
    return Picture(kind, stamp, window, chart, counted(caption, watch, what))


def export_picture(
    reader: Reader, found: Picture, path: Path, *, log: Log | None = None, who: str = "", scale: float = 2.0
) -> None:
    """Write the picture to `path` (.png or .svg), and what it is to `<path>.meta.json`; both only when complete.

    Raises ConfigError for another suffix, UproarError naming the path when it cannot be written.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in ("png", "svg"):
        raise ConfigError(f"{path}: end the name in .png or .svg")
    data = found.data("png" if suffix == "png" else "svg", scale=scale)
    span = {"since": found.window.since, "until": found.window.until}

    def publish(_: str) -> None:
        if log is not None:
            keep_picture(reader, found, data, str(path.absolute()), log, who)

    digest = write_file(path, as_fill(data), publish=publish)
    document = {"file": path.name, "sha256": digest, "counted": found.counted,
                **about(reader, found.stamp, f"chart: {found.kind}", span)}  # fmt: skip
    write_atomic(sidecar_path(path), [as_json(document)])


def keep_picture(reader: Reader, found: Picture, data: bytes, place: str, log: Log, who: str) -> None:
    """Log a picture that leaves for `place`, and keep the figures under its id."""
    stamp, digest = found.stamp, hashlib.sha256(data).hexdigest()
    shown = figures(
        reader, stamp.watch, clock=stamp.clock, since=found.window.since, until=found.window.until
    )  # fmt: skip
    keep(stamp, f"chart: {found.kind}", shown, log)
    log.log_export(stamp.watch.name, "chart", place, 0, {"sha256": digest}, (), stamp.clock, mark=stamp.id, who=who)


def as_fill(data: bytes) -> Callable[[BinaryIO], None]:
    """What writes `data` to a file (`exports.atomic.write_file`)."""

    def fill(sink: BinaryIO) -> None:
        sink.write(data)

    return fill


def _draw(
    reader: Reader, watch: Watch, kind: str, window: Window, by: str, colours: Palette, *, clock: datetime
) -> tuple[alt.LayerChart, str]:
    if kind == "topics":
        frame = topic_rows(reader, watch, window, clock=clock)
        return topics_chart(frame, colours=colours, measure=watch.measure), (
            "Bars are shares of the relevant posts by topic; a post may have several."
        )
    frame = timeline(reader, watch, clock=clock, since=window.since, until=window.until, by=by)
    asked: dict[str, Any] = {
        "by": by, "zone": watch.zone, "announcements": announcements(reader, watch, clock=clock), "colours": colours,
        "measure": watch.measure,
    }  # fmt: skip
    try:
        if kind == "share":
            return share_chart(frame, **asked), f"Points are shares per {by}, the band their interval."
        title = f"{watch.title}: posts per {by}"
        broken = [(b.at, b.reason) for b in breaks(reader, watch, window, clock=clock)]
        return volume_chart(
            frame, **asked, click=False, title=title, breaks=broken
        ), f"Bars are posts per {by} in {watch.timezone}."
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _caption(reader: Reader, watch: Watch, window: Window, share: Share, posts: int, stamp: Stamp) -> Caption:
    found = coverage(reader, watch, clock=stamp.clock, since=window.since, until=window.until)
    states = dict(zip(found["source"].tolist(), found["state"].tolist(), strict=True))
    return Caption(share, posts, window.since, window.until, watch.now(stamp.clock), states, stamp.model, stamp.id)
