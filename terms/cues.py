"""Words by which lawyers' language gives a clause class away: features of the head beside plain words.

They lie in `clause_cues.tsv`, one a line: class, regular expression.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from core.terms import CLASSES

CUES = Path(__file__).with_name("clause_cues.tsv")


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """One expression per class, in the order of `CLASSES`."""
    rows = [line.split("\t", 1) for line in CUES.read_text(encoding="utf-8").splitlines() if line]
    joined = ("|".join(cue for name, cue in rows if name == wanted) for wanted in CLASSES)
    # A cue begins with a word: to look there alone is several times faster.
    return tuple(re.compile(rf"\b(?:{cues})") for cues in joined)


def cues_of(text: str) -> list[set[str]]:
    """The different cues of each class that stand in `text`, in the order of `CLASSES`."""
    plain = text.casefold()  # once: matching without regard to case is four times slower
    return [{found.group() for found in pattern.finditer(plain)} for pattern in patterns()]
