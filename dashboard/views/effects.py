"""Effects: a card per announcement with what came after it, how sure that is, and why some of it cannot be said."""

from __future__ import annotations

import streamlit as st

from charts.effects import effect_chart
from charts.palette import palette
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.downloads import chart_download, effects_download
from dashboard.state import State
from dashboard.trust import glossary, trust
from reports.chart_rows import share_rows
from reports.effect import EffectReport
from reports.effect_reading import EffectReading, Scale
from reports.wording import count, moment

METHOD = (
    "Each figure is modelled on the time before the event (an interrupted time series), and what came after is set "
    "against what was to be expected. The same is done at dates on which nothing happened (placebo dates): an effect "
    "that many of them match is nothing to rely on. Where other watches may serve as controls, they are named."
)
CAVEATS = (
    "This says what came after, not why: other things happen on the same days. Events close to each other are read "
    "together. A reaction that is past its peak falls by itself. Hours within the dates' uncertainty are left out."
)
_LEADING = ("volume", "negative share")
"""Told in sentences; the other figures stand in the chart, and in words one click away."""
_FIGURES = ("effect", "expected_level", "placebo_dates", "negative_share", "volume", "half_life_hours")


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw a card per announcement or cluster, the latest first."""
    st.html(cards.headline("Effects of what was announced"))
    with st.spinner("Reading what came after each announcement"):
        found = reports.effects(watch)
    if not found:
        st.text("Nothing is on record yet, so there is no effect to read. Add an announcement with:")
        st.code(f'uproar announce {watch.name} --kind statement --at 2025-05-09 --title "..."', language=None)
        return
    for report in reversed(found):
        _card(report, watch, state, pages)
    effects_download(reports, watch)
    if not share_rows(found).empty:
        chart_download(reports, watch, "effects")
    glossary(_FIGURES)
    trust(reports, watch)


def _card(report: EffectReport, watch: Watch, state: State, pages: Pages) -> None:
    with st.container(border=True):
        st.subheader(cards.literal(_title(report)), anchor=False)
        read = [r for r in report.readings if not r.refusal]
        if not read:
            st.text(report.sentence)
            if len({r.refusal for r in report.readings}) > 1:
                _refusals(report)
            return
        st.html(cards.sentence_list([r.sentence for r in read if r.response in _LEADING]))
        shares = share_rows([report])
        if not shares.empty:
            chart = effect_chart(shares, notice=watch.notice, colours=palette(st.context.theme.type))
            st.altair_chart(chart, width="stretch", alt="Change of each share in points with its interval")
        link_to(
            pages["timeline"], state, "See it on the timeline", icon=":material/timeline:", span="", hour=None,
            since=report.start - (report.read_until - report.start), until=report.read_until,
        )  # fmt: skip
        with st.expander("Method, caveats and every figure"):
            st.text(METHOD)
            st.text(CAVEATS)
            if report.sample:
                st.text("The posts were imported, a sample: their number may follow how they were drawn.")
            st.text(f"Read by {report.step}, up to {moment(report.read_until, watch.zone)} ({watch.timezone}).")
            st.html(cards.fact_list([(r.response[:1].upper() + r.response[1:], _detail(r)) for r in read]))
            _refusals(report)


def _title(report: EffectReport) -> str:
    return report.name[:1].upper() + report.name[1:]


def _detail(reading: EffectReading) -> str:
    parts = [reading.sentence, f"{reading.steps_before} steps before and {reading.steps_after} after"]
    if reading.posts_before is not None and reading.posts_after is not None:
        parts.append(f"n = {count(reading.posts_before)} posts before, {count(reading.posts_after)} after")
    if reading.placebo_dates:
        parts.append(f"{reading.placebos_as_large} of {reading.placebo_dates} placebo dates moved as much")
    if reading.p is None and reading.p_reason:
        parts.append(f"no p: {reading.p_reason}")
    if reading.controls:
        parts.append(f"controls: {', '.join(reading.controls)}")
    if reading.over_range:
        low, high = reading.over_range
        told = (
            f"{low * 100:+.0f} to {high * 100:+.0f} points"
            if reading.scale is Scale.POINTS
            else f"{low:.2g} to {high:.2g} times"
        )
        parts.append(f"over all moments that the date allows: {told}")
    return f"{parts[0]} {'; '.join(parts[1:])}."


def _refusals(report: EffectReport) -> None:
    """Why a figure cannot be given, each reason once."""
    reasons: dict[str, list[str]] = {}
    for reading in report.readings:
        if reading.refusal:
            due = f" A first reading is due {reading.due:%d %B %Y, %H:%M} UTC." if reading.due else ""
            reasons.setdefault(f"{reading.refusal}.{due}", []).append(reading.response)
    if reasons:
        st.html(cards.fact_list([("Not given", f"{', '.join(names)}: {why}") for why, names in reasons.items()]))
