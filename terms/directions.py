"""Whether a changed clause lets the platform do more (widens) or less (narrows), or neither is clear.

By rules on what the added and the removed words say: a promise of the platform, a choice or a right of the user
narrows; a right of the platform or a duty of the user widens; removing one is the opposite of adding it.
"""

from __future__ import annotations

import re

_NARROWS = re.compile(
    r"\b(?:we|us|it|(?!you\b|users?\b|members?\b)[a-z]+) (?:will not|won't|do(?:es)? not|don't|never|shall not|"
    r"cannot|may not|will never)\b"
    r"|\bnone of\b|\b(?:isn't|aren't|is not|are not) used\b|\bopt[- ]?(?:in|out)\b|"
    r"\bwith(?:out)? your (?:\w+ )?(?:consent|permission)\b"
    r"|\b(?:only|unless|if) (?:\w+ ){0,3}(?:consent|permission|opt)\b|\byou (?:retain|keep|own|can (?:control|"
    r"opt|delete|object|choose|turn))\b"
    r"|\b(?:solely|limited to|no longer|strictly necessary|for that purpose only)\b|\brefund\w*|"
    r"\byour rights? to\b|\bdoes not claim\b"
    r"|\b(?:at least )?\w+ days'? (?:prior )?notice\b|\bprohibit\w* (?:\w+ ){0,3}(?:train|scrap)",
    re.IGNORECASE,
)
_WIDENS = re.compile(
    r"\bwe (?:may|can|reserve|collect|share|use|will share|disclose)\b|\b(?:you|user) (?:\w+ ){0,2}(?:grants?|"
    r"agrees?|waives?|consents?|acknowledges?)\b"
    r"|\bmay (?:be used|use|change|share|terminate|suspend|modify|sell)\b|\b(?:perpetual|irrevocable|"
    r"sub-?licens\w+|royalty-free|transferable)\b"
    r"|\bwithout (?:prior |further )?(?:notice|compensation|payment|liability)\b|"
    r"\bsole(?: and absolute)? discretion\b|\bany purpose\b"
    r"|\bany (?:and all )?(?:media|reason)\b|\b(?:binding|waive|class action|not liable|liquidated damages)\b"
    r"|\btrain(?:ing)?\b|\bthird[- ]part(?:y|ies) (?:may|can|partners|collaborators)\b|\byou (?:must|may not|"
    r"shall not|are responsible)\b|\bincluding for\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.;!?])\s+")


def direction(removed: str, added: str) -> str:
    """widens, narrows or unclear."""
    change = _weight(added) - _weight(removed)
    if change >= 1:
        return "widens"
    return "narrows" if change <= -1 else "unclear"


def _weight(text: str) -> float:
    """Above 0 where the text gives the platform room: each sentence counts once, a promise outweighs a right."""
    total = 0.0
    for sentence in _SENTENCE.split(text):
        narrows, widens = len(_NARROWS.findall(sentence)), len(_WIDENS.findall(sentence))
        if narrows or widens:
            total += -1.0 if narrows and narrows * 2 >= widens else 1.0
    return total
