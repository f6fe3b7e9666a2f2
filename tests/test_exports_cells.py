"""Cells that no spreadsheet takes for a formula, and the way back."""
# ruff: noqa: RUF001 (the look-alikes are the point)

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text import clean
from exports.cells import safe, unsafe
from exports.columns import text_array

HOSTILE = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","x")', "＝1+1", "＋1", "－1", "＠SUM(A1)", "\ufeff=1+1", " =1+1", "   -1",
    "\u00a0=1+1", "\u200b=1+1", "\u200e@x", "\u2060+1", "\u3000=1+1", "\x1f=1+1", "\u00ad=1", "﹦1+1", "﹢1", "﹣1",
    "﹫x", "−1+1", "⁼1", "\ufe0f=1", "\x85=1", "'=1+1", "''=1", "=", "-", "\t", "\r\n=1", "\x00\x00@x", "\u2066=1",
    '"=1+1"', 'a","=1+1', "a\n=1+1", "a;=1+1", "=1\x00+1", "\x0b=1", "\u180e=1", "\u115f=1",
)  # fmt: skip
"""Leading signs, full-width and small forms, blanks and invisible characters before them, separators inside."""


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_begins_with_a_sign(text):
    cell = safe(text)
    seen = cell.lstrip(" \t\r\n\x0b\x1f\x85\xa0\xad\ufeff\u200b\u200e\u2060\u3000\ufe0f\u2066\u180e\u115f")
    assert seen[:1] not in set("=+-@＝＋－＠﹦﹢﹣﹫−⁼")
    assert not cell.startswith(("\t", "\r", "\n", "\x00"))
    assert unsafe(cell) == clean(text)


def test_there_are_enough_hostile_texts():
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("text", ["", "plain", "a = b", "https://x.example/?a=1", "5 - 3", "née", "(-1)", "#tag"])
def test_ordinary_text_is_left_alone(text):
    assert safe(text) == text


@given(st.text())
@example("'")
@example("''=1")
@example("\ud800=1")
def test_every_text_comes_back(text):
    assert unsafe(safe(text)) == clean(text)


@given(st.lists(st.one_of(st.none(), st.text(max_size=30), st.sampled_from(HOSTILE)), max_size=8))
@example(["\ud800=1", None])
@example(["plain", "a\x00b"])
def test_a_whole_column_is_made_safe_as_each_text_is(texts):
    assert text_array(texts).to_pylist() == [None if t is None else safe(t) for t in texts]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_slips_through_a_column(text):
    assert text_array(["plain", text]).to_pylist() == ["plain", safe(text)]


def test_a_long_hostile_text_takes_linear_time():
    assert safe(" " * 1_000_000 + "x") == " " * 1_000_000 + "x"
    assert safe(" " * 1_000_000 + "=x").startswith("' ")
    assert text_array([" " * 1_000_000 + "=x"]).to_pylist()[0].startswith("' ")
