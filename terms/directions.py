"""Whether a changed clause lets the platform do more (widens) or less (narrows), or neither is clear.

By rules on what the added and the removed words say: a promise of the platform, a choice or a right of the user
narrows; a right of the platform, a duty of the user or a limit of liability widens; removing one is the opposite of
adding it.
"""

from __future__ import annotations

import re

_NOT_THEY = (
    r"(?!(?:You|Users?|Members?|Terms?|Agreements?|Licen[cs]es?|Content|Changes?|Services?|This|It|Section|Party)\b)"
)
_NARROWS = re.compile(
    rf"\b(?:we|(?-i:{_NOT_THEY}[A-Z][a-z]+)) (?:will not|won't|do(?:es)? not|don't|never|shall not|may not|will never)"
    r"(?! (?:endorse|guarantee|warrant|represent|control|monitor|be (?:liable|responsible)))\b"
    r"|\bnone of\b|\b(?:isn't|aren't|is not|are not) used\b|(?<!unless you )\bopt[- ]?(?:in|out)\b|"
    r"\bwith(?:out)? your (?:\w+ )?(?:consent|permission)\b"
    r"|\b(?:only|unless|if) (?:\w+ ){0,3}(?:consent|permission)\b|"
    r"\byou (?:retain|keep|own|(?:can|may) (?:control|manage|opt|delete|object|choose|"
    r"turn|download|withdraw|cancel))\b|\byou have (?:the|a) right\b"
    r"|\bsolely (?:for|to)\b|(?<!not )\blimited to\b|\bno longer (?:use|share|collect)\b|\bstrictly necessary\b|"
    r"\bfor that purpose only\b|\brefund\w*|\byour rights? to\b|\bdoes not claim\b"
    r"|\b(?:at least )?\w+ (?:calendar |business )?days'? (?:prior |advance )?(?:written )?notice\b|"
    r"\bprohibit\w* (?:\w+ ){0,3}(?:train|scrap)|\bdelet\w+ (?:it )?(?:within|after)\b",
    re.IGNORECASE,
)
_WIDENS = re.compile(
    r"\bwe (?:may|can|reserve|collect|share|use|will share|disclose)\b|"
    r"\b(?:you|user) (?!and )(?:\w+ ){0,2}(?:grants?|waives?|consents?)\b|"
    r"\byou (?:hereby )?agree (?:that we|not to|to our)\b"
    r"|\bmay (?:be used|use|change|share|terminate|suspend|modify|sell|investigate|charge|remove)\b|\b(?:perpetual|"
    r"irrevocable|sub-?licens\w+|royalty-free|transferable)\b"
    r"|\bwithout (?:prior |further )?(?:notice|compensation|payment|liability)\b|"
    r"\bsole(?: and absolute)? discretion\b|\bany purpose\b"
    r"|\bany (?:and all )?(?:media|reason)\b|\b(?:waive|liquidated damages|train(?:ing)?|including for)\b"
    r"|\bthird[- ]part(?:y|ies) (?:partners|collaborators)\b|\byou (?:must|may not|shall not|will not)\b",
    re.IGNORECASE,
)
_UNBOUND = re.compile(
    r"\bnot (?:be )?(?:liable|responsible)\b|\bour liability\b|\bliability is limited\b|\bat your (?:own|sole) risk\b|"
    r"\bas is\b|\bdisclaim\w*|\b(?:not|nor) (?:\w+ )?(?:endorse|guarantee|warrant)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s*(?:for example\b|e\.g\.|how (?:do|does|can) |learn more\b)", re.IGNORECASE)
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
        if _ASIDE.match(sentence):  # it explains, and says nothing of its own
            continue
        if _UNBOUND.search(sentence):
            total += 1.0
            continue
        narrows, widens = len(_NARROWS.findall(sentence)), len(_WIDENS.findall(sentence))
        if narrows or widens:
            total += -1.0 if narrows and narrows * 2 >= widens else 1.0
    return total
