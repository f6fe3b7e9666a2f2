"""A new watch: the form, what its terms would find among stored posts, and the file that it writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from collectors.registry import COLLECTORS, load_collector
from core.errors import ConfigError, UproarError
from core.settings import Settings, load_settings
from core.watch_file import BACK, new_watch, watch_text
from core.watches import NAME, Watch, read_watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.people import Role, demand
from dashboard.state import State
from reports.term_preview import Found, term_preview
from reports.wording import moment

_MEASURES = {"negative": "Negative in tone", "against": "Against the platform"}
_SOURCES = tuple(sorted(set(COLLECTORS) - {"files"}))
_USUAL = ("hackernews",)
_HELP = 'Words, "phrases", #hashtags, AND, OR, NOT, parentheses; a star for any ending: delet*'


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the form; the file is written by `core.watch_file`, as `uproar watch new` does."""
    demand(Role.ANALYST)
    st.html(cards.headline("New watch"))
    st.text("A watch follows one subject: whose terms it is about, which words to look for, and where.")
    with st.form("new_watch"):
        left, right = st.columns(2)
        title = left.text_input("Title", max_chars=120, placeholder="Acme: the AI clause")
        platform = right.text_input("Whose terms", max_chars=80, placeholder="Acme")
        terms = st.text_area("What to look for", max_chars=2_000, height=80,
                         placeholder='acme AND (terms OR "opt out" OR delet*)')  # fmt: skip
        st.caption(_HELP)
        sources = st.multiselect("Sources to ask", _SOURCES, default=_USUAL)
        left, middle, right = st.columns(3)
        zones = sorted(available_timezones())
        zone = left.selectbox("Time zone of your days", zones, index=zones.index(watch.timezone))
        since = middle.date_input("Collect from", value=reports.clock.date() - BACK, format="YYYY-MM-DD",
                                  max_value=reports.clock.date())  # fmt: skip
        measure = right.selectbox("Count as bad", list(_MEASURES), format_func=lambda name: _MEASURES[name])
        st.caption("The 60 days before today, where a source reaches back so far, are what tells a spike from the "
                   "usual. Later is cheaper, and learns the usual as it goes.")  # fmt: skip
        with st.container(horizontal=True):
            tried = st.form_submit_button("Show what it would match")
            made = st.form_submit_button("Make this watch", type="primary")
    if not (tried or made):
        return
    try:
        name = _free_name(title or platform, [w.name for w in reports.watches])
        text = watch_text(
            name, platform.strip(), " ".join(terms.split()), since=_midnight(since, zone), timezone=zone,
            sources=sources, title=title.strip(), measure=measure,
        )  # fmt: skip
        _complete(platform, terms, sources)
        settings = load_settings()
        folder = settings.home / "watches"
        found = read_watch(text, folder / f"{name}.toml")
        if made:
            demand(Role.ANALYST)
            new_watch(folder, name, text)
            _made(found, settings, state, pages)
        else:
            _tried(reports, found, settings)
    except UproarError as error:
        # Who fills in a form has not written the file that messages name.
        st.error(cards.literal(re.sub(r"^\S+\.toml: ", "", str(error))))


def _complete(platform: str, terms: str, sources: Sequence[str]) -> None:
    missing = [what for what, value in (("whose terms", platform.strip()), ("what to look for", terms.strip()),
                                        ("a source to ask", sources)) if not value]  # fmt: skip
    if missing:
        raise ConfigError(f"Please say {' and '.join(missing)}.")


def _free_name(title: str, taken: Sequence[str]) -> str:
    """The file's name, made from the title. Raises ConfigError where a watch has it or no letter is left."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
    if not NAME.fullmatch(name):
        raise ConfigError("Please give a title with letters or digits of the Latin alphabet: it names the file.")
    if name in taken:
        raise ConfigError(f"There is a watch called {name} already. Please choose another title.")
    return name


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _tried(reports: Reports, watch: Watch, settings: Settings) -> None:
    found = term_preview(reports.reader, watch.expression)
    st.subheader("What it would match", anchor=False)
    st.text(found.sentence)
    st.html(f'<div class="up-posts">{"".join(_sample(post, watch) for post in found.samples)}</div>')
    _needs(watch, settings)


def _sample(post: Found, watch: Watch) -> str:
    place = f"{cards.escape(post.source)}, {cards.escape(moment(post.created_at, watch.zone))}"
    text = cards.escape(post.text[: cards.LONGEST_TEXT])
    return f'<article class="up-post"><header><span>{place}</span></header><p dir="auto">{text}</p></article>'


def _made(watch: Watch, settings: Settings, state: State, pages: Pages) -> None:
    st.success(cards.literal(f"Made: {watch.title} ({watch.name})."))
    st.text("The service (uproar run) asks its sources at its next round. To collect the past at once:")
    st.code(f"uproar collect {watch.name}", language=None)
    _needs(watch, settings)
    link_to(pages["overview"], State(watch=watch.name), "Open it", icon=":material/dashboard:")


def _needs(watch: Watch, settings: Settings) -> None:
    """What each source still asks of whoever runs Uproar, and which cost money."""
    rows = []
    for rule in watch.sources:
        try:
            price = load_collector(rule.name, settings).price
        except ConfigError as error:
            rows.append((rule.name, f"Not ready: {error}"))
            continue
        rows.append((rule.name, f"Ready. About {price:g} US dollars a post." if price else "Ready. Costs nothing."))
    st.subheader("Its sources", anchor=False)
    st.html(cards.fact_list(rows))
