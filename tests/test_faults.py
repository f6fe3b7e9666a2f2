"""Every collector behind a proxy that breaks its service in every way: what is stored in the end is the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fault_proxy import FaultProxy, Reply, cut, disordered, garbled_gzip, half, refusal
from test_collectors_contract import WORLDS
from worlds import ELAPSED, PACE, SLEPT, World

from collectors.protocol import Limits
from core.errors import RetryLater, UproarError
from core.records import Interval
from core.retrying import LONGEST_WAIT

pytestmark = pytest.mark.slow
NOT_HTTP = {"files", "bluesky:jetstream"}
FOREVER = 10_000
PAST, DATE = "Fri, 09 May 1997 12:00:00 GMT", "Fri, 09 May 2098 12:00:00 GMT"

FAULTS: dict[str, tuple[Callable[[Reply], Reply | bytes | str], int, int]] = {
    "reset": (lambda reply: "reset", 0, 1),
    "reset again and again": (lambda reply: "reset", 2, 9),
    "half-close": (half, 2, 2),
    "no answer": (lambda reply: b"", 0, 2),
    "stall": (lambda reply: "stall", 2, 1),
    "truncated document": (cut, 2, 1),
    "web page with 200": (lambda reply: refusal("200 OK", "<!DOCTYPE html><html><body>Log in"), 2, 1),
    "web page with 403": (lambda reply: refusal("403 Forbidden", "<html><body>Blocked"), 2, 1),
    "429 without Retry-After": (lambda reply: refusal("429 Too Many Requests"), 0, 2),
    "429 in the past": (lambda reply: refusal("429 Too Many Requests", retry_after=PAST), 2, 2),
    "429 until an absurd time": (lambda reply: refusal("429 Too Many Requests", retry_after="99999999999"), 2, 1),
    "429 until a date": (lambda reply: refusal("429 Too Many Requests", retry_after=DATE), 0, 1),
    "429 with nonsense": (lambda reply: refusal("429 Too Many Requests", retry_after="soon"), 2, 2),
    "429 with a short wait": (lambda reply: refusal("429 Too Many Requests", retry_after="7"), 0, 2),
    "a burst of 500": (lambda reply: refusal("500 Internal Server Error", "oops"), 2, 3),
    "a long burst of 503": (lambda reply: refusal("503 Service Unavailable", "oops"), 0, 11),
    "a repeated page": (lambda reply: "repeat", 1, 1),
    "a cursor loop": (lambda reply: "loop", 1, FOREVER),
    "out of order": (disordered, 0, FOREVER),
    "garbled gzip": (garbled_gzip, 2, 2),
}
"""What is done to a reply, after how many requests, and to how many of them in a row."""


MARKED = {
    ("reddit", "a cursor loop"): "a listing ends where Reddit ends it",
    ("x", "a cursor loop"): "a search whose pages come again is left at that",
    ("youtube", "a cursor loop"): "a video's comments end where YouTube ends them",
}
"""Where a fault looks like a limit of the service: what may be missing must then be shown as truncated."""


class Proxied:
    """An httpserver whose addresses lead through the proxy."""

    def __init__(self, server: Any, proxy: FaultProxy) -> None:
        self._server = server
        self._proxy = proxy
        self._own: str | None = None
        self.url_for = proxy.url_for
        self.port = proxy.port

    def through(self, url: str) -> str:
        """For a world with servers of its own: the first of them stands behind the proxy, others do not."""
        self._own = self._own or url
        if url != self._own:
            return url
        self._proxy.stand_before(int(url.rpartition(":")[2]))
        return self._proxy.url_for("")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


class Notebook:
    """A store of ids and the newest cursor, kept page by page as the real one does."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.cursor: str | None = None
        self.truncated: list[Interval] = []
        self.errors: list[UproarError] = []

    def run(self, world: World) -> bool:
        """One run; whether it came to its end."""
        try:
            for page in world.collector.collect(world.query, self.cursor, Limits()):
                self.ids |= {sighted.post.id for sighted in page.posts}
                self.truncated += page.truncated
                self.cursor = page.cursor or self.cursor
        except UproarError as error:
            self.errors.append(error)
            return False
        return True


@pytest.fixture(params=sorted(set(WORLDS) - NOT_HTTP))
def proxied(request, tmp_path, httpserver, monkeypatch):
    if "stall" in request.node.name:  # else a busy machine would look like a stall
        monkeypatch.setitem(PACE, "timeout", 1.0)
    SLEPT.clear()
    with FaultProxy(httpserver.port) as proxy:
        world = WORLDS[request.param](tmp_path, Proxied(httpserver, proxy))
        yield world, proxy
        world.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_after_recovery_the_stored_set_is_the_servers_truth(proxied, fault):
    world, proxy = proxied
    strike, skip, times = FAULTS[fault]
    notebook = Notebook()
    proxy.arm(strike, skip=skip, times=times)
    notebook.run(world)
    assert proxy.asked < 500, "a loop stops"
    proxy.arm(None)
    ELAPSED[0] += LONGEST_WAIT
    if not notebook.run(world) and not notebook.run(world):
        raise notebook.errors[-1]
    if (world.query.source, fault) in MARKED and notebook.ids != world.truth:
        assert notebook.truncated
        assert notebook.ids < world.truth
    else:
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
    assert not notebook.run(world) or notebook.truncated
    assert proxy.struck > 0
