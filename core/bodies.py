"""Bodies of answers, read with a limit on size, growth and time."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import httpx

from core.errors import SourceChanged

MAX_BODY = 20 * 2**20
MAX_RATIO = 200
_SMALL = 2**20


class BrokenBody(Exception):
    """The body broke off, is garbled or came too slowly: another try may bring it whole."""


def read_body(answer: httpx.Response, *, seconds: float) -> bytes:
    """The unpacked body. Raises BrokenBody, or SourceChanged for one that is too large or packed in an unknown way.

    Gzip is unpacked here and not by the client, piece by piece, so that a bomb is noticed before it fills memory.
    """
    packed = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", "x-gzip", ""):
        raise SourceChanged(f"the answer is packed in an unknown way ({packed[:20]})")
    pieces = _in_time(answer.iter_raw(), seconds)
    return _joined(pieces) if packed in ("identity", "") else _unpacked(pieces)


def _in_time(pieces: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    for piece in pieces:
        if time.monotonic() > end:
            raise BrokenBody("too slow")
        yield piece


def _joined(pieces: Iterator[bytes]) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        _check(len(body), len(body))
    return bytes(body)


def _unpacked(pieces: Iterator[bytes]) -> bytes:
    body, raw = bytearray(), 0
    inflater = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            raw += len(piece)
            body += inflater.decompress(piece, MAX_BODY + 1 - len(body))
            _check(len(body), raw)
    except zlib.error:
        raise BrokenBody("garbled gzip") from None
    if raw and not inflater.eof:
        raise BrokenBody("half a gzip")
    return bytes(body)


def _check(size: int, raw: int) -> None:
    if size > MAX_BODY:
        raise SourceChanged(f"the answer is larger than {MAX_BODY // 2**20} MB")
    if size > _SMALL and size > MAX_RATIO * raw:
        raise SourceChanged(f"the answer unpacks to more than {MAX_RATIO} times its size")
