"""What people demand or threaten, by plain patterns; and the words by which a statement would speak to it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand's code, its words for a reader, the pattern of posts that make it, and of statements that touch it."""

    code: str
    label: str
    asked: re.Pattern[str]
    touched: re.Pattern[str]


def _demand(code: str, label: str, asked: str, touched: str) -> Demand:
    return Demand(code, label, re.compile(asked, re.IGNORECASE), re.compile(touched, re.IGNORECASE))


_LEAVE = r"(?:delet|cancel|clos|deactivat|remov|nuk|uninstall)\w*"
_MINE = r"(?:(?:my|our|the|your|this|that)\s+)(?:\w+\s+){0,2}"
_OWN = (
    r"(?:accounts?|apps?|profiles?|subscriptions?|tracks?|uploads?|music|songs?|work|data|posts?|content|videos?"
    r"|streak)"
)
_TERMS = r"(?:clauses?|terms|tos|polic(?:y|ies)|wording|language)"

DEMANDS = (
    _demand(
        "delete",
        "leave or delete what they have there",
        rf"\b{_LEAVE}\s+(?:all\s+)?(?:of\s+)?(?:{_MINE})?{_OWN}\b|\b(?:just |already )?(?:uninstalled|unsubscribed)\b"
        r"|\bdelet(?:ed|ing) (?:it|everything)\b|\b(?:i'?m|we'?re|i am|we are) (?:leaving|out|done with)\b"
        r"|\b(?:i|we|i'?m|i'?ve|we'?re|have|am) (?:\w+ )?(?:mov|switch)(?:ed|ing) (?:\w+ ){0,3}to \w+",
        r"\b(?:delet|remov)\w* (?:your|an?|any|all|the) (?:\w+ )?(?:accounts?|content|data|tracks?|files|uploads?)\b"
        r"|\baccount deletion\b|\bleav(?:e|ing)\b|\bdownload your\b|\bexport your\b",
    ),
    _demand(
        "opt_out",
        "opt out, or be asked first",
        r"\bopt(?:ing|ed)?[\s-]?(?:out|in)\b|\bwithout (?:\w+ ){0,2}(?:consent|asking|permission)\b"
        r"|\bask(?:ed)? (?:us|me|for) (?:first|permission|consent)\b|\b(?:turn|switch) (?:it|this|that) off\b"
        r"|\bdo(?:n'?t| not|esn'?t| never) consent\b|\b(?:i|we|nobody|no one) (?:\w+ )?consented\b",
        r"\bopt(?:ing|ed)?[\s-]?(?:out|in)\b|\bconsent\b|\bpermission\b|\bsettings?\b|\bchoice\b|\btoggle\b",
    ),
    _demand(
        "revert",
        "have the change taken back",
        r"\b(?:revert|undo|withdraw|retract|scrap|rescind)\b|\broll(?:ed|ing)? (?:\w+ ){0,3}back\b"
        r"|\b(?:take|change|put|bring) (?:it|this|that|them|(?:the|this|that) \w+) back\b"
        rf"|\b(?:remove|delete|drop|strike|fix|rewrite|change) (?:the|this|that|your|those) (?:\w+ ){{0,2}}{_TERMS}\b",
        r"\brevert\w*|\bundo\b|\bwithdr[ae]w\w*|\broll\w* back\b|\bgo(?:ing)? back\b"
        rf"|\b(?:updat|revis|chang|remov|rewrit|clarif|replac)\w* (?:\w+ ){{0,5}}{_TERMS}\b",
    ),
    _demand(
        "pay",
        "be paid",
        r"\b(?:pay|paid|paying|reimburs\w*) (?:us|me|artists?|creators?|musicians?|contractors?|for (?:it|our|my|the))"
        r"\b|\bcompensat(?:e|ed|ion)\b|\brefunds?\b|\bwithout pay(?:ing|ment)?\b|\broyalt(?:y|ies)\b",
        r"\bpa(?:y|id|ying|yment)s?\b|\bcompensat\w*|\broyalt\w*|\brefund\w*|\bremunerat\w*|\brevenue\b",
    ),
    _demand(
        "sue",
        "take it to court",
        r"\bsu(?:e|es|ed|ing)\b (?:them|you|him|over|for|the)\b|\blaw\s?suits?\b|\bclass[- ]action\b|\blegal action\b"
        r"|\blawyers?\b|\battorneys?\b|\b(?:in|to) court\b|\billegal\b|\bgdpr\b",
        r"\blaw(?:ful|suits?|s)?\b|\blegal\w*|\bcourt\b|\bgdpr\b|\bcompl(?:y|iance|ies)\b|\bcopyright\b",
    ),
)
"""In the order in which they are told."""

COMMITMENT = re.compile(
    r"\bwe (?:\w+ ){0,3}(?:will|won't|have|are|do not|don't|never|commit|promise|remov\w*|delet\w*|revers\w*|revert\w*"
    r"|pay\w*|guarantee)\b|\b(?:we've|we're|we'll)\b|\byou (?:can|may|will)\b|\b(?:will|shall) (?:not|never|be|only)\b"
    r"|\b(?:no longer|starting|effective|as of|from today)\b",
    re.IGNORECASE,
)
"""A sentence that says what is or will be done, not only that the subject exists."""

DISPUTE = re.compile(
    r"\b(?:lie|lies|liar|lying|lied|bs|bullshit|nonsense|spin|damage control|gaslight\w*|not true|false|empty"
    r"|meaningless|too late|too little|don't believe|dont believe|do not believe|doesn't (?:change|mean|fix)"
    r"|loophole\w*|vague|weasel\w*|non-?apology|sure jan|still (?:says|allows|lets|can|in)|nice try|hollow"
    r"|whitewash\w*|just pr|pr stunt)\b",
    re.IGNORECASE,
)
"""Words of a post that does not believe what it answers to."""


def demands_in(text: str) -> tuple[str, ...]:
    """The codes of the demands that a post makes."""
    plain = text.replace("\u2019", "'")
    return tuple(demand.code for demand in DEMANDS if demand.asked.search(plain))


def sentences(text: str) -> list[str]:
    """A text's sentences, as far as punctuation and lines tell; curly apostrophes become straight ones."""
    plain = text.replace("\u2019", "'")
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", plain) if part.strip()]
