"""The dates that a document states of itself: since when it is in force, and when it was last changed."""

from __future__ import annotations

import re
from datetime import date

from core.terms import TextDate
from terms.passages import read_line

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"(?P<m1>{_MONTH})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y1>(?:19|20)\d\d)"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<m2>{_MONTH}),?\s+(?P<y2>(?:19|20)\d\d)"
    r"|(?P<y3>(?:19|20)\d\d)-(?P<m3>\d{2})-(?P<d3>\d{2})"
    r"|(?P<a4>\d{1,2})[/.](?P<b4>\d{1,2})[/.](?P<y4>(?:19|20)\d\d)"
    rf"|(?P<m5>{_MONTH}),?\s+(?P<y5>(?:19|20)\d\d)",
    re.IGNORECASE,
)
_GAP = (
    r"[\s:,*_()\[\]|-]*(?:(?:is|was|as of|on|from|date|this version|version|the|beginning|starting|will be)"
    r"[\s:,]+){0,3}"
)
_EFFECTIVE = re.compile(
    rf"\b(?:effective(?: date| as of| from| on| starting| beginning)?|(?:take|takes|took|taking) effect|"
    rf"in effect|in force|enters? into force|"
    rf"(?:come|comes|go|goes) into (?:effect|force)|valid from|date effective){_GAP}$",
    re.IGNORECASE,
)
_AMENDED = re.compile(
    rf"\b(?:last|latest|most recent(?:ly)?|date(?: of)?(?: last)?|recently)?\s*(?:amend(?:ed|ment)|updated?|"
    rf"revis(?:ed|ion)|modifi(?:ed|cation)|changed?|edited|version|posted|published){_GAP}$",
    re.IGNORECASE,
)
_DATING = re.compile(
    r"\b(?:effective|date|as|of|from|on|the|is|was|these|this|our|terms|policy|version|last|updated?|amended|revised|"
    r"modified|changed?|published|posted|in|force|and|previous|previously|latest)\b|[^\w\s]",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\b(?:until|before|prior to|through|superseded)\W*$", re.IGNORECASE)
_READ = 40
"""Lines from the top, and from the end, in which a document states its own dates."""


def stated_dates(text: str) -> tuple[TextDate | None, TextDate | None]:
    """(effective, last amended) as the text states them near its top or its end; None where it does not.

    A day or month only where both are written; "05/06/2025" is taken only where one reading is possible.
    """
    effective = amended = None
    for line in _ends(text.splitlines()):
        if "20" not in line and "19" not in line:  # of years
            continue
        for found in _DATE.finditer(line):
            before = line[max(0, found.start() - 80) : found.start()]
            told = _told(found)
            if told is None or _UNTIL.search(before):
                continue
            dated = TextDate(told[0], told[1], _quote(line, found.start(), found.end()))
            if effective is None and _EFFECTIVE.search(before):
                effective = dated
            elif amended is None and _AMENDED.search(before):
                amended = dated
    return effective, amended


def _ends(lines: list[str]) -> list[str]:
    """The first `_READ` lines that have short text, and half as many of the others from the end."""
    top: list[str] = []
    read = 0
    for raw in lines:
        if len(top) == _READ:
            break
        read += 1
        if (line := read_line(raw).shown) and len(line) < 400:
            top.append(line)
    end: list[str] = []
    for raw in reversed(lines[read:]):
        if len(end) == _READ // 2:
            break
        if (line := read_line(raw).shown) and len(line) < 400:
            end.append(line)
    return [*top, *reversed(end)]


def only_dates(text: str) -> bool:
    """Whether a text has a date, and little but words of dating beside it ("Effective date: 27 July 2023")."""
    rest, found = _DATE.subn(" ", text)
    return found > 0 and len(_DATING.sub(" ", rest).split()) <= 1


def read_date(value: str) -> TextDate | None:
    """A date that a person wrote ("2025-05-21", "May 2025", "21 May 2025"), or None."""
    text = value.strip()
    if re.fullmatch(r"(?:19|20)\d\d-\d\d", text) and 1 <= int(text[5:]) <= 12:
        return TextDate(text, "month", text)
    found = _DATE.search(text)
    told = _told(found) if found else None
    return TextDate(told[0], told[1], text) if told else None


def _told(found: re.Match[str]) -> tuple[str, str] | None:
    part = {name: value for name, value in found.groupdict().items() if value}
    if "y5" in part:
        return f"{part['y5']}-{_number(part['m5']):02d}", "month"
    if "y4" in part:
        first, second = int(part["a4"]), int(part["b4"])
        if first == second or first > 12 or second > 12:
            month, day = (second, first) if first > 12 else (first, second)
            return _day(int(part["y4"]), month, day)
        return f"{part['y4']}", "year"
    mark = next(n for n in "123" if f"y{n}" in part)
    month = int(part["m3"]) if mark == "3" else _number(part[f"m{mark}"])
    return _day(int(part[f"y{mark}"]), month, int(part[f"d{mark}"]))


def _day(year: int, month: int, day: int) -> tuple[str, str] | None:
    try:
        return date(year, month, day).isoformat(), "day"
    except ValueError:
        return None


def _number(name: str) -> int:
    short = name.lower().rstrip(".")[:3]
    return next(n for n, month in enumerate(_MONTHS, 1) if month.startswith(short))


def _quote(line: str, start: int, end: int) -> str:
    return line[max(0, start - 60) : end].strip()
