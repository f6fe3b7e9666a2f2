"""Export buttons. The files come from `exports`: formula-safe, stamped, logged, with the numbers of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from core.settings import load_settings
from core.watches import Watch
from dashboard.data import MOST_COUNTED, Reports
from dashboard.people import reader_name
from exports.brief import keep_brief, make_brief
from exports.figures import alerts_table, effects_table, themes_table, timeline_table
from exports.files import Log, Table, download
from exports.formats import Format
from exports.pictures import EVERYTHING, Only, keep_picture, picture
from exports.posts import posts_table
from reports.themes import ThemesReport
from reports.wording import count
from store import PostFilter, open_annotations

MOST_POSTS = 20_000
"""Beyond this a file is made on the command line, which streams it to disk instead of through a browser."""
FORMATS: Mapping[str, Format] = {
    "CSV": Format.CSV, "Excel": Format.XLSX, "Parquet": Format.PARQUET, "JSON lines": Format.JSONL,
}  # fmt: skip
_CHARTS = {"timeline": "Download the chart of posts", "share": "Download the chart of the share",
           "effects": "Download the chart of effects", "themes": "Download the chart of themes"}  # fmt: skip
_PICTURES = {"PNG": "image/png", "SVG": "image/svg+xml"}


def posts_download(reports: Reports, watch: Watch, found: PostFilter, total: int) -> None:
    """Buttons for the posts of `found`, made when one is pressed; a command line beyond `MOST_POSTS` or uncounted."""
    if total > MOST_POSTS or total == MOST_COUNTED + 1:
        st.text(f"More than {count(min(MOST_POSTS, total - 1))} posts: export them with")
        st.code(f"uproar export posts {watch.name} --out posts.csv", language=None)
        return
    _button(
        f"{watch.name}-posts",
        lambda log, who: posts_table(reports.reader, watch, clock=reports.clock, filter=found, log=log, who=who),
    )


def timeline_download(reports: Reports, watch: Watch, **asked: Any) -> None:
    """Buttons for the timeline: `asked` is what `exports.figures.timeline_table` takes."""
    _button(
        f"{watch.name}-timeline-by-{asked.get('by', 'hour')}",
        lambda log, who: timeline_table(reports.reader, watch, clock=reports.clock, **asked),
    )


def alerts_download(
    reports: Reports, watch: Watch, *, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Buttons for the incidents of a watch."""
    _button(
        f"{watch.name}-alerts",
        lambda log, who: alerts_table(reports.reader, watch, clock=reports.clock, since=since, until=until),
    )


def effects_download(reports: Reports, watch: Watch) -> None:
    """Buttons for what the announcements did, refusals included."""
    _button(
        f"{watch.name}-effects",
        lambda log, who: effects_table(reports.reader, watch, clock=reports.clock, others=reports.watches),
    )


def themes_download(reports: Reports, watch: Watch, found: ThemesReport) -> None:
    """Buttons for the themes that are shown."""
    _button(f"{watch.name}-themes", lambda log, who: themes_table(reports.reader, watch, found, clock=reports.clock))


def chart_download(
    reports: Reports, watch: Watch, kind: str, *, since: datetime | None = None, until: datetime | None = None,
    by: str = "", only: Only = EVERYTHING, themes: ThemesReport | None = None,
) -> None:  # fmt: skip
    """A button for the chart as a picture; `kind` is one of `exports.pictures.KINDS`. It is drawn when pressed."""
    who = reader_name()  # now: a file is made outside the page's run, where nobody is known
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"picture_{kind}"):
        suffix = st.selectbox("Picture", list(_PICTURES), key=f"picture_format_{kind}", width=110)
        st.download_button(
            _CHARTS[kind],
            lambda: _picture(
                reports, watch, kind, suffix, who, since=since, until=until, by=by, only=only, themes=themes
            ),
            file_name=f"{watch.name}-{kind}.{suffix.lower()}",
            mime=_PICTURES[suffix],
            on_click="ignore",
            icon=":material/image:",
            key=f"picture_button_{kind}",
        )


def brief_download(reports: Reports, watch: Watch) -> None:
    """A button for the brief as HTML, made when pressed; the PDF is made by `uproar brief`."""
    who = reader_name()
    st.download_button(
        "Download the brief",
        lambda: _brief(reports, watch, who),
        file_name=f"{watch.name}-brief.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/description:",
        key="brief_button",
    )


def _picture(reports: Reports, watch: Watch, kind: str, suffix: str, who: str, **asked: Any) -> bytes:
    made = picture(reports.reader, watch, kind, clock=reports.clock, others=reports.watches, **asked)
    data = made.data("png" if suffix == "PNG" else "svg")
    with open_annotations(load_settings().store_url) as log:
        keep_picture(reports.reader, made, data, f"download: {watch.name}-{kind}.{suffix.lower()}", log, who)
    return data


def _brief(reports: Reports, watch: Watch, who: str) -> bytes:
    made = make_brief(reports.reader, watch, clock=reports.clock, others=reports.watches)
    data = made.html.encode()
    with open_annotations(load_settings().store_url) as log:
        keep_brief(reports.reader, made, data, f"download: {watch.name}-brief.html", log, who)
    return data


def _button(name: str, make: Callable[[Log, str], Table]) -> None:
    who = reader_name()
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"download_{name}"):
        chosen = st.selectbox("Format", list(FORMATS), key=f"format_{name}", width=130)
        format = FORMATS[chosen]
        st.download_button(
            f"Download as {chosen}",
            lambda: _file(make, format, who),
            file_name=f"{name}.{format.value}",
            mime=format.mime,
            on_click="ignore",
            icon=":material/download:",
            key=f"button_{name}",
        )


def _file(make: Callable[[Log, str], Table], format: Format, who: str) -> bytes:
    with open_annotations(load_settings().store_url) as log:
        return download(make(log, who), format, log=log, who=who).data
