"""Which language a text is in, by lingua: only English is scored, and a text in doubt counts as English.

Two English words that other languages hardly use, or one contraction, settle most posts; the rest goes to lingua's
quick mode, which must be CERTAIN to call a Latin-script text foreign, because names and slang mislead it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

TRAINED = frozenset({"en"})
CERTAIN = 0.8  # confidence; takes 12 of 4,090 English posts and tweets for foreign, some of which are
_KNOWN = (
    "ENGLISH", "SPANISH", "PORTUGUESE", "FRENCH", "GERMAN", "ITALIAN", "DUTCH", "POLISH", "TURKISH", "INDONESIAN",
    "SWEDISH", "DANISH", "CZECH", "ROMANIAN", "VIETNAMESE", "RUSSIAN", "UKRAINIAN", "ARABIC", "PERSIAN", "HEBREW",
    "HINDI", "THAI", "GREEK", "JAPANESE", "KOREAN", "CHINESE",
)  # fmt: skip
_NOT_WORDS = re.compile(r"\bhttp\b|@user|[#@]\w+|\d+")
_LETTERS = re.compile(r"[^\W\d_]")
_ENGLISH = re.compile(
    r"\b(?:the|and|you|your|that|this|these|with|they|their|what|when|why|how|who|have|just|not|are|it|my|from|but|been"
    r"|would|should|which|about|than|because|by|as|if|out)\b"
)
_CONTRACTED = re.compile(r"\b(?:i'm|(?:it|he|she|that|what|who|there)'s|\w+n't|\w+'(?:re|ve|ll))\b")
_SHORT_WORDS = 4  # fewer words than this in plain ASCII are English: brands and exclamations mislead any detector
_READ = 300  # characters; more does not change the answer
_LATIN_END = "\u024f"  # last letter of Latin Extended-B


class Languages:
    """Names the language of a text. The detector loads on first use."""

    def of(self, text: str) -> str:
        """The BCP 47 primary subtag of `text` (a `model_input`), "" where it has no two letters to go by."""
        words = _NOT_WORDS.sub(" ", text[: _READ * 4])[:_READ]
        letters = _LETTERS.findall(words)
        if len(letters) < 2:
            return ""
        if sum(letter > _LATIN_END for letter in letters) * 2 >= len(letters):
            found = self._detector.detect_language_of(words)
            # A script that the detector does not know is certainly not English: "und" is BCP 47 for undetermined.
            return "und" if found is None else str(found.iso_code_639_1.name).lower()
        return self._latin(words)

    def _latin(self, words: str) -> str:
        if words.isascii() and len(words.split()) < _SHORT_WORDS:
            return "en"
        lowered = words.lower().replace("\u2019", "'")
        if len(set(_ENGLISH.findall(lowered))) >= 2 or _CONTRACTED.search(lowered):
            return "en"
        likeliest = self._detector.compute_language_confidence_values(words)[0]
        return str(likeliest.language.iso_code_639_1.name).lower() if likeliest.value >= CERTAIN else "en"

    @cached_property
    def _detector(self) -> LanguageDetector:
        from lingua import Language, LanguageDetectorBuilder

        languages = [getattr(Language, name) for name in _KNOWN]
        return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
