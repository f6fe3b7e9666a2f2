"""Plain text of the simple HTML in which platforms hand out posts."""

from __future__ import annotations

import html
import re

# Regular expressions that read each character once: html.parser is quadratic on some broken input (CVE-2025-6069).
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</?(?:p|pre|div|li|ul|ol|blockquote)\b[^<>]*>", re.IGNORECASE)
_LINK = re.compile(r'<a\s+href="([^"<>]*)"[^<>]*>[^<>]*\.\.\.</a>', re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")
_BLANK_LINES = re.compile(r"\n{3,}")


def html_text(source: str) -> str:
    """The text of `source`: paragraphs apart by an empty line, entities read, shortened links in full."""
    text = _LINK.sub(r"\1", source)
    text = _BREAK.sub("\n", text)
    text = _PARAGRAPH.sub("\n\n", text)
    text = html.unescape(_TAG.sub("", text))
    return _BLANK_LINES.sub("\n\n", text).strip()
