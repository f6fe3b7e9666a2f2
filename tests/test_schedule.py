"""The service: one round over all watches, with a broken file, a failing source and a watch that works."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from core.settings import Settings
from uproar.schedule import Schedule
from uproar.session import Session

NOW = datetime(2025, 5, 9, 20, 30, tzinfo=UTC)


@pytest.fixture
def session(tmp_path, httpserver):
    """Two good watches (one example, one own), one broken file; Hacker News refuses every query."""
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "broken.toml").write_text("platform = 1\n")
    (tmp_path / "posts.jsonl").write_text(
        json.dumps(
            {"id": "1", "platform": "forum", "created_at": "2025-05-09T18:00:00Z", "text": "acme terms, I hate it"}
        )
        + "\n"
    )
    (tmp_path / "watches" / "acme.toml").write_text(
        'platform = "Acme"\nterms = "acme"\nsince = 2025-05-09T00:00:00Z\n'
        f'[[sources]]\nname = "files"\noptions = {{ path = "{tmp_path / "posts.jsonl"}" }}\n'
    )
    httpserver.expect_request("/search_by_date").respond_with_json({"message": "no"}, status=400)
    store = SecretStr(f"sqlite:///{tmp_path / 'uproar.db'}")
    return Session(
        Settings(home=tmp_path, store=store, hackernews_url=httpserver.url_for("/").rstrip("/"),
                 allow_private_addresses=True),
        NOW,
    )  # fmt: skip


def test_a_round_does_what_can_be_done_and_counts_what_failed(session, capsys):
    schedule = Schedule(session, timedelta(minutes=15))
    assert schedule.round() == 1
    said = capsys.readouterr().err
    assert "broken.toml" in said
    assert "duolingo-ai-first: hackernews" in said
    with session.reader() as reader:
        frame = reader.rollup("acme", since=NOW - timedelta(days=1), until=NOW)
        outcomes = reader.runs("duolingo-ai-first")["outcome"].tolist()
    assert frame[["posts", "scored", "pending"]].sum().tolist() == [1, 1, 0]
    assert outcomes == ["failed"]


def test_a_replay_is_left_alone(session):
    Schedule(session, timedelta(minutes=15)).round()
    with session.reader() as reader:
        assert "soundcloud-ai-terms" not in reader.watches()


def test_sigterm_ends_the_service(session):
    schedule = Schedule(session, timedelta(hours=1))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        schedule.install_signals()
        signal.raise_signal(signal.SIGTERM)
        schedule.run()
        assert schedule._patience.finished.is_set(), "it ended by itself"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_bug_in_one_watch_is_told_without_its_words_and_the_others_go_on(session, capsys):
    class Buggy:
        def turn(self, watch, *, early):
            seen.append(watch.name)
            if watch.name == "acme":
                raise RuntimeError("the words of somebody")
            return 0

    seen = []
    schedule = Schedule(session, timedelta(minutes=15))
    schedule._worker = Buggy()
    assert schedule.round() == 1
    assert seen.index("acme") < len(seen) - 1, "others came after it"
    said = capsys.readouterr().err
    assert "acme: unexpected RuntimeError at test_schedule.py:" in said
    assert "the words of somebody" not in said
