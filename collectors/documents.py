"""JSON documents as the records in them, read as a stream: arrays, pages of an API, archives; of any size.

A record is an object in a top-level array or in an array under one of `LISTS`, or a top-level object without
such an array. What stands before the first bracket (X's archives are JavaScript: `window.YTD... = [`) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.streams import MAX_LINE

LISTS = frozenset({"data", "posts", "feed", "statuses", "records", "orderedItems", "items", "tweets", "results",
                   "children"})  # fmt: skip
"""Keys under which APIs and archives list their records."""

_ENTER = frozenset({"data"})  # an object under this key may hold the list: Reddit's listings
_OUTER = re.compile(rb'[{}\[\],"\w-]')
# A string that is whole in the window, else its first quote alone; possessive, so that no input makes it go back.
_INNER = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
_QUOTE = re.compile(rb'["\\]')
_PAIRS = {b"}": b"{", b"]": b"["}


@dataclass(frozen=True, slots=True)
class Piece:
    """A record's bytes with its place; `raw` is None where there is none, for the `reason`."""

    line: int
    offset: int
    raw: bytes | None
    reason: str = ""


class _BrokenOff(Exception):
    """The document ends in the middle of something."""


class _Window:
    """The part of the input that is looked at: everything from `keep` (else from the place reached) on."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._start = 0  # place of the first byte of `data`
        self._counted, self._line = 0, 1  # a place, and its line
        self._at = 0
        self.keep: int | None = None

    @property
    def offset(self) -> int:
        """The place reached."""
        return self._start + self._at

    def line(self, offset: int) -> int:
        """The line of a place within the window, at or behind the place asked for before."""
        self._line += self._data.count(b"\n", self._counted - self._start, offset - self._start)
        self._counted = offset
        return self._line

    def cut(self, start: int) -> bytes:
        """From a place that was kept to the place reached."""
        return self._data[start - self._start : self._at]

    def find(self, pattern: re.Pattern[bytes]) -> bytes:
        """Go behind the next match and return it; b"" at the end of the input."""
        while True:
            found = pattern.search(self._data, self._at)
            if found:
                self._at = found.end()
                return found[0]
            self._at = len(self._data)
            if not self._more():
                return b""

    def skip(self) -> None:
        """Go one byte on."""
        if self._at < len(self._data) or self._more():
            self._at += 1

    def _more(self) -> bool:
        chunk = next((chunk for chunk in self._chunks if chunk), None)
        if chunk is None:
            return False
        cut = self._at if self.keep is None else self.keep - self._start
        if self._counted < self._start + cut:
            self.line(self._start + cut)
        self._start += cut
        self._data = self._data[cut:] + chunk
        self._at -= cut
        return True


def pieces(chunks: Iterator[bytes]) -> Iterator[Piece]:
    """The records of a document in order. What is broken or no object comes as a Piece without bytes."""
    window = _Window(chunks)
    try:
        yield from _walk(window)
    except _BrokenOff:
        start = window.keep if window.keep is not None else window.offset
        yield Piece(window.line(start), start, None, "the document breaks off here")


def _walk(window: _Window) -> Iterator[Piece]:
    open_: list[bytes] = []
    key, scalar, unrolled, top = "", False, False, 0
    while token := window.find(_OUTER):
        start = window.offset - 1
        inside = open_[-1] if open_ else b""
        if token == b'"':
            key, scalar = _string(window), True
        elif token == b"{" and inside == b"[":
            scalar = False
            yield _record(window, start)
        elif token in b"{[" and (not open_ or (inside == b"{" and key in (LISTS if token == b"[" else _ENTER))):
            if not open_:
                top, unrolled, window.keep = start, token == b"[", None if token == b"[" else start
            elif token == b"[":
                unrolled, window.keep = True, None
            open_.append(token)
            scalar = False
        elif token in b"{[":
            scalar = True
            _nested(window, window.keep)
        elif token in b"}],":
            if inside == b"[" and scalar:
                yield Piece(window.line(start), start, None, "not a JSON object")
            scalar = False
            if token != b",":
                if not open_ or open_.pop() != _PAIRS[token]:
                    yield Piece(window.line(start), start, None, "not JSON: a bracket that nothing opened")
                    return
                if not open_ and not unrolled:
                    yield _whole(window, top)
                    window.keep = None
        elif inside == b"[":
            scalar = True
        if window.keep is not None and window.offset - window.keep > MAX_LINE:
            window.keep = None
    if open_:
        raise _BrokenOff


def _record(window: _Window, start: int) -> Piece:
    window.keep = start
    _nested(window, start)
    found = _whole(window, start)
    window.keep = None
    return found


def _whole(window: _Window, start: int) -> Piece:
    if window.keep is None:
        return Piece(window.line(window.offset), start, None, f"record over {MAX_LINE // 2**20} MB")
    return Piece(window.line(start), start, window.cut(start))


def _nested(window: _Window, start: int | None) -> None:
    """Go behind the bracket that closes the one just passed; forget what was kept when it grows too long."""
    depth = 1
    while depth:
        token = window.find(_INNER)
        if not token:
            raise _BrokenOff
        if token == b'"':
            _string(window)
        elif token[:1] != b'"':
            depth += 1 if token in b"{[" else -1
        if start is not None and window.offset - start > MAX_LINE:
            window.keep = None


def _string(window: _Window) -> str:
    """Go behind the closing quote; returns a short string, "" for a long one."""
    start = window.offset
    kept = window.keep
    if kept is None:
        window.keep = start
    while token := window.find(_QUOTE):
        if token == b'"':
            short = window.offset - start < 40 and window.keep is not None
            said = window.cut(start)[:-1].decode("utf-8", "replace") if short else ""
            window.keep = kept if kept is None or window.keep is not None else None
            return said
        window.skip()
        if window.keep is not None and window.offset - window.keep > MAX_LINE:
            window.keep = None
    raise _BrokenOff
