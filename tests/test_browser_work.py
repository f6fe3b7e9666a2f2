"""The working pages in Chromium: sixty payloads as post, incident, note and update are text on every page."""

# ruff: noqa: F401, F811

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from small_store import AS_OF, END, NOTICED, SINCE, WATCH, _score, fill
from test_browser import chromium, serve, visit

from core.records import Outcome, Page, Post, Query, Reason, Sighted, Spike
from store import open_annotations, open_store

pytestmark = pytest.mark.browser
_HOST = "https://evil.example"
_CARRIERS = (
    "<script src={u}></script>", "<img src={u} onerror=alert({n})>", "<svg onload=alert({n})><image href={u} /></svg>",
    "<iframe src={u}></iframe>", "<link rel=stylesheet href={u}>", "<style>@import url({u})</style>",
    "![beacon]({u})", "[click](javascript:alert({n}))", "<video poster={u} autoplay></video>",
    "<object data={u}></object>", "<body onload=alert({n})>", "<meta http-equiv=refresh content='0;url={u}'>",
    "<details open ontoggle=alert({n})>", "<input autofocus onfocus=alert({n})>", "$\\href{{{u}}}{{x}}$ :red[terms]",
)  # fmt: skip
_WRAPS = ("{p}", "\"'>{p}", "</p></article></textarea>{p}", "```\n{p}\n```")
PAYLOADS = tuple(
    wrap.format(p=carrier.format(u=f"{_HOST}/{n}", n=n)) for n, (carrier, wrap) in enumerate(product(_CARRIERS, _WRAPS))
)
PAGES = ("incident", "alerts", "notes", "label", "coverage", "models", "posts", "timeline", "overview", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """The app over a store that holds the payloads wherever text comes in, with an open incident."""
    home = tmp_path_factory.mktemp("hostile")
    settings = fill(home)
    posts = (
        Post("bluesky", f"payload_{n}", AS_OF - timedelta(minutes=2), f"{text} terms", END, author=text, lang="en")
        for n, text in enumerate(PAYLOADS)
    )
    with open_store(settings.store_url, settings.keys) as store:
        query = Query("example", SINCE, END, source="bluesky")
        run = store.begin_run(WATCH, query, now=END)
        store.save(WATCH, query, Page(tuple(Sighted(post, Reason.TEXT) for post in posts)), run=run)
        store.end_run(run, Outcome.FAILED, now=END, error=PAYLOADS[0])
        _score(store)
        store.refresh_rollups()
        number = store.open_incident(Spike(WATCH, NOTICED, 12, 20, 0.6, 1.5, False, "k@1", PAYLOADS[1]), (), now=AS_OF)
    with open_annotations(settings.store_url) as annotations:
        for text in PAYLOADS:
            annotations.note_incident(number, text, author=text, now=AS_OF)
            annotations.add_note(WATCH, AS_OF, text, text, AS_OF)
        annotations.draw(WATCH, 10_000, since=AS_OF - timedelta(minutes=3), until=AS_OF, author=PAYLOADS[2], now=AS_OF)
    with serve(home) as address:
        yield address


def test_there_are_sixty_payloads() -> None:
    assert len(set(PAYLOADS)) == 60


@pytest.mark.parametrize("view", PAGES)
def test_payloads_stay_text_on_every_page(visit, view: str) -> None:
    page = visit(view, scheme="dark" if view in PAGES[::2] else "light", span="24h")
    assert page.locator("[data-testid=stMain] :is(iframe, object, video, meta)").count() == 0
    assert page.locator(f"[src*='{_HOST}'], [href*='{_HOST}'], [data*='{_HOST}'], [poster]").count() == 0
    assert page.locator("[role=dialog]").count() == 0
    page.wait_for_timeout(500)  # time for a beacon or a dialog, which `visit` would report
