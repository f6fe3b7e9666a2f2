"""Every collector behind a proxy that breaks its service in every way: what is stored in the end is the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fault_proxy import FaultProxy, Reply, cut, disordered, garbled_gzip, half, refusal
from test_collectors_contract import WORLDS
from worlds import PACE, SLEPT, World

from collectors.protocol import Limits
from core.errors import RetryLater, UproarError
from core.retrying import LONGEST_WAIT

NOT_HTTP = {"files", "bluesky:jetstream"}
FOREVER = 10_000
PAST, DATE = "Fri, 09 May 1997 12:00:00 GMT", "Fri, 09 May 2098 12:00:00 GMT"

FAULTS: dict[str, tuple[Callable[[Reply], Reply | bytes | str], int]] = {
    "reset": (lambda reply: "reset", 1),
    "reset again and again": (lambda reply: "reset", 9),
    "half-close": (half, 2),
    "no answer": (lambda reply: b"", 2),
    "stall": (lambda reply: "stall", 1),
    "truncated document": (cut, 1),
    "web page with 200": (lambda reply: refusal("200 OK", "<!DOCTYPE html><html><body>Log in"), 1),
    "web page with 403": (lambda reply: refusal("403 Forbidden", "<html><body>Blocked"), 1),
    "429 without Retry-After": (lambda reply: refusal("429 Too Many Requests"), 2),
    "429 in the past": (lambda reply: refusal("429 Too Many Requests", retry_after=PAST), 2),
    "429 until an absurd time": (lambda reply: refusal("429 Too Many Requests", retry_after="99999999999"), 1),
    "429 until a date": (lambda reply: refusal("429 Too Many Requests", retry_after=DATE), 1),
    "429 with nonsense": (lambda reply: refusal("429 Too Many Requests", retry_after="soon\x00"), 2),
    "429 with a short wait": (lambda reply: refusal("429 Too Many Requests", retry_after="7"), 2),
    "a burst of 500": (lambda reply: refusal("500 Internal Server Error", "oops"), 3),
    "a long burst of 500": (lambda reply: refusal("503 Service Unavailable", "oops"), 11),
    "a repeated page": (lambda reply: "repeat", 1),
    "a cursor loop": (lambda reply: "loop", FOREVER),
    "out of order": (disordered, FOREVER),
    "garbled gzip": (garbled_gzip, 2),
}
"""What is done to a reply, and to how many requests in a row."""


class Proxied:
    """An httpserver whose addresses lead through the proxy."""

    def __init__(self, server: Any, proxy: FaultProxy) -> None:
        self._server = server
        self.url_for = proxy.url_for
        self.port = proxy.port

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


class Notebook:
    """A store of ids and the newest cursor, kept page by page as the real one does."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.cursor: str | None = None
        self.errors: list[UproarError] = []

    def run(self, world: World) -> bool:
        """One run; whether it came to its end."""
        try:
            for page in world.collector.collect(world.query, self.cursor, Limits()):
                self.ids |= {sighted.post.id for sighted in page.posts}
                self.cursor = page.cursor or self.cursor
        except UproarError as error:
            self.errors.append(error)
            return False
        return True


@pytest.fixture(params=sorted(set(WORLDS) - NOT_HTTP))
def proxied(request, tmp_path, httpserver, monkeypatch):
    monkeypatch.setitem(PACE, "timeout", 0.5)
    SLEPT.clear()
    with FaultProxy(httpserver.port) as proxy:
        world = WORLDS[request.param](tmp_path, Proxied(httpserver, proxy))
        yield world, proxy
        world.close()


@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_after_recovery_the_stored_set_is_the_servers_truth(proxied, fault, skip):
    world, proxy = proxied
    strike, times = FAULTS[fault]
    notebook = Notebook()
    proxy.arm(strike, skip=skip, times=times)
    notebook.run(world)
    assert proxy.asked < 500, "a loop stops"
    proxy.arm(None)
    if not notebook.run(world) and not notebook.run(world):
        raise notebook.errors[-1]
    assert notebook.ids == world.truth
    waits = [*SLEPT, *(e.after for e in notebook.errors if isinstance(e, RetryLater) and e.after is not None)]
    assert max(waits, default=0) <= LONGEST_WAIT
    assert all(seconds >= 0 for seconds in waits)


def test_the_proxy_changes_nothing_unless_armed(proxied):
    world, proxy = proxied
    notebook = Notebook()
    assert notebook.run(world)
    assert notebook.ids == world.truth
    assert proxy.asked > 0, "this collector does not go through the proxy"


def test_a_fault_strikes(proxied):
    world, proxy = proxied
    proxy.arm(lambda reply: refusal("403 Forbidden", "<html>"), times=FOREVER)
    notebook = Notebook()
    assert not notebook.run(world)
    assert proxy.struck > 0
