"""Themes: what people say in a window, what is new in it, and what they demand."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, go, link_to, pick
from dashboard.data import Reports
from dashboard.downloads import chart_download, themes_download
from dashboard.state import ALL, DEFAULT_SPAN, SPANS, State
from dashboard.trust import glossary, trust
from dashboard.window import SPAN_NAMES, asked_window
from reports.themes import DemandCount, Theme, ThemesReport
from reports.wording import count, interval, moment, percent, points

_FIGURES = ("theme_share", "theme_new", "demand", "people", "negative_share")
_MOST = 12


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the themes of the window, once they are asked for: reading every text takes seconds."""
    since, until = asked_window(state, watch, reports.clock)
    if not state.read:
        st.html(cards.headline("Themes: what people say"))
        _window(watch, state, since, until)
        st.text("Every relevant text of the window is read and grouped by meaning. This takes some seconds.")
        st.button("Read the themes", type="primary", on_click=lambda: go(state, read=True))
        return
    head = st.empty()
    head.html(cards.headline("Themes: what people say"))
    with st.spinner("Reading every text of the window: some seconds"):
        found = reports.themes(watch, since, until)
    head.html(cards.headline(found.sentence))
    _window(watch, state, since, until)
    st.text(
        f"{count(found.texts)} different texts in {count(found.posts)} relevant posts by {count(found.people)} people; "
        f"{count(found.texts_before)} texts in the window before."
    )
    if found.themes:
        places = st.columns(2, gap="small")
        for number, theme in enumerate(found.themes[:_MOST]):
            with places[number % 2]:
                _theme(theme, state, pages, watch)
        _rest(found)
    _demands(found.demands)
    themes_download(reports, watch, found)
    if found.themes:
        chart_download(reports, watch, "themes", themes=found)
    glossary(_FIGURES)
    trust(reports, watch, since=since, until=until)


def _window(watch: Watch, state: State, since: datetime, until: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state.since or state.until:
            st.text(f"{moment(since, watch.zone)} to {moment(until, watch.zone)} ({watch.timezone})")
            st.button("Last 7 days instead", type="tertiary", on_click=lambda: go(state, since=None, until=None))
        else:
            pick(
                state if state.span else _usual(state), "span", [*SPANS, ALL], label="Window",
                names=lambda name: SPAN_NAMES[name], width=180,
            )  # fmt: skip


def _usual(state: State) -> State:
    from dataclasses import replace

    return replace(state, span=DEFAULT_SPAN)


def _theme(theme: Theme, state: State, pages: Pages, watch: Watch) -> None:
    with st.container(border=True):
        st.html(cards.bar_line(theme.name, theme.share, _numbers(theme), tag="New" if theme.new else ""))
        st.html(f'<p class="up-quiet">{cards.escape(_more(theme))}</p>')
        with st.expander("Examples"):
            st.html("".join(_example(e.source, e.created_at, e.url, e.text, watch) for e in theme.examples))
        word = theme.keywords[0]
        link_to(
            pages["posts"], state, cards.literal(f"Read posts with the word {word}"), icon=":material/forum:",
            search=word, read=False, hour=None,
        )  # fmt: skip


def _numbers(theme: Theme) -> str:
    return f"{percent(theme.share)} ({interval(theme.low, theme.high)}) of texts: {count(theme.texts)}"


def _more(theme: Theme) -> str:
    who = f"{count(theme.people)} people" if theme.people else "authors unknown"
    parts = [f"{who}, {count(theme.posts)} posts, {percent(theme.negative_share)} of them negative"]
    if theme.change is not None:
        change, low, high = theme.change
        sure = "" if low > 0 or high < 0 else ", could be no change"
        parts.append(f"{points(change)} ({low * 100:+.0f} to {high * 100:+.0f}{sure}) against the window before")
    parts.append(f"keywords: {', '.join(theme.keywords)}")
    return "; ".join(parts) + "."


def _example(source: str, at: datetime, url: str, text: str, watch: Watch) -> str:
    place = f"{cards.escape(source)}, {cards.escape(moment(at, watch.zone))}"
    original = cards.link(url, "Open the original") if cards.safe_address(url) else ""
    return (
        f'<article class="up-post"><header><span>{place}</span><span>{original}</span></header>'
        f'<p dir="auto">{cards.escape(text[: cards.LONGEST_TEXT])}</p></article>'
    )


def _rest(found: ThemesReport) -> None:
    parts = [f"{count(found.outside)} texts belong to no theme"]
    if len(found.themes) > _MOST:
        parts.append(f"{len(found.themes) - _MOST} smaller themes are in the download")
    if found.hidden:
        parts.append(f"{found.hidden} themes of fewer than five people are not shown")
    if found.skipped:
        parts.append(f"{count(found.skipped)} texts were too many to read")
    st.caption("; ".join(parts) + ".")


def _demands(demands: tuple[DemandCount, ...]) -> None:
    st.subheader("What they demand", anchor=False)
    shown = [d for d in demands if d.share is not None and d.low is not None and d.high is not None]
    if not shown:
        st.text("No demand is made by five people or more.")
        return
    lines = []
    for demand in shown:
        who = f"{count(demand.people)} people" if demand.people else f"{count(demand.texts or 0)} texts"
        before = f"; {count(demand.people_before)} the window before" if demand.people_before else ""
        share, low, high = demand.share or 0.0, demand.low or 0.0, demand.high or 0.0
        numbers = f"{who}, {percent(share)} ({interval(low, high)}) of texts{before}"
        lines.append(cards.bar_line(demand.label[:1].upper() + demand.label[1:], share, numbers))
    st.html("".join(lines))
    few = [d.label for d in demands if d.share is None]
    if few:
        st.caption(f"By fewer than five people, so not counted: {', '.join(few)}.")
