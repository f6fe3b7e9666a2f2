"""Feeds and Google News: every form, broken ones, conditional requests, gaps, and what is left out."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from fake_news import FakeFeed, FakeGoogleNews, Item, rss
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from collectors.feed_entries import read_feed
from collectors.feeds import FeedsCollector
from collectors.googlenews import GoogleNewsCollector
from collectors.protocol import Limits
from core.errors import AccessDenied, ConfigError, RetryLater, SourceChanged, SourceError
from core.http import Transport
from core.keys import Keys
from core.records import Interval, Query
from core.settings import Settings, load_settings

KEYS = Keys(b"k" * 32)
T0 = datetime(2025, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = T0 + 24 * HOUR


@pytest.fixture
def collector(tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    transport = Transport(settings, sleep=lambda s: None, most=5 * 2**20)
    return FeedsCollector(transport, lambda: KEYS, clock=lambda: NOW)


def run(collector, *urls, cursor=None, since=T0, until=NOW, terms="acme"):
    pages = list(collector.collect(Query(terms, since, until, "feeds", {"urls": " ".join(urls)}), cursor, Limits()))
    return pages, [s.post for page in pages for s in page.posts]


def shared(folder):
    path = load_settings().shared_data / folder
    if not path.is_dir():
        assert os.environ.get("CI") != "true", f"{path} is needed in CI"
        pytest.skip(f"{path} is not here")
    return path


def test_every_recorded_feed_is_read_or_refused():
    cases = sorted(shared("api/rss").glob("*.xml"))
    assert cases
    entries = {}
    for case in cases:
        try:
            entries[case.name] = read_feed(case.read_bytes(), url="https://a.example/feed").entries
        except SourceChanged:
            entries[case.name] = None
    assert entries["http_status_302-no-location.xml"] is None
    comment = entries["atomthreadingwithentry.xml"][0]
    assert (comment.url[:45], comment.at.date().isoformat()) == (
        "http://salmon-test.blogspot.com/2009/10/test-",
        "2009-12-09",
    )
    assert [e.title for e in entries["rdf_channel_empty_textinput.xml"]] == ["crashes here"], "broken, and read so far"
    assert sum(e is not None for e in entries.values()) == len(cases) - 1


def test_html_text_and_authors_of_an_entry():
    feed = read_feed(rss([Item("a1", T0, "Acme & terms", "<p>It&#39;s <b>bad</b>.</p>")]), url="https://a.example/feed")
    (entry,) = feed.entries
    assert (entry.id, entry.at, feed.lang) == ("a.example/a1", T0, "en")
    assert entry.text == "Acme & terms\n\nIt's bad."
    assert (entry.author, entry.url) == ("A. Writer", "https://news.example/a1")


def test_a_json_feed():
    body = {"version": "https://jsonfeed.org/version/1.1", "language": "de-AT", "items": [
        {"id": 7, "url": "https://a.example/7", "title": "Acme", "content_html": "<p>Neue &amp; schlechte</p>",
         "date_published": "2025-05-09T02:00:00+02:00", "authors": [{"name": "B"}]},
        {"id": "https://a.example/8", "content_text": "acme", "date_modified": "2025-05-09T01:00:00Z"}, "x", {},
    ]}  # fmt: skip
    feed = read_feed(b"\xef\xbb\xbf" + json.dumps(body).encode(), url="https://a.example/f")
    first, second, nothing = feed.entries
    assert (first.id, first.text, first.at, first.author) == ("a.example/7", "Acme\n\nNeue & schlechte", T0, "B")
    assert (second.id, second.author, nothing.at, feed.lang) == ("https://a.example/8", "a.example", None, "de")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>hello",
        b"plain",
        b'{"version": 1',
        b'{"items": 5}',
        b"[]",
        b"\x00\xff\xfe",
        b"<!DOCTYPE html>",
    ],
)
def test_what_is_no_feed(body):
    with pytest.raises(SourceChanged, match=r"a\.example"):
        read_feed(body, url="https://a.example/feed")


@given(st.data())
def test_a_feed_cut_and_garbled_anywhere_is_read_or_refused(data):
    body = bytearray(rss([Item(str(n), T0, f"acme {n}", "<p>x &amp; y</p>") for n in range(4)]))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    try:
        feed = read_feed(
            cut, url="https://a.example/feed", content_type=data.draw(st.sampled_from(["", "text/html", "x"]))
        )
    except SourceChanged:
        return
    assert all(entry.at is None or entry.at.tzinfo is UTC for entry in feed.entries)


def test_an_unchanged_feed_costs_an_empty_answer(httpserver, collector):
    fake = FakeFeed([Item("a", T0 + HOUR, "acme one"), Item("z", T0 - HOUR, "old")])
    httpserver.expect_request("/feed").respond_with_handler(fake)
    url = httpserver.url_for("/feed")
    first, posts = run(collector, url)
    assert [p.id for p in posts] == ["localhost/a"]
    again, posts = run(collector, url, cursor=first[-1].cursor)
    assert (posts, again[-1].read, again[-1].truncated) == ([], 0, ())
    assert "If-None-Match" in fake.asked[1]
    fake.items.append(Item("b", T0 + 2 * HOUR, "acme two"))
    _, posts = run(collector, url, cursor=again[-1].cursor)
    assert [p.id for p in posts] == ["localhost/a", "localhost/b"]


def test_a_feed_that_ran_ahead_leaves_a_truncated_span(httpserver, collector):
    fake = FakeFeed([Item("a", T0 + HOUR, "acme"), Item("z", T0 - HOUR, "old")], shows=2)
    httpserver.expect_request("/feed").respond_with_handler(fake)
    url = httpserver.url_for("/feed")
    first, _ = run(collector, url)
    assert not first[-1].truncated
    fake.items += [Item(f"n{n}", NOW + n * HOUR, "acme") for n in range(1, 6)]
    later, _ = run(collector, url, cursor=first[-1].cursor, until=NOW + 9 * HOUR)
    assert later[-1].truncated == (Interval(NOW, NOW + 4 * HOUR),), "from the last reading to the oldest shown"


def test_an_entry_dated_ahead_is_not_lost_behind_an_etag(httpserver, collector):
    fake = FakeFeed([Item("a", NOW + HOUR, "acme ahead"), Item("z", T0 - HOUR, "old")])
    httpserver.expect_request("/feed").respond_with_handler(fake)
    url = httpserver.url_for("/feed")
    first, posts = run(collector, url)
    assert posts == []
    _, posts = run(collector, url, cursor=first[-1].cursor, until=NOW + 2 * HOUR)
    assert [p.id for p in posts] == ["localhost/a"]


def test_entries_without_a_time_are_dead_letters_once(httpserver, collector):
    fake = FakeFeed([Item("u", None, "acme undated"), Item("a", T0 + HOUR, "acme"), Item("z", T0 - HOUR, "old")])
    httpserver.expect_request("/feed").respond_with_handler(fake)
    first, _ = run(collector, httpserver.url_for("/feed"))
    assert [r.reason for r in first[-1].rejected] == ["entry without a time"]
    fake.items.append(Item("b", T0 + 2 * HOUR, "acme"))
    again, _ = run(collector, httpserver.url_for("/feed"), cursor=first[-1].cursor)
    assert again[-1].rejected == ()


def test_a_failing_feed_does_not_stop_another(httpserver, collector):
    httpserver.expect_request("/bad").respond_with_data("<html>")
    httpserver.expect_request("/good").respond_with_handler(FakeFeed([Item("a", T0 + HOUR, "acme")]))
    urls = f"{httpserver.url_for('/bad')} {httpserver.url_for('/good')}"
    pages = collector.collect(Query("acme", T0, NOW, "feeds", {"urls": urls}), None, Limits())
    page = next(pages)
    assert [s.post.id for s in page.posts] == ["localhost/a"]
    assert list(json.loads(page.cursor)) == [httpserver.url_for("/good")], "the failed feed starts where it was"
    with pytest.raises(SourceChanged, match="1 of 2 feeds failed: localhost"):
        next(pages)


def test_a_redirect_to_a_private_address_is_refused(tmp_path):
    import httpx

    server = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "http://169.254.169.254/x"}))

    def resolver(host, port):
        return [host] if host[0].isdigit() else ["93.184.216.34"]

    transport = Transport(Settings(home=tmp_path), resolver=resolver, http=server)
    with pytest.raises(AccessDenied, match="private"):
        run(FeedsCollector(transport, lambda: KEYS, clock=lambda: NOW), "http://a.example/feed")


def test_a_feed_over_five_megabytes_is_refused(httpserver, collector):
    httpserver.expect_request("/feed").respond_with_data(b"<rss>" + b" " * (5 * 2**20))
    with pytest.raises(SourceError, match="larger than 5 MB"):
        run(collector, httpserver.url_for("/feed"))


def test_a_slow_feed_ends(httpserver, tmp_path):
    import time

    def slowly(request):
        def pieces():
            for _ in range(50):
                yield b"<rss>"
                time.sleep(0.02)

        return Response(pieces())

    httpserver.expect_request("/feed").respond_with_handler(slowly)
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    transport = Transport(settings, sleep=lambda s: None, longest=0.1)
    with pytest.raises(RetryLater, match="BrokenBody"):
        run(FeedsCollector(transport, lambda: KEYS, clock=lambda: NOW), httpserver.url_for("/feed"))


@pytest.mark.parametrize("options", [{}, {"urls": " "}, {"urls": "https://a.example", "url": "x"}])
def test_options_are_checked(collector, options):
    with pytest.raises(ConfigError, match="feeds"):
        list(collector.collect(Query("acme", T0, NOW, "feeds", options), None, Limits()))


@pytest.mark.parametrize("cursor", ["x", "[]", '{"https://a": 5}', '{"u": {"at": "never", "known": []}}'])
def test_an_unreadable_cursor_is_none(httpserver, collector, cursor):
    httpserver.expect_request("/feed").respond_with_handler(FakeFeed([Item("a", T0, "acme")]))
    assert len(run(collector, httpserver.url_for("/feed"), cursor=cursor)[1]) == 1


def google(httpserver, tmp_path, items):
    fake = FakeGoogleNews(items)
    httpserver.expect_request("/rss/search").respond_with_handler(fake)
    transport = Transport(Settings(home=tmp_path, allow_private_addresses=True), sleep=lambda s: None)
    return GoogleNewsCollector(transport, lambda: KEYS, url=httpserver.url_for("/rss/search"), clock=lambda: NOW), fake


def test_google_news_is_asked_day_by_day_in_the_named_edition(httpserver, tmp_path):
    collector, fake = google(httpserver, tmp_path, [Item("a", T0 + HOUR, "Acme changes terms - Paper")])
    query = Query('acme AND (terms OR "opt out")', T0, NOW, "googlenews", {"edition": "de-AT"})
    posts = [s.post for page in collector.collect(query, None, Limits()) for s in page.posts]
    assert [(p.text, p.kind, p.lang) for p in posts] == [("Acme changes terms - Paper", "article", "de")]
    assert fake.asked[0] == {
        "q": '"acme" after:2025-05-08 before:2025-05-09',
        "hl": "de-AT",
        "gl": "AT",
        "ceid": "AT:de",
    }
    assert [a["q"][-10:] for a in fake.asked] == ["2025-05-09", "2025-05-10", "2025-05-11", "2025-05-12"]


def test_a_term_that_google_cannot_search_leaves_truncated_days(httpserver, tmp_path):
    collector, _ = google(httpserver, tmp_path, [])
    pages = list(collector.collect(Query("delet*", T0, NOW, "googlenews"), None, Limits()))
    assert [span for page in pages for span in page.truncated] == [Interval(T0, NOW)]


@pytest.mark.parametrize("options", [{"edition": "english"}, {"language": "de"}])
def test_options_of_google_news_are_checked(httpserver, tmp_path, options):
    collector, _ = google(httpserver, tmp_path, [])
    with pytest.raises(ConfigError, match="googlenews"):
        list(collector.collect(Query("acme", T0, NOW, "googlenews", options), None, Limits()))
