"""A draft against demands and objections, and what became of a statement, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from factories import T0
from fake_reader import make_watch
from fakes_models import KeywordClassifier
from store_fixtures import score_all
from test_reports_themes import WordClassifier, say

from core.errors import ConfigError, InputUnusable
from core.records import Announcement, AnnouncementKind
from reports.playbook import playbook
from reports.statement_check import Spoken, check_statement
from reports.statement_landed import landed
from uproar.verbs.statements import read_text

DAY = timedelta(days=1)
LETTER = T0 + 10 * DAY
NOW = T0 + 14 * DAY
WORDING = "We will change the terms and will not train our models on your songs. You can opt out in your settings."
WATCH = make_watch(
    since=T0 - DAY,
    sources=(),
    announcements=(
        Announcement("letter", AnnouncementKind.STATEMENT, LETTER, LETTER + timedelta(minutes=1), "minute", "UTC",
                     "the letter", wording=WORDING),
        Announcement("memo", AnnouncementKind.OTHER, T0, T0 + DAY, "day", "UTC", "the memo"),
    ),
)  # fmt: skip


@pytest.fixture
def filled(store, reader):
    store.register_watch("acme", subject="Acme")
    say(store, "they train their awful ai on my songs without consent", 40, LETTER - DAY)
    say(store, "the price of these terms is awful and nobody pays, pay us", 12, LETTER - DAY)
    say(store, "the letter about the terms is a lie, they still train their awful ai", 30, LETTER + DAY)
    say(store, "good: they will change the terms and not train models on our songs", 20, LETTER + DAY)
    say(store, "what do these terms of acme mean for a podcast", 50, LETTER + DAY, source="other")
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    return reader


def check(reader, draft: str):
    return check_statement(reader, WATCH, WordClassifier(), draft, clock=LETTER)


def test_a_draft_that_promises_answers_one_that_mentions_touches_and_silence_omits(filled) -> None:
    by_draft = {}
    for draft in ("You can opt out from today.", "Consent matters to us.", "Thank you for your patience."):
        rows = {row.name: row for row in check(filled, draft).rows if row.kind == "demand"}
        by_draft[draft] = rows["opt out, or be asked first"].spoken
    assert list(by_draft.values()) == [Spoken.ANSWERS, Spoken.TOUCHES, Spoken.OMITS]


def test_rows_come_by_number_of_people_with_objections_beside_demands(filled) -> None:
    made = check(filled, WORDING)
    assert [row.people for row in made.rows] == sorted((row.people for row in made.rows), reverse=True)
    assert {row.kind for row in made.rows} == {"demand", "objection"}
    pay = next(row for row in made.rows if row.name == "be paid")
    assert (pay.people, pay.spoken) == (12, Spoken.OMITS)
    assert "12 people" in pay.sentence
    assert made.sentence.startswith(f"Of {len(made.rows)} demands and objections")
    training = next(row for row in made.rows if row.kind == "objection" and "train" in row.name)
    assert training.spoken is Spoken.ANSWERS
    assert training.sentence_number == 1


def test_the_draft_is_stored_nowhere(filled, store_url, tmp_path: Path) -> None:
    version = filled.data_version()
    check(filled, "A sentence nobody else would write: zebra quartz.")
    assert filled.data_version() == version
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"zebra quartz" in p.read_bytes()]


def test_what_became_of_a_statement(filled) -> None:
    made = landed(filled, WATCH, WordClassifier(), clock=NOW, announcement="letter")
    rows = {row.sign: row for row in made.rows}
    assert list(rows) == ["repeats", "disputes", "no sign"]
    assert (rows["disputes"].people, rows["repeats"].people, rows["no sign"].people) == (30, 20, 50)
    assert made.texts == 100
    assert rows["disputes"].low < 0.3 < rows["disputes"].high
    assert "30 % (22 to 40) of 100 texts, 30 people, dispute it" in made.sentence
    assert landed(filled, WATCH, WordClassifier(), clock=NOW, announcement="2").texts == 100


def test_a_statement_without_wording_or_name_or_posts(filled) -> None:
    with pytest.raises(ConfigError, match="no wording"):
        landed(filled, WATCH, WordClassifier(), clock=NOW, announcement="memo")
    with pytest.raises(ConfigError, match="2: letter"):
        landed(filled, WATCH, WordClassifier(), clock=NOW, announcement="nope")
    early = landed(filled, WATCH, WordClassifier(), clock=LETTER + timedelta(hours=2), announcement="letter")
    assert early.texts == 0
    assert "yet" in early.sentence


def test_the_playbook_has_a_source_for_each_case_and_ranges() -> None:
    cases = playbook()
    assert len(cases) >= 5
    assert all(case.sources for case in cases)
    soundcloud = next(case for case in cases if case.platform == "SoundCloud")
    assert soundcloud.statement_after is not None
    assert (soundcloud.statement_after.low, soundcloud.statement_after.high) == (0, 72)
    assert "first statement" in soundcloud.sentence


def test_a_broken_playbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text('[[case]]\nplatform = "X"\n')
    with pytest.raises(ConfigError, match="playbook"):
        playbook(path)


@pytest.mark.parametrize("raw", [b"", b"   ", b"\xff\xfe\x00", b"a\x00b", b"x" * 200_001])
def test_a_draft_that_is_no_text_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "draft.txt"
    path.write_bytes(raw)
    with pytest.raises(InputUnusable):
        read_text(str(path))
