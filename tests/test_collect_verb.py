"""`uproar collect`: sources side by side, a failing one beside a good one, the table, and the exit codes."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from factories import make_post
from typer.testing import CliRunner

from core.errors import (
    AccessDenied,
    BudgetExhausted,
    ConfigError,
    QueryRejected,
    RetryLater,
    SourceChanged,
)
from core.records import Outcome, Page, Sighted
from uproar.cli import app
from uproar.session import open_session
from uproar.steps.collect import SourceReport, query_for
from uproar.steps.side_by_side import side_by_side
from uproar.verbs.gather import exit_code, next_step

NOW = datetime(2025, 5, 9, tzinfo=UTC)


def test_lanes_run_at_the_same_time_and_results_keep_their_order():
    together = threading.Barrier(3, timeout=10)

    def run(job):
        together.wait()  # passes only when three lanes are at it at once
        return job * 10

    assert side_by_side([3, 1, 2], run, lane=str) == [30, 10, 20]


def test_jobs_of_one_lane_run_one_after_another():
    busy, seen = threading.Lock(), []

    def run(job):
        assert busy.acquire(blocking=False)
        seen.append(job)
        busy.release()
        return job

    assert side_by_side([1, 2, 3], run, lane=lambda job: "one") == [1, 2, 3]
    assert seen == [1, 2, 3]


def test_what_is_raised_all_the_same_is_raised_when_the_others_have_ended():
    done = []

    def run(job):
        if job == "bad":
            raise ConfigError("no")
        done.append(job)

    with pytest.raises(ConfigError):
        side_by_side(["bad", "good", "fine"], run, lane=str)
    assert sorted(done) == ["fine", "good"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(None, "any time"), (RetryLater("x", after=90), "after 2025-05-09T00:01:30Z"), (RetryLater("x"), "minutes"),
     (AccessDenied("x"), "renew"), (QueryRejected("x"), "terms"), (SourceChanged("x"), "update"),
     (BudgetExhausted("x"), "budget"), (ConfigError("x"), "message")],
)  # fmt: skip
def test_what_to_do_next(error, words):
    report = SourceReport("forum", Outcome.OK, (NOW, NOW + timedelta(hours=1)), error=error)
    assert words in next_step(report, NOW)


def test_exit_codes():
    assert exit_code([None, None]) == 0
    assert exit_code([BudgetExhausted("x"), None]) == 5
    assert exit_code([BudgetExhausted("x"), AccessDenied("x")]) == 4


@pytest.fixture
def home(tmp_path, monkeypatch, httpserver):
    """A watch with a file that is there, a feed that refuses, and a source without a key."""
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        json.dumps({"id": "1", "platform": "forum", "created_at": "2025-05-09T10:00:00Z", "text": "acme"}) + "\n"
    )
    httpserver.expect_request("/feed").respond_with_data("no", status=403)
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "acme.toml").write_text(
        'platform = "Acme"\nterms = "acme"\nsince = 2025-05-09T00:00:00Z\nas_of = 2025-05-10T00:00:00Z\n'
        f'[[sources]]\nname = "feeds"\noptions = {{ urls = "{httpserver.url_for("/feed")}" }}\n'
        f'[[sources]]\nname = "files"\noptions = {{ path = "{posts}" }}\n'
        '[[sources]]\nname = "youtube"\n'
    )
    monkeypatch.setenv("UPROAR_HOME", str(tmp_path))
    monkeypatch.setenv("UPROAR_ALLOW_PRIVATE_ADDRESSES", "true")
    return tmp_path


def test_one_failing_source_never_stops_another(home):
    done = CliRunner().invoke(app, ["collect", "acme", "--json"])
    assert done.exit_code == 4
    rows = {row["source"]: row for row in json.loads(done.stdout)}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "feeds": "failed",
        "files": "ok",
        "youtube": "failed",
    }
    assert (rows["files"]["new"], rows["files"]["next"]) == (1, "any time")
    assert rows["feeds"]["next"] == "renew the key or the approval"
    assert "UPROAR_PERMISSIONS__YOUTUBE__BASIS" in rows["youtube"]["error"]
    assert "youtube: " in done.stderr


def test_the_table_shows_new_seen_window_truncated_cost_and_next(home):
    done = CliRunner().invoke(app, ["collect", "acme", "--source", "files", "--since", "60d"])
    assert done.exit_code == 0
    head, *_, last = [line for line in done.stdout.splitlines() if line.strip()]
    for word in ("watch", "source", "outcome", "new", "seen", "window", "truncated", "cost", "next"):
        assert word in head
    assert "2025-03-11 00:00 to 2025-05-10 00:00" in last, "sixty days before the watch's present"
    assert "any time" in last


def test_coverage_counts_what_was_just_collected(home):
    assert CliRunner().invoke(app, ["collect", "acme", "--source", "files"]).exit_code == 0
    shown = CliRunner().invoke(app, ["coverage", "acme", "--json"])
    assert {row["source"]: row["posts"] for row in json.loads(shown.stdout)}["forum"] == 1
    assert "not counted" not in shown.stderr


def test_coverage_says_when_a_killed_run_left_posts_uncounted(home):
    session = open_session()
    [watch] = session.watches("acme")
    with session.store() as store:
        store.register_watch("acme")
        query = query_for(watch, watch.sources[1], since=None, now=session.clock)
        run = store.begin_run("acme", query, now=session.clock)
        store.save("acme", query, Page((Sighted(make_post(created_at=NOW + timedelta(hours=2))),)), run=run)
    assert "1 hour has posts that are not counted yet" in CliRunner().invoke(app, ["coverage", "acme"]).stderr
    assert CliRunner().invoke(app, ["rollup", "acme"]).exit_code == 0
    assert "not counted" not in CliRunner().invoke(app, ["coverage", "acme"]).stderr


def test_a_dry_run_reports_every_source_and_what_is_missing(home):
    done = CliRunner().invoke(app, ["collect", "acme", "--dry-run", "--json"])
    assert done.exit_code == 3
    rows = {row["source"]: row for row in json.loads(done.stdout)}
    assert sorted(rows) == ["feeds", "files", "youtube"]
    assert "UPROAR_PERMISSIONS__YOUTUBE__BASIS" in rows["youtube"]["missing"]
    assert rows["files"]["missing"] == rows["feeds"]["missing"] == ""
    assert rows["youtube"]["until"] == rows["files"]["until"] == "2025-05-10T00:00:00Z"
    table = CliRunner().invoke(app, ["collect", "acme", "--dry-run"]).stdout
    assert "missing" in table
    assert CliRunner().invoke(app, ["collect", "acme", "--dry-run", "--source", "files"]).exit_code == 0
