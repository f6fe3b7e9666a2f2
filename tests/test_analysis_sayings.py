"""Groups, keywords, copies and demands: what is said, found in texts whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.copies import copy_groups
from analysis.demands import COMMITMENT, DEMANDS, DISPUTE, demands_in, sentences
from analysis.grouping import centred, group
from analysis.keywords import keywords, terms, words


def blobs(sizes: list[int], spread: float = 0.35, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors round random directions that all share a strong common part, and their truth."""
    rng = np.random.default_rng(seed)
    common, directions = rng.normal(size=32) * 2, rng.normal(size=(len(sizes), 32))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    points = common + directions[truth] + spread * rng.normal(size=(len(truth), 32))
    return points / np.linalg.norm(points, axis=1, keepdims=True), truth


def test_three_known_groups_come_back_whole_and_largest_first() -> None:
    vectors, truth = blobs([120, 60, 30])
    found = group(centred(vectors, vectors.mean(axis=0)), smallest=5)
    assert len(found.centres) == 3
    for label, real in ((0, 0), (1, 1), (2, 2)):
        assert np.mean(truth[found.label == label] == real) > 0.95
    again = group(centred(vectors, vectors.mean(axis=0)), smallest=5)
    assert (again.label == found.label).all()


def test_small_groups_are_dissolved_and_few_texts_make_none() -> None:
    vectors, _ = blobs([80, 3])
    found = group(centred(vectors, vectors.mean(axis=0)), smallest=5)
    assert all((found.label == k).sum() >= 5 for k in range(len(found.centres)))
    assert len(group(vectors[:7], smallest=5).centres) == 0
    assert group(np.empty((0, 4)), smallest=5).label.size == 0
    same = group(np.zeros((40, 4)), smallest=5)
    assert same.label.shape == (40,)


def test_keywords_mark_out_their_group() -> None:
    one = [f"they train ai on my music number {n}" for n in range(20)]
    two = [f"the price of the subscription went up again {n}" for n in range(20)]
    first, second = keywords([one, two], without={"music"})
    assert "train" in " ".join(first)
    assert any("price" in w or "subscription" in w for w in second)
    assert not set(first) & set(second)
    assert "music" not in first
    assert keywords([["only one group here, of consent"] * 5])[0]
    assert keywords([]) == []


def test_words_leave_out_links_and_mentions() -> None:
    assert words("Don\u2019t read https://evil.example/x @someone it's 2025") == ["dont", "read", "its"]
    assert "delete account" in terms("I will delete account now")


def test_copies_are_found_and_paraphrases_are_not() -> None:
    texts = [
        "copy this and paste it to your profile before the new terms apply tomorrow",
        "copy this and paste it to your profile before the new terms apply tomorrow!!",
        "the new terms let them train on everything that we have uploaded since 2014",
        "i read the terms twice and still do not know what they may do with my songs",
        "same", "same",
    ]  # fmt: skip
    found = copy_groups(texts)
    assert found[0] == found[1] >= 0
    assert (found[2:] == -1).all(), "two words are nobody's own"
    assert copy_groups([]).size == 0


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("I just deleted my account", ("delete",)),
        ("deleting all my tracks tonight", ("delete",)),
        ("give us an opt-out. nobody asked for permission", ("opt_out",)),
        ("They did this without my consent", ("opt_out",)),
        ("Revert the clause. Roll it back.", ("revert",)),
        ("remove that clause now", ("revert",)),
        ("pay us royalties", ("pay",)),
        ("see you in court, class action when", ("sue",)),
        ("I'm leaving, and I\u2019m suing them", ("delete", "sue")),
        ("what a nice song", ()),
        ("I pay for Pro and like it", ()),
        ("the issue is the clause", ()),
    ],
)
def test_demands_are_read_as_written(text: str, codes: tuple[str, ...]) -> None:
    assert demands_in(text) == codes


def test_a_statement_touches_or_commits() -> None:
    touched = {d.code for d in DEMANDS if d.touched.search("We will change the terms and add an opt-in.")}
    assert touched == {"opt_out", "revert"}
    assert COMMITMENT.search("We will change the terms")
    assert not COMMITMENT.search("Consent matters to musicians")
    assert DISPUTE.search("that is a lie")
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=12))
def test_no_text_breaks_them(texts: list[str]) -> None:
    assert len(copy_groups(texts)) == len(texts)
    keywords([texts, texts[:1]])
    for text in texts:
        demands_in(text)
        sentences(text)
