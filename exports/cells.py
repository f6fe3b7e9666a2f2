"""Texts that no spreadsheet takes for a formula (CWE-1236), and the way back to the text."""

from __future__ import annotations

import re

from core.text import clean

# Spreadsheets look past blanks and invisible characters, and read full-width and small forms as the plain sign.
_BLANK = "\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
_BLANK += "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
_SIGN = r"=+\-@＝＋－＠﹦﹢﹣﹫⁺⁻⁼₊₋₌−﬩"  # noqa: RUF001 (the look-alikes are the point)
_DANGEROUS = re.compile(f"[\t\r\n']|[{_BLANK}]*+[{_SIGN}]")

RISKY = f"^(?:[\t\r\n']|[{_BLANK}]*[{_SIGN}])|\x00"
"""Finds every text that `safe` changes, in the syntax of RE2, for whole columns at once."""


def safe(text: str) -> str:
    """`text` as a cell that stays text: a leading apostrophe where it could be read as a formula.

    A text that begins with an apostrophe gets one too, so that `unsafe(safe(t)) == clean(t)` for every text
    (`core.text.clean`: NUL dropped, lone surrogates replaced). Line breaks are kept.
    """
    text = clean(text)
    return "'" + text if _DANGEROUS.match(text) else text


def unsafe(cell: str) -> str:
    """The text that `safe` made `cell` of."""
    return cell.removeprefix("'")
