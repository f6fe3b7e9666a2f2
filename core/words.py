"""Words inside posts: case and accents folded, and borders marked so that finding a term is one substring search."""

from __future__ import annotations

import re
import string
import unicodedata

BORDER = "\x01"
"""Stands on both sides of every character that is part of no word in `bordered` text; gone from folded text."""

# Scripts written without spaces: a border inside them cannot be seen, so none is asked for.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff]+"
)
_ASCII_SIGNS = " " + string.punctuation.replace("_", "")
_EMOJI_MARKS = ("\ufe0e", "\ufe0f", "\u20e3")  # they would glue a heart or a keycap to the word behind it
_LONGEST_MARKS = 30  # the Stream-Safe Text Format of UAX 15: a longer run of marks is no language's
_SHORT = 1_000
_FEW = 64


def fold(text: str) -> str:
    """`text` without case, in NFC, with plain apostrophes and number signs and single spaces, one at each end.

    Linear in the length of the text, whatever it holds: unicodedata.normalize is quadratic in runs of combining
    marks, so a run is cut after thirty.
    """
    if text.isascii():
        text = text.lower()
    else:
        if len(text) > _SHORT:
            text = _cut_marks(text)
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
        text = text.replace("\u2019", "'").replace("\uff03", "#")
        for mark in _EMOJI_MARKS:
            text = text.replace(mark, "")
    return f" {' '.join(text.replace(BORDER, ' ').split())} "


def bordered(folded: str) -> str:
    """Folded text with `BORDER` before and after each sign, and each run of a script without spaces.

    What lies between are words: letters, digits, underscores and marks.
    """
    if folded.isascii() and folded.isprintable():
        signs = [sign for sign in _ASCII_SIGNS if sign in folded]
    else:
        signs = [char for char in set(folded) if not is_word(char) and not is_unspaced(char)]
        folded = _UNSPACED.sub(rf"{BORDER}\g<0>{BORDER}", folded)
    if len(signs) > _FEW:
        return folded.translate({ord(sign): f"{BORDER}{sign}{BORDER}" for sign in signs})
    for sign in signs:
        folded = folded.replace(sign, f"{BORDER}{sign}{BORDER}")
    return folded


def is_word(char: str) -> bool:
    """Whether a character is a letter, digit, underscore or mark."""
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def is_unspaced(char: str) -> bool:
    """Whether a character belongs to a script that is written without spaces."""
    return _UNSPACED.match(char) is not None


def _cut_marks(text: str) -> str:
    marks = "".join(char for char in set(text) if unicodedata.combining(char))
    if not marks:
        return text
    return re.sub(f"([{marks}]{{{_LONGEST_MARKS}}})[{marks}]+", r"\1", text)
