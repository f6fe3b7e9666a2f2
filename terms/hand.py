"""Texts that a person supplies: HTML or Markdown with the date since when they are in force.

Archives miss versions (SoundCloud's clause of 2024 is in none), so back-filling is a way in like the others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.errors import ConfigError, InputUnusable
from core.terms import Capture, CaptureState, TextDate
from terms.dates import read_date, stated_dates

HTML = (".html", ".htm", ".xhtml")


def supplied(path: Path, *, service: str, document: str, effective: str = "") -> Capture:
    """One version from a file, dated by `effective` or by what the text says of itself.

    Raises ConfigError without any date, InputUnusable for a file that holds no text.
    """
    from terms.folders import read_file

    if not service or not document:
        raise ConfigError(
            f"{path}: give --service and --document, such as --service Acme --document 'Terms of Service'"
        )
    text, problem = read_file(path)
    if problem is not None or not text.strip():
        raise InputUnusable(f"{path}: {'no text in it' if problem is None else problem.value}")
    dated = read_date(effective) if effective else None
    if effective and dated is None:
        raise ConfigError(f"--effective {effective!r} is no date, such as 2024-02-12 or 2024-02")
    stated = stated_dates(text)
    known = dated or stated[0] or stated[1]
    if known is None or known.precision == "year":
        raise ConfigError(f"{path}: the text states no date of its own; give --effective, such as 2024-02-12")
    return Capture(service, document, start_of(known), text, subject=f"supplied: {path.name}", effective=dated)


def start_of(dated: TextDate) -> datetime:
    """The first moment of a stated day or month, in UTC."""
    day = f"{dated.at}-01" if dated.precision == "month" else dated.at
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def markdown(raw: bytes) -> tuple[str, CaptureState | None]:
    """The main text of an HTML page as Markdown (trafilatura); UNREADABLE where there is none."""
    import trafilatura  # takes half a second to import: only for HTML

    try:
        text = trafilatura.extract(
            raw, output_format="markdown", include_links=False, include_comments=False, include_tables=True,
            include_formatting=True, favor_recall=True, deduplicate=False,
        )  # fmt: skip
    except (ValueError, TypeError, RecursionError):
        return "", CaptureState.UNREADABLE
    return (text, None) if text else ("", CaptureState.UNREADABLE)
