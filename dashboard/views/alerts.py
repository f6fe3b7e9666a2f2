"""The alerts: every incident with why it was told, who looks after it, what was noted; and what rules would do."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import UproarError
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Incident, Reports
from dashboard.downloads import alerts_download
from dashboard.people import Role, may, writing
from dashboard.state import State
from reports.measure import word
from reports.wording import count, moment, percent

_MOST = 20
_LONGEST_NOTE = 2_000


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the incidents of `watch`, latest first, and the preview of its rules."""
    st.html(cards.headline("Alerts"))
    found = reports.incidents(watch)
    if not found:
        st.text("Nothing has alerted so far.")
    for incident in found[:_MOST]:
        title = f"{incident.row['id']}: {_kind(incident.row)}, {moment(incident.row['hour'], watch.zone)}"
        with st.expander(f"{title} ({'open' if incident.is_open else 'closed'})", expanded=incident is found[0]):
            draw(incident, watch, state, pages)
    if len(found) > _MOST:
        st.text(f"{count(len(found) - _MOST)} older ones: uproar incident list {watch.name}")
    if found:
        alerts_download(reports, watch)
    _preview(reports, watch)


def draw(incident: Incident, watch: Watch, state: State, pages: Pages) -> None:
    """One incident: why, figures, what came since, messages, notes, and what a reader can do about it."""
    row, number = incident.row, int(incident.row["id"])
    st.text(str(row["sentence"]))
    st.html(cards.fact_list(_facts(incident, watch)))
    with st.container(horizontal=True):
        hour = row["hour"].to_pydatetime()
        link_to(pages["posts"], state, "Read its posts", icon=":material/forum:", hour=hour)
        link_to(pages["timeline"], state, "See the hour on the timeline", icon=":material/timeline:", hour=hour)
    for said in incident.updates:
        st.text(f"{moment(said['at'], watch.zone)}: {said['sentence']}")
    for note in incident.notes:
        st.text(f"{note['author']}, {moment(note['made_at'], watch.zone)}: {note['text']}")
    if may(Role.ANALYST):
        _actions(number, acknowledged=pd.notna(row["acknowledged_by"]))


def _facts(incident: Incident, watch: Watch) -> list[tuple[str, str]]:
    row = incident.row
    share = f"{count(row['negative'])} of {count(row['relevant'])} relevant posts were {word(watch)}"
    if pd.notna(row["share"]):
        share += f", {percent(row['share'])}"
    if pd.notna(row["expected"]):
        share += f"; {row['expected']:,.1f} such posts were expected"
    known = pd.notna(row["acknowledged_by"])
    seen = f"{row['acknowledged_by']}, {moment(row['acknowledged_at'], watch.zone)}" if known else "nobody yet"
    closed = moment(row["closed_at"], watch.zone) if pd.notna(row["closed_at"]) else "not yet"
    counts = pd.Series([d["state"] for d in incident.deliveries], dtype=str).value_counts()
    told = ", ".join(f"{n} {state}" for state, n in counts.items()) or "to no channel"
    return [
        ("Why", share if _kind(row) == "spike" else f"rule {_kind(row)}"),
        ("False alarms", "the rate is calibrated" if row["calibrated"] else "not yet calibrated"),
        ("Opened", moment(row["opened_at"], watch.zone)),
        ("Closed", f"{closed} {row['close_reason'] or ''}".strip()),
        ("Looked after by", str(row["owner"]) if pd.notna(row["owner"]) else "nobody yet"),
        ("Acknowledged by", seen),
        ("Messages", told),
        ("Model", str(row["model"])),
    ]


def _kind(row: Mapping[Hashable, Any]) -> str:
    return " ".join(filter(None, (str(row["rule"]).replace("_", " "), str(row["subject"] or ""))))


def _actions(number: int, *, acknowledged: bool) -> None:
    key = f"note_{number}"

    def act(what: str) -> None:
        now = datetime.now(UTC)
        try:
            with writing() as (annotations, who):
                if what == "acknowledge":
                    annotations.acknowledge(number, who, now)
                elif what == "own":
                    annotations.own(number, who, now)
                elif st.session_state[key].strip():
                    annotations.note_incident(number, st.session_state[key].strip(), author=who, now=now)
                    st.session_state[key] = ""
        except UproarError as error:
            st.error(str(error))

    with st.container(horizontal=True):
        if not acknowledged:
            st.button("Acknowledge", key=f"acknowledge_{number}", on_click=act, args=("acknowledge",))
        st.button("I look after it", key=f"own_{number}", on_click=act, args=("own",))
    st.text_area("Note on this incident", key=key, max_chars=_LONGEST_NOTE, height=80)
    st.button("Keep the note", key=f"keep_{number}", on_click=act, args=("note",))


def _preview(reports: Reports, watch: Watch) -> None:
    st.subheader("What other rules would have told", anchor=False)
    st.text(f"This watch allows {watch.alerts.false_alarms:g} false alarms in 30 days. Fewer means fewer alerts.")
    if not st.toggle("Work out past alerts at each sensitivity", key="replay"):
        return
    found = reports.replay(watch)
    if found.empty:
        st.text("No hour so far would have alerted at any sensitivity.")
        return
    counts = found.groupby("false_alarms")["hour"].agg(["size", "max"]).reset_index()
    counts["max"] = counts["max"].dt.tz_convert(watch.zone).dt.strftime("%Y-%m-%d %H:%M")
    names = {"false_alarms": "false alarms in 30 days", "size": "alerts", "max": "latest"}
    st.dataframe(counts.rename(columns=names), hide_index=True, width="stretch")
    st.text("As if today's rule had run on what is collected now.")
