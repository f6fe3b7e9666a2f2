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


def read_body(answer: httpx.Response, *, seconds: float, most: int = MAX_BODY) -> bytes:
    """The unpacked body. Raises BrokenBody, or SourceChanged for one of over `most` bytes or packed in an unknown way.

    Gzip is unpacked here and not by the client, piece by piece, so that a bomb is noticed before it fills memory.
    """
    packed = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", "x-gzip", ""):
        raise SourceChanged(f"the answer is packed in an unknown way ({packed[:20]})")
    pieces = _in_time(answer.iter_raw(), seconds)
    return _joined(pieces, most) if packed in ("identity", "") else _unpacked(pieces, most)


def _in_time(pieces: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    for piece in pieces:
        if time.monotonic() > end:
            raise BrokenBody("too slow")
        yield piece


def _joined(pieces: Iterator[bytes], most: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        _check(len(body), len(body), most)
    return bytes(body)


def _unpacked(pieces: Iterator[bytes], most: int) -> bytes:
    body, raw = bytearray(), 0
    inflater = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            raw += len(piece)
            body += inflater.decompress(piece, most + 1 - len(body))
            _check(len(body), raw, most)
    except zlib.error:
        raise BrokenBody("garbled gzip") from None
    if raw and not inflater.eof:
        raise BrokenBody("half a gzip")
    return bytes(body)


def _check(size: int, raw: int, most: int) -> None:
    if size > most:
        raise SourceChanged(f"the answer is larger than {most // 2**20} MB")
    if size > _SMALL and size > MAX_RATIO * raw:
        raise SourceChanged(f"the answer unpacks to more than {MAX_RATIO} times its size")
