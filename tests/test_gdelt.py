"""GDELT: its pacing, caps, plain-text errors, garbled JSON, reach, and the timelines of volume and tone."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from fake_news import FakeGdelt, Item
from hypothesis import given
from hypothesis import strategies as st

from collectors.gdelt import REACH, GdeltCollector, volume
from collectors.gdelt_api import INTERVAL, _understood, seen_at
from collectors.protocol import Limits
from core.errors import ConfigError, QueryRejected, RetryLater, SourceChanged, SourceError
from core.http import Transport
from core.keys import Keys
from core.pacing import Pacer
from core.records import Interval, Query
from core.settings import Settings

KEYS = Keys(b"k" * 32)
T0 = datetime(2025, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = T0 + 2 * DAY


@pytest.fixture
def serve(httpserver, tmp_path):
    def start(handler):
        httpserver.expect_request("/doc").respond_with_handler(handler)
        transport = Transport(Settings(home=tmp_path, allow_private_addresses=True), sleep=lambda s: None)
        return GdeltCollector(transport, lambda: KEYS, url=httpserver.url_for("/doc"), clock=lambda: NOW)

    return start


def run(collector, terms="acme", since=T0, **options):
    pages = list(collector.collect(Query(terms, since, NOW, "gdelt", options), None, Limits()))
    return pages, [s.post for page in pages for s in page.posts]


def test_articles_become_posts(serve):
    fake = FakeGdelt([Item("a", T0, "Acme sells songs"), Item("b", T0 + DAY, "ACME: sorry")])
    _, posts = run(serve(fake), "acme OR scandal", language="english")
    assert [(p.id, p.text, p.created_at, p.kind, p.lang) for p in posts] == [
        ("https://news.example/a", "Acme sells songs", T0, "article", "en"),
        ("https://news.example/b", "ACME: sorry", T0 + DAY, "article", "en"),
    ]
    assert posts[0].author == KEYS.author("gdelt", "news.example")
    assert fake.asked[0]["query"] == '("acme" OR "scandal") sourcelang:english'
    assert (fake.asked[0]["maxrecords"], fake.asked[0]["startdatetime"]) == ("250", "20250509000000")


def test_what_lies_beyond_three_months_is_truncated(serve):
    fake = FakeGdelt([])
    pages, _ = run(serve(fake), since=NOW - REACH - 10 * DAY)
    assert pages[0].truncated == (Interval(NOW - REACH - 10 * DAY, NOW - REACH),)
    assert min(a["startdatetime"] for a in fake.asked) == f"{NOW - REACH:%Y%m%d%H%M%S}"


def test_a_full_quarter_of_an_hour_is_truncated_and_the_rest_is_whole(serve):
    crowd = [Item(f"c{n}", T0 + timedelta(hours=5), f"acme {n}") for n in range(300)]
    pages, posts = run(serve(FakeGdelt([*crowd, Item("a", T0 + timedelta(hours=9), "acme")])))
    spans = [span for page in pages for span in page.truncated]
    assert spans
    assert all(T0 + timedelta(hours=4.5) <= s.start and s.end <= T0 + timedelta(hours=5.5) for s in spans)
    assert len(posts) == 251


def test_odd_articles_are_dead_letters(serve):
    good = {"url": "https://n.example/1", "title": "acme", "seendate": "20250509T010000Z", "domain": "n.example"}
    odd = [{**good, "title": None}, {**good, "seendate": "yesterday"}, {**good, "url": 5}, "x", {}]
    body = json.dumps({"articles": [good, *odd]})
    from werkzeug import Response

    pages, posts = run(serve(lambda request: Response(body)))
    assert len(posts) == 1
    assert len(pages[0].rejected) == 5


@pytest.mark.parametrize(
    ("body", "error"),
    [("The specified phrase is too short.\n", QueryRejected), ("Your query was too short or too long.", QueryRejected),
     ("Timespan is too short.", QueryRejected), ("Your search contained a keyword that was too common", QueryRejected),
     ("Please limit requests to one every 5 seconds or contact us", RetryLater), ("<html>", SourceChanged),
     ("Greetings", SourceChanged), ('{"articles": [{"url": "h', RetryLater), ('{"articles": 5}', SourceChanged)],
)  # fmt: skip
def test_errors_are_plain_text(serve, body, error):
    from werkzeug import Response

    with pytest.raises(error) as raised:
        run(serve(lambda request: Response(body)), "canary")
    assert type(raised.value) is error
    assert "canary" not in str(raised.value)


def test_json_with_stray_backslashes_and_control_characters_is_read():
    assert _understood(b'{"articles": [{"title": "a\\.b\tc \\"d\\""}]}') == {"articles": [{"title": 'a\\.b\tc "d"'}]}


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda t: ('{"articles": ["' + t + '"]}').encode(errors="replace"))
)
def test_any_answer_is_understood_or_an_error_of_ours(body):
    with contextlib.suppress(SourceError):
        assert isinstance(_understood(body), dict)


@given(st.text(max_size=30) | st.none() | st.integers())
def test_any_date_is_a_time_or_none(value):
    at = seen_at(value)
    assert at is None or at.tzinfo is UTC


def test_one_request_in_five_seconds(tmp_path, httpserver):
    waited = []

    class Recorder(Pacer):
        def wait(self, key, interval):
            waited.append(interval)

    httpserver.expect_request("/doc").respond_with_handler(FakeGdelt([]))
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    transport = Transport(settings, interval=INTERVAL, pacer=Recorder())
    run(GdeltCollector(transport, lambda: KEYS, url=httpserver.url_for("/doc"), clock=lambda: NOW))
    assert set(waited) == {5.0}
    assert GdeltCollector.from_settings(settings)._api._transport._interval == 5.0


def test_volume_and_tone_by_day(httpserver, tmp_path):
    httpserver.expect_request("/doc").respond_with_handler(
        FakeGdelt([Item("a", T0, "acme"), Item("b", T0, "Acme"), Item("c", T0 + DAY, "acme")])
    )
    settings = Settings(home=tmp_path, allow_private_addresses=True, gdelt_url=httpserver.url_for("/doc"))
    steps = volume(settings, "acme", T0, NOW, transport=Transport(settings))
    assert steps == [
        {"time": T0, "articles": 2, "all_articles": 100_000, "tone": -2.5},
        {"time": T0 + DAY, "articles": 1, "all_articles": 100_000, "tone": -2.5},
    ]


@pytest.mark.parametrize("options", [{"language": "klingon"}, {"lang": "english"}])
def test_options_are_checked(serve, options):
    with pytest.raises(ConfigError, match="gdelt"):
        run(serve(FakeGdelt([])), **options)
