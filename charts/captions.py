"""What a chart says of itself when it leaves the screen: lines inside the picture, and a paragraph beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from charts.palette import LIGHT, Palette
from core.watches import Watch
from reports.measure import Share, word
from reports.wording import count, coverage_words, interval, moment, percent

WIDTH = 860
_LINE = 128
_LINE_HEIGHT = 15
_FONT = 11


@dataclass(frozen=True, slots=True)
class Caption:
    """The figures that a chart rests on. `coverage` has the state of each source by name.

    `corrected` is the sentence of the share corrected by labels, `filters` names what narrows the posts.
    """

    share: Share
    posts: int
    since: datetime
    until: datetime
    as_of: datetime
    coverage: Mapping[str, str]
    model: str
    id: str
    corrected: str = ""
    filters: str = ""

    def lines(self, watch: Watch) -> list[str]:
        """What stands under the picture: n, interval, coverage, as-of time, zone, model, id and notice."""
        zone = watch.zone
        found = [
            f"{moment(self.since, zone)} to {moment(self.until, zone)} ({watch.timezone}). "
            f"{_share(self.share, watch)}; n = {count(self.posts)} posts in all.",
            f"Coverage: {_coverage(self.coverage)}. As of {moment(self.as_of, zone)} ({watch.timezone}). "
            f"Model: {self.model or 'none yet'}. {self.id}",
        ]
        if self.corrected:
            found.insert(1, self.corrected)
        if self.filters:
            found.insert(0, f"Only {self.filters}.")
        return [f"Note: {watch.notice}", *found] if watch.notice else found


def counted(caption: Caption, watch: Watch, what: str) -> str:
    """How a chart was counted: a paragraph fit to print."""
    kind = "negative in sentiment" if watch.measure == "negative" else f"against {watch.platform}"
    terms = textwrap.shorten(" ".join(watch.expression.split()), 240, placeholder=" …")
    parts = [
        f"How this was counted. {what} All posts that matched the watch “{watch.title}” (terms: {terms}) "
        f"between {moment(caption.since, watch.zone)} and {moment(caption.until, watch.zone)}, {watch.timezone}: "
        f"{count(caption.posts)} posts{f', only {caption.filters}' if caption.filters else ''}.",
        f"A classifier ({caption.model or 'none yet'}) read those in {', '.join(watch.languages)} and judged which "
        f"are about a change of terms; of these {count(caption.share.relevant)} relevant posts "
        f"{count(caption.share.negative)} are {kind}.",
        "Intervals are 95 % Wilson intervals: they show what chance allows with so many posts, not errors of the "
        "classifier and not who never posts.",
        f"Coverage of the sources: {_coverage(caption.coverage)}; hours that were not collected in full are marked "
        "and never read as calm.",
        f"As of {moment(caption.as_of, watch.zone)} ({watch.timezone}). Figure {caption.id}.",
    ]
    if caption.corrected:
        parts.insert(2, caption.corrected)
    if watch.notice:
        parts.append(f"Note: {watch.notice.rstrip('.')}.")
    return " ".join(parts)


def with_caption(chart: alt.Chart | alt.LayerChart, lines: Sequence[str], colours: Palette = LIGHT) -> alt.VConcatChart:
    """`chart` at a fixed width with `lines` under it, as one picture on the palette's paper."""
    wrapped = [part for line in lines for part in textwrap.wrap(line, _LINE)]
    rows = pd.DataFrame({"line": range(len(wrapped)), "text": wrapped})
    foot = (
        alt.Chart(rows)
        .mark_text(align="left", baseline="top", fontSize=_FONT, color=colours.muted)
        .encode(
            x=alt.value(0),
            y=alt.Y("line:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0)),
            text="text:N",
        )
        .properties(width=WIDTH, height=_LINE_HEIGHT * max(len(wrapped), 1))
    )
    main = chart.copy()
    main.width, main.autosize = WIDTH, alt.Undefined
    axis: dict[str, Any] = {"labelColor": colours.muted, "titleColor": colours.muted, "domainColor": colours.muted,
                            "gridColor": colours.all_posts,
                            "tickColor": colours.muted}  # fmt: skip
    both = alt.vconcat(main, foot, spacing=18, background=colours.paper, padding=16)
    both = both.resolve_legend(color="independent")  # else it would stand under the caption
    return both.configure_view(stroke=None).configure_axis(**axis).configure_legend(labelColor=colours.muted)


def _share(share: Share, watch: Watch) -> str:
    if not share.relevant:
        return "No relevant posts, so no share"
    bounds = interval(share.low, share.high)
    of = f"n = {count(share.relevant)} relevant posts"
    return f"{percent(share.share)} (95 % interval {bounds}) of {of} are {word(watch)}"


def _coverage(states: Mapping[str, str]) -> str:
    if not states:
        return "no source was asked"
    return ", ".join(f"{source} {coverage_words(state)}" for source, state in states.items())
