"""Bytes of an input as lines: plain, gzip or zstd, told by content, from a file or stdin, in little memory."""

from __future__ import annotations

import contextlib
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import InputUnusable

MAX_LINE = 16 * 2**20
_CHUNK = 2**18
# Compressed bytes are fed in pinches: the worst zstd block grows one to 32 MB, the worst gzip one to 1 MB.
_PINCH = 2**10
# Reddit's dumps are written with windows of 2 GB; the memory is taken as data fills it.
_WINDOW = 2**31
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet: save the table as CSV (UTF-8)",
    b"BZh": "bzip2: unpack it first (bunzip2)",
    b"\xfd7zXZ": "xz: unpack it first (unxz)",
    b"\xff\xfe": "UTF-16: save it as UTF-8",
    b"\xfe\xff": "UTF-16: save it as UTF-8",
}


class Damaged(Exception):
    """The compressed input breaks off or is garbled here. What came before is good."""


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@contextlib.contextmanager
def open_input(path: str) -> Iterator[Iterator[bytes]]:
    """The unpacked bytes of a file ("-": stdin) in chunks, without a UTF-8 byte order mark.

    The iterator raises `Damaged` where a compressed stream breaks. Raises InputUnusable for a file that cannot
    be read, is empty or is of a form that is not read.
    """
    with contextlib.ExitStack() as stack:
        try:
            file: BinaryIO = sys.stdin.buffer if path == "-" else stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise InputUnusable(f"{path}: cannot be read ({error.strerror})") from None
        yield _unpacked(file, shown(path))


def shown(path: str) -> str:
    """The name of an input in messages."""
    return "stdin" if path == "-" else path


def lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """(offset, line with its line feed) in the unpacked bytes; None for a line longer than `MAX_LINE`.

    `Damaged` passes through after the last whole line; the piece of a line before it is dropped.
    """
    rest, offset, overlong = b"", 0, False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield offset, None if overlong else line + b"\n"
            offset += len(line) + 1
            overlong = False
        if len(rest) > MAX_LINE:
            offset += len(rest)
            rest, overlong = b"", True
    if rest or overlong:
        yield offset, None if overlong else rest


def _unpacked(file: BinaryIO, name: str) -> Iterator[bytes]:
    chunks = _raw(file, name)
    head = next(chunks, b"")
    if head.startswith(b"\x1f\x8b"):
        chunks = _inflated(_chain(head, chunks), lambda: zlib.decompressobj(wbits=31), "gzip")
        head = next(chunks, b"")
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        unpack = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        chunks = _inflated(_chain(head, chunks), lambda: unpack.decompressobj(), "zstd")
        head = next(chunks, b"")
    for magic, remedy in _FOREIGN.items():
        if head.startswith(magic):
            raise InputUnusable(f"{name}: this is {remedy}")
    yield from _chain(head.removeprefix(b"\xef\xbb\xbf"), chunks)


def _raw(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise InputUnusable(f"{name}: cannot be read ({error.strerror})") from None


def _chain(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _inflated(chunks: Iterator[bytes], start: Callable[[], _Inflater], form: str) -> Iterator[bytes]:
    """Unpack frames or members that follow one another."""
    import zstandard

    inflater, fed, out = start(), False, bytearray()
    try:
        for chunk in chunks:
            for at in range(0, len(chunk), _PINCH):
                data = chunk[at : at + _PINCH]
                while data:
                    out += inflater.decompress(data)
                    data, fed = inflater.unused_data, True
                    if inflater.eof:
                        inflater, fed = start(), False
                    else:
                        break
                if len(out) >= _CHUNK:
                    yield bytes(out)
                    out.clear()
    except (zlib.error, zstandard.ZstdError):
        yield bytes(out)
        raise Damaged(f"the {form} data is damaged here") from None
    yield bytes(out)
    if fed:
        raise Damaged(f"the {form} data breaks off here")
