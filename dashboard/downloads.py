"""Export buttons. The files come from `exports`: formula-safe, stamped, with the numbers of the screen."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.watches import Watch
from dashboard.data import Reports
from dashboard.wording import count
from exports.posts import posts_csv
from exports.timeline import timeline_csv
from store import PostFilter

MOST_POSTS = 20_000
"""Beyond this a file is made on the command line, which streams it to disk instead of through a browser."""


def posts_download(reports: Reports, watch: Watch, found: PostFilter, total: int) -> None:
    """A button for the posts of `found` as CSV, made when it is pressed; a command line beyond `MOST_POSTS`."""
    if total > MOST_POSTS:
        st.text(f"More than {count(MOST_POSTS)} posts: export them with")
        st.code(f"uproar export posts {watch.name} --out posts.csv", language=None)
        return
    st.download_button(
        "Download as CSV",
        lambda: "".join(posts_csv(reports.reader, watch, clock=reports.clock, filter=found)).encode(),
        file_name=f"{watch.name}-posts.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def timeline_download(reports: Reports, watch: Watch, *, since: datetime, until: datetime, by: str, cut: bool) -> None:
    """A button for the timeline as CSV; `cut` says that the screen is filtered, which the file is not."""
    if cut:
        st.caption("The file holds all sources and languages, whatever is filtered above.")
    st.download_button(
        "Download the timeline as CSV",
        lambda: timeline_csv(reports.reader, watch, clock=reports.clock, by=by, since=since, until=until).encode(),
        file_name=f"{watch.name}-timeline-by-{by}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
