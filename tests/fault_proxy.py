"""A proxy that breaks HTTP on purpose, between a collector and the fake of its service. One thread, asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_ITEM = re.compile(rb"<item>.*?</item>", re.DOTALL)
_PLACE = re.compile(
    rb"[?&](cursor|page|after|before|count|pageToken|min_id|max_id|since_id|next_token|pagination_token)=[^& ]*"
)
_STALL = 30.0


@dataclass(frozen=True)
class Reply:
    """An answer of the server behind the proxy."""

    status: bytes
    headers: dict[str, str]
    body: bytes

    def wire(self, *, length: int | None = None) -> bytes:
        """As it goes over the wire; `length` may lie."""
        kept = {k: v for k, v in self.headers.items() if k not in ("content-length", "transfer-encoding", "connection")}
        kept |= {"content-length": str(len(self.body) if length is None else length), "connection": "close"}
        head = b"".join(f"{k}: {v}\r\n".encode("latin-1") for k, v in kept.items())
        return b"HTTP/1.1 " + self.status + b"\r\n" + head + b"\r\n" + self.body


def refusal(status: str, body: str = "", **headers: str) -> Reply:
    """An answer that the server did not give."""
    kind = "text/html" if body.startswith("<") else "text/plain"
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Reply(status.encode(), {"content-type": kind, **names}, body.encode())


def half(reply: Reply) -> bytes:
    """Half a body under the length of the whole."""
    return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2]).wire(length=len(reply.body) + 1)


def cut(reply: Reply) -> Reply:
    """Half a document as if it were whole."""
    return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])


def disordered(reply: Reply) -> Reply:
    """The same records, the other way round: every list of JSON objects, and the items of a feed."""
    try:
        body = json.dumps(_reversed(json.loads(reply.body))).encode()
    except ValueError:
        found = _ITEM.findall(reply.body)
        body = _ITEM.sub(lambda _: found.pop(), reply.body)
    return Reply(reply.status, reply.headers, body)


def garbled_gzip(reply: Reply) -> Reply:
    """A gzip stream whose middle is noise."""
    packed = bytearray(gzip.compress(reply.body))
    middle = len(packed) // 2
    packed[middle : middle + 8] = b"\xff" * 8
    return Reply(reply.status, {**reply.headers, "content-encoding": "gzip"}, bytes(packed[:-4]))


def _reversed(value: Any) -> Any:
    if isinstance(value, list):
        found = [_reversed(part) for part in value]
        return found[::-1] if all(isinstance(part, dict) for part in found) else found
    return {k: _reversed(v) for k, v in value.items()} if isinstance(value, dict) else value


class FaultProxy:
    """Passes requests on to a server on this machine. `arm` breaks some of them; use it in a `with` block.

    A fault is a function of the server's reply: to a Reply, to raw bytes (sent, then the connection ends), or to
    one of the words "reset", "stall", "repeat" (the reply before from there, once more) and "loop" (the first page
    of the same question, whatever page was asked for).
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._fault: Callable[[Reply], Reply | bytes | str] | None = None
        self._skip = self._times = 0
        self._first: dict[bytes, Reply] = {}
        self._before: dict[bytes, Reply] = {}
        self.asked = self.struck = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = started.result(5)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def url_for(self, path: str) -> str:
        """As `httpserver.url_for`, through the proxy."""
        return f"http://localhost:{self.port}{path}"

    def stand_before(self, port: int) -> None:
        """Pass requests on to another server."""
        self._upstream = port

    def arm(self, fault: Callable[[Reply], Reply | bytes | str] | None, *, skip: int = 0, times: int = 1) -> None:
        """Strike `times` requests after the next `skip`; None strikes none."""
        self._fault, self._skip, self._times, self.struck = fault, skip, times, 0
        self._first.clear()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)  # what was closed ends in the next round

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(size[1])) if size else b""
            await self._answer(head, await self._passed_on(head, body), writer)
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _passed_on(self, head: bytes, body: bytes) -> Reply:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        plain = re.sub(rb"(?i)\r\n(connection|accept-encoding): [^\r]*", b"", head[:-4])
        try:
            writer.write(plain + b"\r\nConnection: close\r\n\r\n" + body)
            answer = await reader.read()
        finally:
            writer.close()
        first, _, content = answer.partition(b"\r\n\r\n")
        status, *lines = first.split(b"\r\n")
        headers = dict(line.decode("latin-1").lower().split(": ", 1) for line in lines)
        return Reply(status.partition(b" ")[2], headers, content)

    async def _answer(self, head: bytes, reply: Reply, writer: asyncio.StreamWriter) -> None:
        path = head.partition(b"?")[0]
        asked = _PLACE.sub(b"", head.partition(b"\r\n")[0])
        self._first.setdefault(asked, reply)
        self.asked += 1
        said: Reply | bytes | str = reply
        if self._fault is not None and self._skip <= 0 and self.struck < self._times:
            self.struck += 1
            said = self._fault(reply)
        self._skip -= 1
        if said in ("repeat", "loop"):
            said = self._before.get(path, reply) if said == "repeat" else self._first[asked]
        if isinstance(said, Reply):
            self._before[path] = reply
            said = said.wire()
        if said == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif said == "stall":
            writer.write(half(reply))
            await writer.drain()
            await asyncio.sleep(_STALL)
        else:
            assert isinstance(said, bytes)
            writer.write(said)
            await writer.drain()
