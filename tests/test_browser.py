"""The dashboard in Debian's Chromium, as a person meets it: both themes, wide and narrow, with hostile posts."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from small_store import HOSTILE, NOTICE, WATCH, fill

from core.settings import PROJECT

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    # Nothing may leave the machine even if a page asks for it; what it asks for is in the request log.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
_STILL = "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
_DRAWN = (
    "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(c => c.querySelector('svg.marks'))"
)
VIEWS = ("", "timeline", "posts")
READ_MORE = ("themes", "effects", "compare", "terms")
WIDE, NARROW = 1400, 390


@dataclass
class Seen:
    """What a page did besides drawing."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """The real app over a small store, on a free port of this machine."""
    home = tmp_path_factory.mktemp("home")
    fill(home)
    with serve(home) as address:
        yield address


@contextlib.contextmanager
def serve(home: Path) -> Iterator[str]:
    """The real app over the store in `home`, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UPROAR_")} | {"UPROAR_HOME": str(home)}
    with (home / "streamlit.log").open("wb") as log:
        app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", app)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()
            app.wait(timeout=20)


def _wait(url: str, app: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert app.poll() is None, "the dashboard ended before it answered"
        with contextlib.suppress(OSError), urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    pytest.fail("the dashboard did not answer within 60 seconds")


@pytest.fixture(scope="module")
def chromium():
    if not Path(CHROMIUM).exists():
        message = "Chromium is not installed: apt-get install chromium"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, site):
    """Opens a view and returns its page; at the end nothing foreign, wrong or loud may have happened on it."""
    opened = []

    def open_view(path: str, *, scheme: str = "light", width: int = WIDE, **params: str):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page, seen = context.new_page(), Seen()
        page.on("request", lambda request: _note(request.url, seen))
        page.on("console", lambda line: line.type == "error" and _complain(line, seen))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        query = "&".join(f"{key}={value}" for key, value in {"watch": WATCH, **params}.items())
        page.goto(f"{site}/{path}?{query}")
        settle(page)
        opened.append((context, seen))
        return page

    yield open_view
    for context, seen in opened:
        context.close()
        assert seen == Seen()


def _note(url: str, seen: Seen) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
        seen.foreign.append(url)


def _complain(line, seen: Seen) -> None:
    # On a path such as /timeline Streamlit looks for its server below that path first; the 404 is its way to know.
    if "/_stcore/" not in line.location.get("url", ""):
        seen.errors.append(line.text)


def settle(page) -> None:
    """Wait until the script has run and the charts are drawn."""
    page.wait_for_selector("h1.up-headline", timeout=30_000)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(c => c.querySelector('svg.marks'))"
    )


def wait_for_charts(page, count: int) -> None:
    """Wait until that many charts are drawn; a time-out fails the test."""
    page.wait_for_function(
        "n => document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks').length === n", arg=count
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn_in_both_themes_wide_and_narrow(visit, shots, view: str, scheme: str) -> None:
    page = visit(view, scheme=scheme)
    if view != "posts":
        wait_for_charts(page, 2)  # their code comes after the page's, at the first visit noticeably so
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert page.locator("h1.up-headline").is_visible()
        assert NOTICE in page.locator(".up-notice").inner_text()
        # Charts follow a new width a moment later; a page that stays wider than its window runs into the time-out.
        page.wait_for_function(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth", timeout=15_000
        )
        page.screenshot(path=shots / f"{view or 'overview'}-{width}-{scheme}.png")
    background = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 28)"}[scheme]


@pytest.mark.parametrize("view", READ_MORE)
def test_every_other_page_opens_narrow_and_dark(visit, shots, view: str) -> None:
    page = visit(view, width=NARROW, scheme="dark", read="1")
    assert NOTICE in page.locator(".up-notice").inner_text()
    assert page.get_by_test_id("stException").count() == 0
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth", timeout=15_000
    )
    page.screenshot(path=shots / f"{view}-{NARROW}-dark.png")


def test_a_stroke_across_the_share_chooses_a_window(visit) -> None:
    page = visit("timeline", span="7d")
    wait_for_charts(page, 2)
    chart = page.locator("[data-testid=stVegaLiteChart] svg.marks").nth(1)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    height = box["y"] + box["height"] * 0.6
    page.mouse.move(box["x"] + box["width"] * 0.5, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, height, steps=8)
    page.mouse.up()
    page.wait_for_url("**since=*")
    assert parse_qs(urlsplit(page.url).query)["until"][0].startswith("2025-05-0")


def test_the_first_screen_says_how_bad_it_is(visit) -> None:
    page = visit("")
    assert page.locator(".up-state-word").inner_text().split("\n")[-1].strip()
    assert page.locator(".up-figure").count() == 4
    bottom = page.locator(".up-figures").bounding_box()
    assert bottom["y"] + bottom["height"] < 900, "state and figures belong on the first screen"


def test_hostile_posts_are_text(visit) -> None:
    page = visit("posts", since="2025-05-09T21:00:00Z", until="2025-05-09T22:00:00Z")
    shown = page.locator(".up-posts").inner_text()
    for text in HOSTILE:
        assert text in shown
    assert page.locator(".up-posts :is(script, iframe, img, style, svg, b, h1)").count() == 0
    links = page.locator(".up-posts a").evaluate_all("found => found.map(a => a.getAttribute('href'))")
    assert links
    assert all(link.startswith("https://example.org/") for link in links)
    page.wait_for_timeout(500)  # time for a beacon or a dialog, which `visit` would report


def test_from_a_spike_to_its_posts_in_two_clicks(visit) -> None:
    page = visit("timeline", span="24h")
    chart = page.locator("[data-testid=stVegaLiteChart] svg.marks").first
    box = chart.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.6)
    page.wait_for_url("**hour=*")
    page.get_by_text("Read the posts of this hour").click()
    page.wait_for_selector(".up-posts")
    where = urlsplit(page.url)
    assert where.path == "/posts"
    assert parse_qs(where.query)["watch"] == [WATCH]
    assert parse_qs(where.query)["hour"][0].startswith("2025-05-09T")
    page.reload()
    page.wait_for_selector(".up-posts")
    assert "Hour:" in page.locator("[data-testid=stMain]").inner_text()


def test_a_link_opens_the_moment_it_names(visit) -> None:
    before = visit("", as_of="2025-05-09T01:00:00Z").locator(".up-facts").first.inner_text()
    after = visit("").locator(".up-facts").first.inner_text()
    assert "9 May 2025, 03:00" in before
    assert "10 May 2025, 00:00" in after


def test_the_download_is_formula_safe(visit) -> None:
    page = visit("posts", since="2025-05-09T21:00:00Z")
    with page.expect_download() as waiting:
        page.get_by_text("Download as CSV").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert "HYPERLINK" in text
    assert ',"=HYPERLINK' not in text
    assert ",=HYPERLINK" not in text
    assert NOTICE in text


def test_streamlits_own_table_download_is_off(visit) -> None:
    page = visit("timeline")
    page.get_by_text("The same as a table").click()
    table = page.locator("[data-testid=stDataFrame]")
    table.wait_for()
    table.hover()
    assert page.get_by_label("Download as CSV").count() == 0
    assert page.locator("[data-testid=stElementToolbar]").get_by_text("Download").count() == 0
