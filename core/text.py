"""The exact text that a model sees, and its keyed hash: one definition for scoring, storing and counting."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_CHARACTERS = 4_000
"""A model reads at most the first 4,000 characters; posts are far shorter, pasted documents are not."""

_REPOST = re.compile(r"^(?:\s*RT @\w{1,30}:\s*)+", re.IGNORECASE)
_URL = re.compile(r"https?://\S+|www\.\S+")
_MENTION = re.compile(r"(?<!\w)(?:@\w[\w.\-]*)+")
_ADDRESS = re.compile(r"\b(?:https?|at)://\S+|\bwww\.\S+|\bdid:[a-z]+:[\w.:%-]+")
_NAMED = re.compile(r"(?<![\w@])[\w.+-]*@\w[\w.\-]*(?:@\w[\w.\-]*)?|(?<![\w/])/?u/[\w-]+")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Text that every store accepts: no NUL, no lone surrogate (each becomes U+FFFD)."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def without_names(text: str) -> str:
    """The text with every link as [link] and every handle, u/name and mail address as [name]."""
    return _NAMED.sub("[name]", _ADDRESS.sub("[link]", text))


def model_input(text: str) -> str:
    """The text as a classifier reads it: NFC, repost prefix gone, links and mentions as placeholders.

    Reposts and copies with another link or another mention get the same input, and so one score. Placeholders
    are those of TweetEval ("http", "@user"), which the shipped model was trained on. Case is kept. Applying it
    twice changes nothing: placeholders stand apart, and a long text is cut between words.
    """
    text = clean(text[: MAX_CHARACTERS * 2])
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = _REPOST.sub("", text)
    if "http" in text or "www." in text:
        text = _URL.sub(" http ", text)
    if "@" in text:
        text = _MENTION.sub(" @user ", text)
    text = _SPACE.sub(" ", text).strip()
    if len(text) <= MAX_CHARACTERS:
        return text
    border = text.rfind(" ", 0, MAX_CHARACTERS + 1)
    return text[: border if border > 0 else MAX_CHARACTERS]


def text_key(text: str, key: bytes) -> bytes:
    """Sixteen bytes: keyed BLAKE2b of `model_input(text)`, the name under which its scores are stored."""
    return hashlib.blake2b(model_input(text).encode(), digest_size=16, key=key).digest()
