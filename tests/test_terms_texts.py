"""Texts of terms: what never matters, dates that they state, and captures that are no documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terms_texts import LAW, LICENCE, document

from core.terms import CaptureState
from terms.captures import compare, look
from terms.dates import read_date, stated_dates
from terms.passages import key_of, read_document, read_line

TEXT = document()


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("1. ", "4.2 ").replace("2. ", "(b) "),
        TEXT.replace("Utopia", "[Utopia](https://example.org/a_(b)?x=1)"),
        TEXT.replace("\n\n", "\n\n\n \n").replace("# Acme", "### Acme"),
        TEXT.replace("Acme", "**Acme**").replace("'", "\u2019"),
        TEXT + "\n\n[Back to top](#top)\n\n\u00a9 2026 Acme Inc. All rights reserved.\n",
        TEXT.replace("the songs that you", "the songs\nthat you"),
        TEXT.replace("## Rules", "[Play Video](https://video.example/1)\n\n## Rules"),
        TEXT.replace("governs", "GOVERNS").replace(" and ", "  and\u00a0"),
    ],
)
def test_what_never_matters_gives_the_same_key(other):
    assert other != TEXT
    assert key_of(other) == key_of(TEXT)


def test_a_defined_term_that_loses_its_capitals_is_a_change():
    assert key_of("Acme may use Your Content.")[0] != key_of("Acme may use your content.")[0]


def test_one_changed_word_gives_another_key():
    assert key_of(TEXT.replace("worldwide", "perpetual"))[0] != key_of(TEXT)[0]


def test_the_items_of_a_list_belong_to_the_passage_that_announces_them():
    read = read_document("You agree that we may:\n\n* host it;\n* sell it.\n\nAnother passage.")
    assert read.passages == ("You agree that we may:\n- host it;\n- sell it.", "Another passage.")
    assert [s.passage for s in read.sentences] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("line", "effective", "amended"),
    [
        ("Effective June 28, 2025. Last Revised May 29, 2025", "2025-06-28", "2025-05-29"),
        ("**Last Amended:** [September 10, 2025](https://example.org)", None, "2025-09-10"),
        ("These terms take effect on 3 March 2024.", "2024-03-03", None),
        ("Last updated: 2024-02-12", None, "2024-02-12"),
        ("Effective Date: March 2024", "2024-03", None),
        ("Last updated 13/02/2024", None, "2024-02-13"),
        ("Effective until January 15, 2026", None, None),
        ("Effective February 31, 2024", None, None),
        ("We may update this policy.", None, None),
    ],
)
def test_dates_that_a_text_states(line, effective, amended):
    found = stated_dates(f"# Terms\n\n{line}\n\nMore.")
    assert tuple(d.at if d else None for d in found) == (effective, amended)
    assert all(d is None or d.quote in read_line(line).shown for d in found)


def test_the_precision_of_a_date_is_kept():
    assert read_date("2024-02").precision == "month"
    assert read_date("12 February 2024").precision == "day"
    assert read_date("soon") is None
    assert stated_dates("Last updated 05/06/2025")[1].precision == "year"  # May or June: not known


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (TEXT, CaptureState.OK),
        ("", CaptureState.EMPTY),
        ("   \n\n Terms \n", CaptureState.EMPTY),
        ("Log in to Acme. Password. Forgot your password? Create a new account.", CaptureState.LOGIN),
        ("Just a moment... Checking your browser. Enable JavaScript and cookies. Ray ID: 1", CaptureState.LOGIN),
        ("404. Page not found.", CaptureState.LOGIN),
        (TEXT * 1000, CaptureState.OVERSIZE),
    ],
)
def test_a_capture_by_itself(text, state):
    assert look(text, key_of(text)[1])[0] is state


GERMAN = (
    "Diese Bedingungen sind ein Vertrag zwischen Ihnen und Acme. Sie sagen, was Sie von uns erwarten dürfen und was "
    "wir von Ihnen erwarten, wenn Sie unsere Dienste nutzen. Das Recht von Utopia gilt für diesen Vertrag. "
) * 6


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (TEXT.replace(LAW, ""), CaptureState.OK),
        (TEXT[: len(TEXT) // 3], CaptureState.TRUNCATED),
        (TEXT[: len(TEXT) - 120], CaptureState.TRUNCATED),
        (GERMAN, CaptureState.LANGUAGE),
        ("Welcome to the shop. Here you find shoes, hats and coats for every season of the year.", CaptureState.LOGIN),
        (TEXT + LICENCE, CaptureState.OK),
        (TEXT.replace("## Duties", "") + "We are sorry.", CaptureState.OK),
    ],
)
def test_a_capture_beside_the_last_good_one(after, state):
    assert compare(TEXT, after)[0] is state


def test_a_page_that_showed_old_and_new_terms_is_not_cut_when_the_old_ones_go():
    assert compare(TEXT + TEXT.replace("worldwide", "universal"), TEXT)[0] is CaptureState.OK


@given(st.text(max_size=400))
def test_any_text_is_read(text):
    key, words = key_of(text)
    assert len(key) == 16
    assert words >= 0
    assert look(text, words)[0] in CaptureState
    read_document(text)
    stated_dates(text)
