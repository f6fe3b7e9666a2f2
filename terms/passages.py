"""A document as passages and words, without what never matters: numbering, links, whitespace, boilerplate.

Texts are Markdown as Open Terms Archive writes it, or as `terms.hand` makes it from HTML. The work is done per line
and remembered, because versions of one document share nearly all of their lines.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_IMAGE = re.compile(r"!\[[^\]]*\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_REFERENCE = re.compile(r"\[([^\[\]]*)\]\[[^\[\]]*\]")
_BARE = re.compile(r"<?(?:https?://|www\.)[^\s>]+>?")
_MAIL = re.compile(r"\[email[ \u00a0]protected\]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_MARKS = re.compile(r"[*_`~]+|\\(?=[\W_])|[\u200b-\u200f\ufeff\u00ad]")
_QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\xa0": " ",
        "\u2026": "...",
    }
)
_NUMBER = re.compile(
    r"^(?:(?:section|article|clause|part|§)\s*)?(?:\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-z]|[ivxlc]{1,6})[.):]|"
    r"\d{1,3}(?:\.\d{1,3})+|"
    r"\(\w{1,4}\)|[-+\u2022\u00b7\u2013\u25aa\u25cf\u25e6#>]+)(?:\s+|$)",
    re.IGNORECASE,
)
_CROSS = re.compile(r"\b(section|article|clause|paragraph|part|item)s?\s+\d+(?:\.\d+)*(?:\([a-z0-9]{1,4}\))*", re.I)
_MENTION = re.compile(r"section|article|clause|par|item", re.IGNORECASE)
_RULE = re.compile(r"^[\s|:=_*+-]*$")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_ITEM = re.compile(r"^\s*(?:[-*+\u2022]\s+|\d{1,3}[.)]\s+|\(?[a-z]{1,3}\)\s+|>|\|)", re.IGNORECASE)
_BOILERPLATE = re.compile(
    r"^(?:(?:back|return|go|jump|scroll) to (?:the )?(?:top|contents?|home\w*)|skip to .{0,30}|play video|"
    r"print(?: (?:this|page).*)?|download.{0,12}pdf|"
    r"(?:expand|collapse|show|hide|open|close)(?: all| more| less| menu)?|table of contents|contents|"
    r"share(?: this.*)?|copy link|read more|learn more|"
    r"(?:copyright|©|\(c\)).{0,80}|.{0,40}all rights reserved\.?|(?:manage|cookie) (?:settings|preferences|"
    r"consent)|menu|search|home|log ?in|sign (?:in|up)|"
    r"was this (?:page|article|information) helpful.*|yes|no|top|next|previous|page \d+(?: of \d+)?|"
    r"english.{0,30}|select (?:a )?language|"
    r"archive of previous terms|(?:view|see) (?:the )?(?:previous|archived?|prior|older) versions?.{0,30}|\W*)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=[\"'(\[]?[^\W_])")
_HEAVY = 300_000  # characters of a text that is not worth remembering
_LONGEST = 20_000  # characters of a passage with its list
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|inc|ltd|no|u\.s|vs|etc|art|sec|co|llc|corp|mr|ms|dr|st)\.[\"')\]]*$", re.I)


class Line(NamedTuple):
    """One line: what is shown, its words for comparing ("" for what never matters), and what it is."""

    shown: str
    words: str
    heading: bool
    starts: bool


class Sentence(NamedTuple):
    """A sentence of a document: as shown, its words, the number of its passage and the heading above it."""

    shown: str
    words: str
    passage: int
    heading: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text cut into passages and sentences, and how many words of it matter."""

    passages: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    words: int


