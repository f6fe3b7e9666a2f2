"""What an announcement did: volume, negative share, stance and topics after it, against what was to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from analysis.decay import decay
from analysis.impact import Impact, Series, TooLittle, impact
from analysis.placebo import Design, Placebo, follows_peak, judge, peaks, placebos
from core.records import Announcement
from core.watches import Watch
from reports.announcements import announcements
from reports.clusters import Cluster, clusters, wanted
from reports.comparable import breaks
from reports.effect_reading import EffectReading, Scale, refused, told
from reports.figures import Figure, figure_names
from reports.measure import FEWEST
from reports.steps import Span, StepTable, choose_step, read_span, step_table, within_breaks
from reports.window import Window

if TYPE_CHECKING:
    from store import Reader

FEWEST_SHARE_BEFORE = 50
"""A share is read where at least so many posts carry it before the event, and 20 after it."""


@dataclass(frozen=True, slots=True)
class EffectReport:
    """The readings for one event, or for several that cannot be told apart.

    [start, end) is every moment the dates allow: its hours are left out. `read_until` is where the reading ends: at
    the next event, at its longest reach, or at the watch's present. `sentence` leads with the volume.
    """

    name: str
    announcements: tuple[Announcement, ...]
    start: datetime
    end: datetime
    read_until: datetime
    step: str
    sentence: str
    readings: tuple[EffectReading, ...]
    sample: bool


def effects(
    reader: Reader, watch: Watch, *, clock: datetime, announcement: str | None = None, others: Sequence[Watch] = ()
) -> tuple[EffectReport, ...]:
    """One report per event or cluster that has begun by the watch's present, by start.

    `announcement` is an id or a number (from 1); `others` are watches that may serve as controls (another platform,
    no event of its own near) and whose quiet dates are placebos too. Raises ConfigError for an unknown announcement.
    """
    known = announcements(reader, watch, clock=clock)
    all_ = clusters(known, present=watch.now(clock))
    found = []
    for cluster in wanted(all_, announcement, known):
        found.append(_report(reader, watch, cluster, all_, clock=clock, others=others))
    return tuple(found)


def _report(
    reader: Reader, watch: Watch, cluster: Cluster, all_: Sequence[Cluster], *, clock: datetime, others: Sequence[Watch]
) -> EffectReport:  # fmt: skip
    step = choose_step(reader, watch, cluster.start, clock=clock)
    following = min((c.start for c in all_ if c.start > cluster.start), default=None)
    table = step_table(reader, watch, step, clock=clock, around=cluster.start)
    span = read_span(table, cluster.start, cluster.end, following=following)
    if not isinstance(span, str):
        seen = Window(table.times[0], table.times[-1])
        span = within_breaks(table, span, breaks(reader, watch, seen, clock=clock))
    name = cluster.name(watch)
    readings = []
    if isinstance(span, str):
        due = table.due(cluster.start, cluster.end) if following is None else None
        due = due if due is not None and due > watch.now(clock) else None
        readings = [refused(figure, scale, step.name, span, due=due) for figure, scale in figure_names(watch)]
    else:
        blocked = _blocked(table, all_, span)
        controls = _controls(reader, table, span, others, clock=clock)
        abroad = _tables(reader, table, others, clock=clock, around=None)
        for figure, scale in figure_names(watch):
            readings.append(_reading(table.figure(figure), scale, table, span, blocked, name, controls, abroad, clock))
    return EffectReport(
        name=name,
        announcements=cluster.announcements,
        start=cluster.start,
        end=cluster.end,
        read_until=cluster.end if isinstance(span, str) else table.end_of(span.until - 1),
        step=step.name,
        sentence=readings[0].sentence + _caution(table),
        readings=tuple(readings),
        sample=table.sample,
    )


def _caution(table: StepTable) -> str:
    return " The posts were imported, a sample: their number may follow how they were drawn." if table.sample else ""


def _reading(
    figure: Figure, scale: Scale, table: StepTable, span: Span, blocked: np.ndarray, name: str,
    controls: dict[str, np.ndarray], abroad: Sequence[tuple[StepTable, Watch]], clock: datetime,
) -> EffectReading:  # fmt: skip
    counts = figure.posts(span)
    if scale is Scale.POINTS and (counts[0] < FEWEST_SHARE_BEFORE or counts[1] < FEWEST):
        reason = (
            f"it rests on {counts[0]} posts before and {counts[1]} after the event; {FEWEST_SHARE_BEFORE} and "
            f"{FEWEST} are needed"
        )
        return refused(figure.name, scale, table.step.name, reason)
    series = figure.series(table, controls if figure.name == "volume" else {}, kept=span.comparable)
    try:
        found = impact(series, slice(span.first, span.before), slice(span.after, span.until))
    except TooLittle as reason:
        return refused(figure.name, scale, table.step.name, str(reason))
    design = Design(
        span.before - span.first, table.step.fewest_before, span.after - span.before, span.until - span.after
    )
    after_peak = follows_peak(peaks(figure.values, design.after), span.after, design)
    compared = placebos(series, design, blocked, like=found)
    for other, watch in abroad:
        compared += _elsewhere(other, watch, figure.name, design, clock)
    faded = decay(figure.counts, span.before, smooth=table.step.smooth)
    return told(
        found, judge(found.score, compared, after_peak=after_peak), response=figure.name, scale=scale,
        step=table.step.name, event=name, posts=counts, over=_over(series, span, found),
        half_life_hours=faded.half_life * table.step.hours if faded and faded.half_life is not None else None,
    )  # fmt: skip


def _over(series: Series, span: Span, found: Impact) -> tuple[float, ...]:
    """The effect were the event at each of up to nine steps that its date allows, its own estimate among them."""
    if span.after - span.before < 2:
        return ()
    effects_ = [found.effect]
    for at in np.unique(np.linspace(span.before, span.after, min(9, span.after - span.before + 1)).astype(int)):
        try:
            before, after = slice(span.first, int(at)), slice(int(at), span.until)
            effects_.append(impact(series, before, after, season=found.season).effect)
        except TooLittle:
            continue
    return tuple(effects_)


def _blocked(table: StepTable, all_: Sequence[Cluster], span: Span) -> np.ndarray:
    """Steps in or soon after an event: no placebo touches them."""
    blocked = np.zeros(len(table), dtype=bool)
    for cluster in all_:
        first, last = table.place(cluster.start), table.place(cluster.end) + table.step.reach
        blocked[max(0, first) : max(0, last)] = True
    blocked[span.before : span.until] = True
    return blocked


def _tables(
    reader: Reader, table: StepTable, others: Sequence[Watch], *, clock: datetime, around: datetime | None
) -> list[tuple[StepTable, Watch]]:  # fmt: skip
    known = set(reader.watches())
    found = []
    for other in others:
        # Invented posts, which carry a notice, and real ones are never set against each other.
        if other.name != table.watch.name and other.name in known and other.notice == table.watch.notice:
            theirs = step_table(reader, other, table.step, clock=clock, around=around)
            if len(theirs):
                found.append((theirs, other))
    return found


def _elsewhere(table: StepTable, watch: Watch, name: str, design: Design, clock: datetime) -> list[Placebo]:
    """Placebos in another watch, away from its own announcements."""
    if name not in table.figures:
        return []
    figure = table.figure(name)
    own = clusters([a for a in watch.announcements if a.start <= watch.now(clock)], present=watch.now(clock))
    blocked = np.zeros(len(table), dtype=bool)
    for cluster in own:
        blocked[max(0, table.place(cluster.start)) : max(0, table.place(cluster.end) + table.step.reach)] = True
    return placebos(figure.series(table, {}), design, blocked)


def _controls(
    reader: Reader, table: StepTable, span: Span, others: Sequence[Watch], *, clock: datetime
) -> dict[str, np.ndarray]:
    """Volumes of other platforms' watches that were collected through the whole reading and had no event in it."""
    found = {}
    since, until = table.start_of(span.first), table.end_of(span.until - 1)
    for theirs, other in _tables(reader, table, others, clock=clock, around=since):
        eventful = any(a.start < until and a.end > since for a in other.announcements)
        if eventful or other.platform == table.watch.platform:
            continue
        values = theirs.aligned("volume", table)
        if np.isfinite(values[span.first : span.until]).mean() > 0.95:
            found[f"volume of {other.title}"] = values
    return found
