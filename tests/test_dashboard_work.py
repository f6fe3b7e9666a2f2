"""The working side of the dashboard: coverage, alerts and who may do what, run as Streamlit runs it."""

# ruff: noqa: F401, F811

from __future__ import annotations

import pandas as pd
import pytest
import streamlit
from dashboard_app import APP, filled, home, params, start, template, words
from small_store import AS_OF, NOTICED, SINCE, WATCH
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from streamlit.testing.v1 import AppTest

from core.records import Spike
from core.settings import Settings, load_settings
from dashboard.people import Refused, Role, demand, is_loopback, role_of
from store import open_annotations, open_reader, open_store
from store.engine import make_engine
from store.schema import notes

EVIL = "<script>alert('note')</script> ![x](https://evil.example/b.png)"


@pytest.fixture
def incident(filled) -> int:
    """The number of an open incident of the small store."""
    settings = load_settings()
    spike = Spike(WATCH, NOTICED, 12, 20, 0.6, 1.5, False, "keyword@1", f"12 of 20 posts are negative {EVIL}")
    with open_store(settings.store_url, settings.keys) as store:
        number = store.open_incident(spike, ("comms",), now=AS_OF)
    assert number is not None
    return number


def _click(app, label: str):
    return next(button for button in app.button if button.label == label).click().run()


def _incident(number: int):
    with open_reader(load_settings().store_url) as reader:
        rows = reader.incidents(every_rule=True)
        return rows[rows["id"] == number].iloc[0], reader.incident_notes(number)


def test_coverage_tells_what_failed_was_cut_and_was_never_asked(filled) -> None:
    app = start("coverage", span="all")
    said = words(app)
    for part in ("bluesky", "reddit", "nothing", "none is kept"):
        assert part in said
    hours = app.dataframe[0].value.set_index("source")
    assert hours.loc["reddit", "failed"] == 10
    assert hours.loc["reddit", "cut short"] == 4
    assert hours.loc["bluesky", "complete"] == int((AS_OF - SINCE) / pd.Timedelta(hours=1))
    assert (hours.sum(axis=1) == hours.loc["bluesky", "complete"]).all()
    assert "401: the key is not accepted" in app.dataframe[1].value["why"].tolist()


def test_an_analyst_acknowledges_owns_and_notes_an_incident(filled, incident) -> None:
    app = start("alerts")
    assert EVIL in words(app)
    _click(app, "Acknowledge")
    _click(app, "I look after it")
    next(area for area in app.text_area if area.key == f"note_{incident}").input(EVIL)
    _click(app, "Keep the note")
    row, kept = _incident(incident)
    assert row["acknowledged_by"] == row["owner"] != ""
    assert kept["text"].tolist() == [EVIL]
    assert "Acknowledge" not in [button.label for button in app.button]
    assert EVIL in words(app)


def test_the_preview_counts_past_alerts_at_each_sensitivity(filled) -> None:
    app = start("alerts")
    assert "Nothing has alerted so far." in words(app)
    app.toggle[0].set_value(True).run()
    assert "today's rule" in words(app) or "would have alerted" in words(app)


def test_a_viewer_reads_and_cannot_write(filled, incident, monkeypatch) -> None:
    monkeypatch.setenv("UPROAR_VIEWERS", "ann@example.org")
    monkeypatch.setattr(
        type(streamlit.user), "to_dict", lambda self: {"is_logged_in": True, "email": "ann@example.org"}
    )
    app = start("alerts")
    assert EVIL in words(app)
    assert "Acknowledge" not in [button.label for button in app.button]
    with pytest.raises(Refused, match="UPROAR_ANALYSTS"):
        demand(Role.ANALYST)


def test_a_name_taken_off_the_list_counts_before_the_next_write(filled, incident, monkeypatch) -> None:
    monkeypatch.setenv("UPROAR_ANALYSTS", "ann@example.org")
    monkeypatch.setattr(
        type(streamlit.user), "to_dict", lambda self: {"is_logged_in": True, "email": "ann@example.org"}
    )
    app = start("alerts")
    monkeypatch.setenv("UPROAR_ANALYSTS", "bo@example.org")
    _click(app, "Acknowledge")
    assert pd.isna(_incident(incident)[0]["acknowledged_by"])
    assert "on no list" in words(app)


