"""Charts as files: PNG and SVG, with what they rest on inside the picture and how they were counted beside it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import altair as alt

from charts.captions import Caption, counted, with_caption
from charts.effects import effect_chart
from charts.palette import LIGHT, Palette
from charts.reaction import share_chart, topics_chart, volume_chart
from charts.themes import themes_chart
from core.errors import ConfigError
from core.watches import Watch
from exports.atomic import write_atomic, write_file
from exports.files import Log, keep
from exports.stamp import Stamp, about, as_json, new_stamp, sidecar_path
from reports.announcements import announcements
from reports.change_points import change_points
from reports.chart_rows import share_rows, theme_rows
from reports.comparable import breaks
from reports.correction import correction
from reports.coverage import coverage
from reports.effect import effects
from reports.measure import Share
from reports.shown import figures
from reports.timeline import timeline
from reports.topics import topic_rows, window_share
from reports.window import Window, clamp
from reports.wording import count
from reports.words import joined, topic_name

if TYPE_CHECKING:
    from reports.themes import ThemesReport
    from store import Reader

Suffix = Literal["png", "svg"]
HOURS = timedelta(days=14)
"""Longer windows are drawn by day unless hours are asked for."""
KINDS = ("timeline", "share", "topics", "effects", "themes")
MOST_EVENTS = 4
"""The latest events on one picture of effects."""


class NothingToDraw(ConfigError):
    """There is no theme, or no effect on a share, of which a chart could be made."""


@dataclass(frozen=True, slots=True)
class Only:
    """What narrows the posts of a chart; empty fields do not."""

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topic: str = "all"

    def asked(self) -> dict[str, Any]:
        """The filters as reports take them."""
        return {"sources": self.sources, "languages": self.languages, "topic": self.topic}

    def words(self) -> str:
        """The filters in words, "" without any."""
        named = [(self.sources, "posts from "), (self.languages, "posts in ")]
        parts = [before + joined(names) for names, before in named if names]
        if self.topic not in ("", "all"):
            parts.append(f"relevant posts about {topic_name(self.topic)}")
        return joined(parts)


EVERYTHING = Only()


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
    until: datetime | None = None, by: str = "", only: Only = EVERYTHING, colours: Palette = LIGHT,
    stamp: Stamp | None = None, others: Sequence[Watch] = (), themes: ThemesReport | None = None,
) -> Picture:  # fmt: skip
    """The chart `kind` (one of `KINDS`) of [since, until), by default all of the watch's time, of the posts of `only`.

    "effects" takes `others` as controls, "themes" draws the reading `themes` with its window; neither knows filters.
    Raises ConfigError for another kind and for more than 5,000 rows, NothingToDraw without a theme or an effect.
    """
    if kind not in KINDS:
        raise ConfigError(f"no chart is called {kind!r}. Known: {', '.join(KINDS)}")
    if kind == "themes":
        if themes is None:
            raise NothingToDraw("themes were not read")
        since, until = themes.window.since, themes.window.until
    if kind in ("effects", "themes"):
        only = EVERYTHING
    stamp = stamp or new_stamp(reader, watch, clock=clock, kind="c")
    window = clamp(watch, clock=clock, since=since, until=until)
    by = by or ("hour" if window.until - window.since <= HOURS else "day")
    share, posts = window_share(reader, watch, window, clock=clock, **only.asked())
    if kind == "effects":
        drawn, what = _effects(reader, watch, colours, clock=clock, others=others)
    elif kind == "themes" and themes is not None:
        drawn, what = _themes(themes, colours)
    else:
        drawn, what = _draw(reader, watch, kind, window, by, only, colours, clock=clock)
    caption = _caption(reader, watch, window, share, posts, stamp, only)
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
    reader: Reader, watch: Watch, kind: str, window: Window, by: str, only: Only, colours: Palette, *, clock: datetime
) -> tuple[alt.LayerChart, str]:
    if kind == "topics":
        frame = topic_rows(reader, watch, window, clock=clock, sources=only.sources, languages=only.languages)
        return topics_chart(frame, colours=colours, measure=watch.measure), (
            "Bars are shares of the relevant posts by topic; a post may have several."
        )
    frame = timeline(reader, watch, clock=clock, since=window.since, until=window.until, by=by, **only.asked())
    broken = breaks(reader, watch, window, clock=clock)
    changes = change_points(frame, watch, breaks=broken)
    asked: dict[str, Any] = {
        "by": by, "zone": watch.zone, "announcements": announcements(reader, watch, clock=clock), "colours": colours,
        "measure": watch.measure,
        "changes": [(c.at, c.sentence) for c in changes if c.of == ("share" if kind == "share" else "volume")],
    }  # fmt: skip
    told = "".join(f" {change.sentence}" for change in changes)
    try:
        if kind == "share":
            return share_chart(frame, **asked), f"Points are shares per {by}, the band their interval.{told}"
        title = f"{watch.title}: posts per {by}"
        asked["breaks"] = [(b.at, b.reason) for b in broken]
        return volume_chart(frame, **asked, click=False, title=title), (
            f"Bars are posts per {by} in {watch.timezone}.{told}"
        )
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _effects(
    reader: Reader, watch: Watch, colours: Palette, *, clock: datetime, others: Sequence[Watch]
) -> tuple[alt.LayerChart, str]:
    rows = share_rows(effects(reader, watch, clock=clock, others=others)[-MOST_EVENTS:])
    if rows.empty:
        raise NothingToDraw("no event of this watch has an effect on a share that could be drawn")
    return effect_chart(rows, colours=colours, wide=True), (
        "Marks are changes of shares after each event, in percentage points, against what the time before it let "
        "one expect; lines are 95 % intervals. What came after is not thereby the event's doing."
    )


def _themes(found: ThemesReport, colours: Palette) -> tuple[alt.LayerChart, str]:
    if not found.themes:
        raise NothingToDraw("no theme was found in this window, so there is none to draw")
    return themes_chart(theme_rows(found), colours=colours), (
        f"Bars are shares of the {count(found.texts)} different relevant texts by theme, grouped by meaning; lines are "
        "95 % intervals. Themes of fewer than five people are left out."
    )


def _caption(
    reader: Reader, watch: Watch, window: Window, share: Share, posts: int, stamp: Stamp, only: Only
) -> Caption:  # fmt: skip
    span = {"since": window.since, "until": window.until}
    found = coverage(reader, watch, clock=stamp.clock, **span)
    states = {
        source: state for source, state in zip(found["source"].tolist(), found["state"].tolist(), strict=True)
        if not only.sources or source in only.sources
    }  # fmt: skip
    # Labels are drawn from all posts, so that they say nothing of a part of them.
    corrected = "" if only != EVERYTHING else correction(reader, watch, clock=stamp.clock, **span).sentence
    return Caption(share, posts, window.since, window.until, watch.now(stamp.clock), states, stamp.model, stamp.id,
                   corrected, only.words())  # fmt: skip