@lru_cache(maxsize=50_000)
def read_line(raw: str) -> Line:
    """A line without links, marks, numbering; boilerplate and rulings have no words."""
    if _RULE.match(raw):
        return Line("", "", False, True)
    found = _HEADING.match(raw.strip())
    text = html.unescape(found[1] if found else raw).translate(_QUOTES)
    starts = bool(found or _ITEM.match(raw))
    if "@" in text or "[email" in text:
        text = _MAIL.sub(" ", text)
    if "[" in text:
        bare = _LINK.sub("", _IMAGE.sub("", text))
        only_link = not _WORD.search(_MARKS.sub("", bare))
        text = _REFERENCE.sub(r"\1", _LINK.sub(r"\1", _IMAGE.sub(" ", text)))
    else:
        only_link = False
    if "://" in text or "www." in text:
        text = _BARE.sub(" ", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = " ".join(_MARKS.sub("", text.replace("|", " ")).split())
    heading = bool(found) or (raw.lstrip().startswith("**") and raw.rstrip().endswith("**") and len(text) < 90)
    plain = _NUMBER.sub("", text)
    plain = _NUMBER.sub("", plain)
    listed = only_link and (raw.lstrip()[:1] in "*-+|[" or raw.lstrip()[:1].isdigit()) and plain.count(" ") < 9
    if listed or _BOILERPLATE.match(plain):
        return Line("", "", False, True)
    return Line(plain, words_of(plain), heading, starts or heading)


@lru_cache(maxsize=50_000)
def words_of(text: str) -> str:
    """The words of `text` for comparing, without punctuation and numbers of sections.

    Capitals count ("Your Content" is a defined term, "your content" is none); words in nothing but capitals do not.
    """
    plain = text.translate(_QUOTES)
    if _MENTION.search(plain):
        plain = _CROSS.sub(r"\1", plain)
    return " ".join(word.lower() if word.isupper() else word for word in _WORD.findall(plain))


def key_of(text: str) -> tuple[bytes, int]:
    """(key, words) of a text: equal for texts that differ only in what never matters, reflowed lines included."""
    digest, count = hashlib.blake2b(digest_size=16), 0
    for raw in text.splitlines():
        words = read_line(raw).words
        if words:
            digest.update(words.encode("utf-8", "surrogatepass") + b" ")
            count += words.count(" ") + 1
    return digest.digest(), count


def read_document(text: str) -> Document:
    """The passages and sentences of a Markdown text.

    Lines of one paragraph are joined first, and the items of a list belong to the passage that announces them
    (one that ends with a colon). Remembered: of one document's versions many, of giants two.
    """
    return _document(text) if len(text) <= _HEAVY else _heavy(text)


def _read_document(text: str) -> Document:
    passages: list[str] = []
    sentences: list[Sentence] = []
    heading, announced, count = "", False, 0
    for shown, kind in _paragraphs(text):
        if kind == "heading":
            heading = shown[:120]
        if kind == "item" and announced and len(passages[-1]) < _LONGEST:
            passages[-1] += "\n- " + shown
        else:
            announced = kind != "heading" and shown.endswith(":")
            passages.append(shown)
        for part, words, size in _counted(shown):
            sentences.append(Sentence(part, words, len(passages) - 1, heading))
            count += size
    return Document(tuple(passages), tuple(sentences), count)


_document = lru_cache(maxsize=64)(_read_document)
_heavy = lru_cache(maxsize=2)(_read_document)


@lru_cache(maxsize=20_000)
def _counted(shown: str) -> tuple[tuple[str, str, int], ...]:
    """The sentences of a paragraph that have words: as shown, their words, and how many."""
    parts = ((part, words_of(part)) for part in sentences_of(shown))
    return tuple((part, words, words.count(" ") + 1) for part, words in parts if words)


def _paragraphs(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    lines: list[str] = []
    item = False

    def end() -> None:
        if lines:
            found.append((" ".join(lines), "item" if item else "text"))
            lines.clear()

    for raw in text.splitlines():
        line = read_line(raw)
        if not line.words or line.starts:
            end()
            item = line.starts and bool(line.words)
        if line.heading and line.words:
            found.append((line.shown, "heading"))
        elif line.words:
            lines.append(line.shown)
    end()
    return found


@lru_cache(maxsize=20_000)
def sentences_of(shown: str) -> tuple[str, ...]:
    """A paragraph cut into sentences."""
    parts: list[str] = []
    for part in _SENTENCE.split(shown):
        if parts and (_ABBREVIATED.search(parts[-1]) or len(parts[-1]) < 12):
            parts[-1] += " " + part
        else:
            parts.append(part)
    return tuple(parts)