def test_nobody_is_shown_data_without_a_log_in_once_a_list_stands(filled, monkeypatch) -> None:
    monkeypatch.setenv("UPROAR_VIEWERS", "ann@example.org")
    said = words(start("posts"))
    assert "Please log in" in said
    assert "terms" not in said


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"email": "Ann@Example.org"}, Role.VIEWER),
        ({"email": "cleo@example.org", "email_verified": True}, Role.ADMIN),
        ({"email": "cleo@example.org", "email_verified": False}, None),
        ({"email": "eve@example.org"}, None),
        ({"email": ""}, None),
        ({}, None),
    ],
)
def test_the_lists_give_roles(tmp_path, claims, role) -> None:
    lists = {"viewers": "ann@example.org, cleo@example.org", "analysts": " ,", "admins": "cleo@example.org"}
    assert role_of(claims, Settings(home=tmp_path, **lists)) == role


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False), (None, False)],
)
def test_only_this_machine_is_trusted_without_a_log_in(address, ours) -> None:
    assert is_loopback(address) == ours


def test_the_database_of_the_pages_cannot_be_written(filled) -> None:
    url = load_settings().store_url
    engine = make_engine(url, "read")
    row = {"watch_id": 1, "at": AS_OF, "text": "never", "author": "eve", "made_at": AS_OF}
    with engine.connect() as connection, pytest.raises(DBAPIError, match="readonly"):
        connection.execute(insert(notes), row)
    engine.dispose()
    with (
        open_annotations(url) as annotations,
        annotations._engine.connect() as connection,
        pytest.raises(DBAPIError, match="not authorized"),
    ):
        connection.exec_driver_sql("DELETE FROM posts")


def test_labels_are_drawn_given_blind_and_correct_the_share(filled) -> None:
    app = start("label", span="all")
    _click(app, "Draw from this window")
    for _ in range(35):
        post = next(t.value for t in app.text if t.value.startswith(("listening", "read", "they", "terrible", "fair"))
                    or "terms" in t.value)  # fmt: skip
        truly = "Negative" if "terrible" in post or "theft" in post else "Neutral"
        _click(app, truly)
    said = words(app)
    assert "65 to go" in said
    assert "Corrected for the classifier's error" in said
    assert "by 35 labelled posts" in said
    assert "Measured on this watch" in said


def test_an_open_incident_is_the_start_page_with_its_state_and_owner(filled, incident) -> None:
    said = words(start("incident"))
    assert f"Incident {incident} is open" in said
    for part in ("No update yet.", "Looked after by", "nobody yet", EVIL):
        assert part in said
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.query_params["watch"] = WATCH
    assert f"Incident {incident} is open" in words(app.run())


def test_without_an_incident_the_start_page_is_the_overview(filled) -> None:
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.query_params["watch"] = WATCH
    assert "Where it was said" in [s.value for s in app.run().subheader]
    assert "No incident is open" in words(start("incident"))


def test_a_note_is_kept_with_who_and_when(filled) -> None:
    app = start("notes")
    next(field for field in app.text_input if field.label == "Time it speaks of").input("2025-05-09T14:00:00+02:00")
    next(area for area in app.text_area if area.label == "Note").input(EVIL)
    said = words(_click(app, "Keep the note"))
    assert f"On Fri 9 May 2025, 14:00: {EVIL}" in said
    next(field for field in app.text_input if field.label == "Time it speaks of").input("yesterday")
    next(area for area in app.text_area if area.label == "Note").input("again")
    _click(app, "Keep the note")
    assert "no time" in app.error[0].value


def test_an_announcement_is_added_and_a_script_address_is_not(filled) -> None:
    app = start("notes")
    fields = {field.label: field for field in app.text_input}
    fields["When"].input("2025-05-08")
    fields["Title"].input("A new <b>letter</b>")
    fields["Page that says so"].input("javascript:alert(1)")
    _click(app, "Add it")
    assert "http or https" in app.error[0].value
    next(field for field in app.text_input if field.label == "Page that says so").input("https://example.org/new")
    _click(app, "Add it")
    with open_reader(load_settings().store_url) as reader:
        made = reader.announcements(WATCH)
    assert [a.title for a in made] == ["A new <b>letter</b>"]
    assert made[0].origin.startswith("dashboard: ")


def test_the_models_page_names_the_model_and_runs_doctors_checks(filled) -> None:
    app = start("models")
    assert "Its scores are shown." in words(app)
    _click(app, "Run the checks")
    assert "database" in app.dataframe[-1].value["check"].tolist()
