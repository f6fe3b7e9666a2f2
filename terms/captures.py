"""What a captured text is: the document, or an empty page, half a page, a login page, another language.

Two looks: at the text alone (`look`), and beside the last good text of the same document (`compare`), which is
causal: a capture is judged by what came before it, never by what came after.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from core.terms import CaptureState
from terms.passages import Document, read_document

if TYPE_CHECKING:
    from lingua import LanguageDetector

LARGEST = 2_000_000
"""Characters: the longest terms known to us have 200,000."""
SHORTEST = 20
"""Words below which a text is no document of terms."""

_DOOR = re.compile(
    r"\b(log ?in|sign ?in|password|forgot|create (?:an? |your )?(?:new )?account|enable javascript|"
    r"javascript is (?:disabled|required|not)|captcha|"
    r"not a robot|verify (?:that )?you are (?:a )?human|checking your browser|just a moment|unusual traffic|"
    r"access (?:to this page )?(?:has been )?denied|"
    r"forbidden|page (?:not|cannot be|can't be|could not be) found|page (?:isn't|is not|doesn't) (?:available|"
    r"exist)|404|403|50[0234]|bad gateway|service unavailable|"
    r"temporarily unavailable|under maintenance|something went wrong|try again later|too many requests|"
    r"rate limit|accept (?:all )?cookies|"
    r"we use cookies|cookie preferences|keep me logged in|remember me|phone number or email|cloudflare|ray id|"
    r"unsupported browser|update your browser)\b",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"\b(liabilit\w+|licen[cs]e\w*|warrant\w+|indemnif\w+|terminat\w+|arbitrat\w+|govern\w+ law|personal data|"
    r"your content|third part\w+|agreement|"
    r"obligation\w*|intellectual property|jurisdiction|these terms|this policy)\b",
    re.IGNORECASE,
)
_LANGUAGES = (
    "ENGLISH", "SPANISH", "PORTUGUESE", "FRENCH", "GERMAN", "ITALIAN", "DUTCH", "POLISH", "TURKISH", "INDONESIAN",
    "SWEDISH", "DANISH", "CZECH", "ROMANIAN", "VIETNAMESE", "RUSSIAN", "UKRAINIAN", "ARABIC", "HEBREW", "HINDI",
    "GREEK", "JAPANESE", "KOREAN", "CHINESE",
)  # fmt: skip
_READ = 1_500
_CERTAIN = 0.8


def look(text: str, words: int) -> tuple[CaptureState, str]:
    """The state of a text by itself, and why in plain words."""
    if len(text) > LARGEST:
        return CaptureState.OVERSIZE, f"{len(text):,} characters, more than any terms have ({LARGEST:,})"
    if words < 400:
        doors = {found.casefold() for found in _DOOR.findall(text)}
        legal = len({found.casefold() for found in _LEGAL.findall(text)})
        if (len(doors) >= 2 or (doors and words < 80)) and legal < 4 and legal <= len(doors):
            return CaptureState.LOGIN, f"a login, consent or error page ({', '.join(sorted(doors)[:3])})"
    if words < SHORTEST:
        return CaptureState.EMPTY, f"{words} words"
    return CaptureState.OK, ""


def compare(before: str, after: str) -> tuple[CaptureState, str]:
    """The state of `after` beside the last good text `before` of the same document, and why."""
    old, new = read_document(before), read_document(after)
    known = {sentence.words for sentence in old.sentences}
    shared = sum(sentence.words in known for sentence in new.sentences) / max(1, len(new.sentences))
    if shared < 0.2 and (found := _other_language(before, after)):
        return CaptureState.LANGUAGE, found
    if old.words < 150:
        return CaptureState.OK, ""
    left = new.words / old.words
    if left < 0.15:
        if shared >= 0.5:
            return CaptureState.TRUNCATED, f"{left:.0%} of the words of the last text"
        return CaptureState.LOGIN, f"another page: {left:.0%} of the length, {shared:.0%} of the sentences known"
    if left < 0.97 and _cut(old, new, left):
        return CaptureState.TRUNCATED, f"the text stops after {left:.0%} of the last one"
    return CaptureState.OK, ""


def _cut(old: Document, new: Document, left: float) -> bool:
    """Whether `new` is the beginning of `old` and then stops.

    A text that ends inside a sentence of the old one was cut. One that ends between two was cut where more than
    half is missing, and what is missing does not stand in the rest too (a page that showed old and new terms).
    """
    first, second = [s.words for s in old.sentences], [s.words for s in new.sentences]
    if len(second) < 2 or len(second) > len(first):
        return False
    same = sum(a == b for a, b in zip(first, second[:-1], strict=False))
    if same < 0.9 * (len(second) - 1):
        return False
    last, there = second[-1], first[len(second) - 1]
    if last != there and there.startswith(last) and len(last) < 0.95 * len(there):
        return True
    lost, kept = first[len(second) :], set(second)
    return left <= 0.5 and sum(words in kept for words in lost) < 0.3 * len(lost)


def _other_language(before: str, after: str) -> str:
    one, two = language(before), language(after)
    return f"in {two}, the document was in {one}" if one and two and one != two else ""


def language(text: str) -> str:
    """The ISO 639-1 code of the language of a text, "" where it is in doubt."""
    sample = " ".join(read_document(text[: 4 * _READ]).passages)[:_READ]
    values = _detector().compute_language_confidence_values(sample)
    return str(values[0].language.iso_code_639_1.name).lower() if values and values[0].value >= _CERTAIN else ""


@cache
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    known = [getattr(Language, name) for name in _LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()
