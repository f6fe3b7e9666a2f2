"""The clause head and the direction of a change, on invented clauses that are not among its training sentences."""

import json
from pathlib import Path

import pytest

from core.records import TOPICS
from core.terms import CLASS_NAMES, CLASS_TOPICS, CLASSES, RISKY, Clause
from terms.classes import classed, kind_of
from terms.cues import CUES, cues_of
from terms.training import sentences

LABELS = Path(__file__).parent.parent / "benchmarks" / "clause_labels.jsonl"


def clause(added: str = "", removed: str = "") -> Clause:
    return Clause("edited", removed, added, removed, added)


@pytest.mark.parametrize(
    ("text", "name", "direction"),
    [
        ("Your drawings may be used to inform and develop machine intelligence products.", "ai_training", "widens"),
        ("We will never train AI on private messages.", "ai_training", "narrows"),
        ("You hereby grant us a perpetual, sublicensable licence to reproduce your videos.", "licence", "widens"),
        ("You keep ownership of the intellectual property in your uploads.", "ownership", "narrows"),
        ("Monthly plans renew and your card is charged until you cancel the subscription.", "payment", "unclear"),
        ("We share your personal data, such as device identifiers, with advertising partners.", "privacy", "widens"),
        ("All disputes go to binding arbitration and you waive class actions.", "arbitration", "widens"),
        ("We may modify these terms and will notify you before the changes take effect.", "notice", None),
        ("We may suspend or terminate your account without notice.", "termination", "widens"),
        ("The meeting room has a red door.", "other", "unclear"),
    ],
)
def test_class_and_direction(text, name, direction):
    found = classed(clause(text))
    assert found.name == name
    assert direction in (None, found.direction)


def test_taking_out_a_promise_widens():
    assert classed(clause(removed="We will never train AI on private messages.")).direction == "widens"


def test_what_a_privacy_policy_says_is_more_likely_about_privacy():
    text = "We look at what you do in the app."
    likely = [classed(clause(text), document).confidence for document in ("Terms of Service", "Privacy Policy")]
    assert likely[0] < likely[1]


def test_a_head_answers_any_text():
    for text in ("", "   ", "\u0000\ud800", "a" * 50_000, "1. 2. 3."):
        assert classed(clause(text)).name in (*CLASSES, "other")


def test_the_tables_know_every_class():
    assert set(CLASS_NAMES) == set(CLASS_TOPICS) == {*CLASSES, "other"}
    assert set(RISKY) == set(CLASSES)
    assert {topic for topics in CLASS_TOPICS.values() for topic in topics} <= set(TOPICS)


def test_a_date_alone_and_a_definition_have_no_class():
    assert classed(clause("Effective date: 27 July 2031", "Effective date: 1 March 2031")).name == "other"
    assert classed(clause('"Affiliate" means any entity under common ownership with a party.')).name == "other"


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("In no event shall Contoso be liable or its affiliates; we are not liable for lost profits.", "widens"),
        ("This Agreement does not create a partnership.", "unclear"),
        ("Contoso will not sell your recordings.", "narrows"),
        ("For example, we use the names of places to suggest events nearby.", "unclear"),
    ],
)
def test_direction(text, direction):
    assert classed(clause(text)).direction == direction


def test_cues_are_found_where_words_begin():
    assert "ai" in cues_of("We may use AI.")[CLASSES.index("ai_training")]
    assert not cues_of("We constrain models of chairs.")[CLASSES.index("ai_training")]
    assert '"' not in CUES.read_text()


def test_several_hundred_sentences_were_written_and_none_stands_twice():
    known = [text for _, text in sentences()]
    assert len(known) == len(set(known)) >= 380
    assert {name for names, _ in sentences() for name in names} == set(CLASSES)


def test_labels_hold_no_texts():
    rows = [json.loads(line) for line in LABELS.read_text().splitlines()]
    assert all(set(row) - {"direction"} == {"draw", "name", "service", "document", "at", "classes"} for row in rows)
    assert {row.get("direction", "unclear") for row in rows} == {"widens", "narrows", "unclear"}
    assert all(set(row["classes"]) <= set(CLASSES) for row in rows)


@pytest.mark.parametrize(("kind", "classes", "told"), [("edit", ("notice",), "substantive"), ("edit", (), "wording"),
                                                       ("dates", ("notice",), "dates")])  # fmt: skip
def test_the_kind_of_a_change(kind, classes, told):
    assert kind_of(kind, [Clause("edited", "", "", "", "", classes=classes)]) == told
