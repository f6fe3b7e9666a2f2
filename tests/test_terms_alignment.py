"""Two texts of a document: added, removed, edited, moved, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terms_texts import LAW, LEAVING, LICENCE, TRAINING, document

from terms.alignment import compare
from terms.redline import marked, redline

TEXT = document()


def only(before: str, after: str):
    found = compare(before, after)
    (clause,) = found.clauses
    return found, clause


def test_an_added_clause():
    found, clause = only(TEXT, document(LICENCE, TRAINING, LAW, LEAVING))
    assert (clause.action, clause.added, clause.before, clause.heading) == ("added", TRAINING, "", "Rules")
    assert (found.words_added, found.words_removed, found.kind) == (14, 0, "edit")


def test_a_removed_clause():
    found, clause = only(document(LICENCE, TRAINING, LAW, LEAVING), TEXT)
    assert (clause.action, clause.removed, clause.after) == ("removed", TRAINING, "")
    assert (found.words_added, found.words_removed) == (0, 14)


def test_an_edited_clause_counts_only_its_changed_words():
    found, clause = only(TEXT, TEXT.replace("a worldwide licence", "a perpetual, worldwide licence"))
    assert clause.action == "edited"
    assert (found.words_added, found.words_removed) == (1, 0)


def test_a_moved_clause_has_no_size():
    found, clause = only(TEXT, document(LAW, LEAVING, LICENCE))
    assert (clause.action, found.kind, found.words_added) == ("moved", "moved", 0)


def test_a_sentence_added_to_a_passage_is_an_edit_of_that_passage():
    found, clause = only(TEXT, TEXT.replace(LICENCE, f"{LICENCE} {TRAINING}"))
    assert (clause.action, clause.added, clause.before) == ("edited", TRAINING, LICENCE)
    assert found.words_added == 14


def test_passages_that_are_split_and_joined_are_no_change():
    joined = TEXT.replace("They say what", "\n\nThey say what")
    assert compare(TEXT, joined).clauses == ()


def test_a_new_date_alone_is_a_change_of_dates():
    found, _ = only(TEXT, document(amended="June 2, 2025"))
    assert found.kind == "dates"


def test_another_text_is_a_rewrite():
    other = "Nothing here resembles it at all. " + " ".join(f"Zebra{n} runs quickly home." for n in range(300))
    assert compare(TEXT, other).kind == "rewrite"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("we may use it", "we will never use it", "we [-may-] {+will never+} use it"),
        ("", "new words", "{+new words+}"),
        ("same", "same", "same"),
    ],
)
def test_redline(before, after, shown):
    assert marked(redline(before, after)) == shown


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=20).map(" ".join)


@given(WORDS, WORDS)
def test_a_redline_gives_both_texts_back(before, after):
    runs = redline(before, after)
    assert " ".join(words for kind, words in runs if kind != "new" and words) == before
    assert " ".join(words for kind, words in runs if kind != "gone" and words) == after


SENTENCES = st.lists(st.sampled_from([LICENCE, LAW, LEAVING, TRAINING]), max_size=6)


@given(SENTENCES, SENTENCES)
def test_every_changed_sentence_is_told_once(before, after):
    found = compare("\n\n".join(before), "\n\n".join(after))
    added = sum(c.added.count(".") for c in found.clauses) - sum(c.removed.count(".") for c in found.clauses)
    assert added == len(after) - len(before)
