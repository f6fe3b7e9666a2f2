"""Cells that no spreadsheet takes for a formula, and the way back."""
# ruff: noqa: RUF001 (the look-alikes are the point)

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text import clean
from exports.cells import moment, number, safe, table, unsafe

HOSTILE = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","x")', "＝1+1", "＋1", "－1", "＠SUM(A1)", "\ufeff=1+1", " =1+1", "   -1",
    "\u00a0=1+1", "\u200b=1+1", "\u200e@x", "\u2060+1", "\u3000=1+1", "\x1f=1+1", "\u00ad=1", "﹦1+1", "﹢1", "﹣1",
    "﹫x", "−1+1", "⁼1", "\ufe0f=1", "\x85=1", "'=1+1", "''=1", "=", "-", "\t", "\r\n=1", "\x00\x00@x", "\u2066=1",
    '"=1+1"', 'a","=1+1', "a\n=1+1", "a;=1+1", "=1\x00+1", "\x0b=1", "\u180e=1", "\u115f=1",
)  # fmt: skip
"""Leading signs, full-width and small forms, blanks and invisible characters before them, separators inside."""


def read(text):
    return list(csv.reader(io.StringIO(text)))


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


@given(st.lists(st.text(max_size=40), min_size=2, max_size=4))
def test_every_text_comes_back_through_a_csv_file(texts):
    (_, row) = read("".join(table(["x"] * len(texts), [[[safe(t) for t in texts]]])))
    assert [unsafe(cell) for cell in row] == [clean(t) for t in texts]


@given(st.text(max_size=40))
def test_a_cell_is_one_cell_to_pandas_as_well(text):
    frame = pd.read_csv(
        io.StringIO("".join(table(["t", "n"], [[[safe("x" + text), 1]]]))), dtype=str, keep_default_na=False
    )
    assert frame.shape == (1, 2)
    assert frame["n"].tolist() == ["1"]


def test_text_is_quoted_and_numbers_are_not():
    assert "".join(table(["t", "n"], [[["5", 5], ["a\nb", -0.25], ['say "x"', None]]])) == (
        '"t","n"\n"5",5\n"a\nb",-0.25\n"say ""x""",""\n'
    )


def test_a_table_takes_chunks_as_they_are_asked_for():
    taken = []

    def chunks():
        for n in range(3):
            taken.append(n)
            yield [[n]]

    pieces = table(["n"], chunks())
    assert taken == []
    assert next(pieces) == '"n"\n'
    assert taken == []
    assert next(pieces) == "0\n"
    assert taken == [0]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(3, 3), (np.int64(3), 3), (0.12345678, 0.123457), (np.float64(0.5), 0.5), (float("nan"), None),
     (float("inf"), None), (pd.NA, None), (None, None), (True, None), ("3", None)],
)  # fmt: skip
def test_numbers_stay_numbers(value, cell):
    assert number(value) == cell
    assert not isinstance(number(value), np.generic)


def test_times_are_utc_with_a_z():
    berlin = timezone(timedelta(hours=2))
    assert moment(datetime(2025, 5, 9, 14, tzinfo=berlin)) == "2025-05-09T12:00:00Z"
    assert moment(pd.Timestamp("2025-05-09T12:00:00.5", tz=UTC)) == "2025-05-09T12:00:00.500000Z"
    assert moment(pd.NaT) == ""
    assert moment(None) == ""


def test_a_long_hostile_text_takes_linear_time():
    assert safe(" " * 1_000_000 + "x") == " " * 1_000_000 + "x"
    assert safe(" " * 1_000_000 + "=x").startswith("' ")
