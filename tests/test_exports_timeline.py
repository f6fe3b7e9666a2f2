"""The timeline as CSV: the rows of the screen, stamped."""

import csv
import hashlib
import io
import json
import math
import re
from datetime import timedelta

import pytest
from factories import T0, make_post, make_query

from core.errors import ConfigError
from core.records import Outcome, Page, Reason, Sighted
from core.watches import Watch
from exports.dictionary import STAMP
from exports.figures import export_timeline, timeline_csv
from reports.timeline import timeline
from store import open_reader, open_store

CLOCK = T0 + timedelta(days=2)
WATCH = Watch(
    "example", "Example", "Example", "terms", T0, timezone="Europe/Berlin", notice="=invented posts, not the public"
)


@pytest.fixture
def reader(store_url, keys):
    posts = [make_post(id=str(n), created_at=T0 + timedelta(hours=n % 7), text=f"terms {n}") for n in range(20)]
    with open_store(store_url, keys) as store:
        store.register_watch("example")
        run = store.begin_run("example", make_query(), now=CLOCK)
        page = Page(tuple(Sighted(post, Reason.TEXT) for post in posts))
        store.save("example", make_query(), page, run=run)
        store.end_run(run, Outcome.OK, now=CLOCK)
        store.refresh_rollups()
    with open_reader(store_url) as found:
        yield found


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_file_and_screen_show_the_same_figures(reader):
    shown = timeline(reader, WATCH, clock=CLOCK)
    rows = rows_of(timeline_csv(reader, WATCH, clock=CLOCK))
    assert len(rows) == len(shown) == 48, "every hour, those without posts too"
    assert tuple(rows[0]) == (*shown.columns, "model", *(column.name for column in STAMP))
    for name in ("posts", "volume", "pending", "relevant", "negative"):
        assert [int(row[name]) for row in rows] == shown[name].tolist()
    assert sum(int(row["posts"]) for row in rows) == 20
    assert [row["coverage"] for row in rows] == shown["coverage"].tolist()
    assert rows[3]["time"] == "2025-05-09T03:00:00Z"


def test_no_share_is_an_empty_cell_and_never_nought(reader):
    shown = timeline(reader, WATCH, clock=CLOCK)
    assert shown["negative_share"].map(math.isnan).all()
    assert {row["negative_share"] for row in rows_of(timeline_csv(reader, WATCH, clock=CLOCK))} == {""}


def test_each_row_is_stamped_and_safe(reader):
    for row in rows_of(timeline_csv(reader, WATCH, clock=CLOCK)):
        assert (row["watch"], row["as_of"]) == ("example", "2025-05-11T00:00:00Z")
        assert row["notice"] == "'=invented posts, not the public"


def test_a_day_begins_at_midnight_of_the_watch(reader):
    rows = rows_of(timeline_csv(reader, WATCH, clock=CLOCK, by="day"))
    assert rows[0]["time"].endswith("T00:00:00+02:00")
    assert sum(int(row["posts"]) for row in rows) == 20


def test_a_window_is_kept(reader):
    rows = rows_of(timeline_csv(reader, WATCH, clock=CLOCK, since=T0, until=T0 + timedelta(hours=3)))
    assert [row["time"][11:13] for row in rows] == ["00", "01", "02"]


def test_another_step_is_refused_before_anything_is_written(reader, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    with pytest.raises(ConfigError, match="'week'"):
        export_timeline(reader, WATCH, folder / "t.csv", clock=CLOCK, by="week")
    assert list(folder.iterdir()) == []


def test_the_file_and_its_sidecar(reader, tmp_path):
    path = tmp_path / "t.csv"
    done = export_timeline(reader, WATCH, path, clock=CLOCK, by="day", since=T0)
    other = timeline_csv(reader, WATCH, clock=CLOCK, by="day", since=T0)
    assert path.read_text() == re.sub("x-[0-9a-f]{10}", done.id, other), "only the id differs"
    assert done.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    meta = json.loads(done.sidecar.read_text())
    assert (meta["kind"], meta["rows"], meta["sha256"]) == ("timeline", done.rows, done.sha256)
    asked = {"by": "day", "since": "2025-05-09T00:00:00Z", "until": None, "sources": [], "languages": [],
             "topic": "all"}  # fmt: skip
    assert meta["asked"] == asked
    assert meta["notice"] == WATCH.notice
    assert [(row["source"], row["state"]) for row in meta["coverage"]] == [("forum", "complete")]
