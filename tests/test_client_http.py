"""Client libraries over the transport: headers, statuses, retries, and our errors found inside theirs."""

import gzip
import json
from datetime import UTC, datetime

import httpx
import pytest
from werkzeug import Response

from collectors.client_http import HttpxTransport, cause_of, session_over
from core.errors import AccessDenied, QueryRejected, RetryLater, SourceChanged
from core.http import Transport
from core.retrying import asked_pause
from core.settings import Settings

NOW = datetime(2025, 5, 9, 12, tzinfo=UTC)


@pytest.fixture
def transport(tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    with Transport(settings, timeout=0.5, sleep=lambda seconds: None) as opened:
        yield opened


def serve(httpserver, *answers):
    seen = []

    def handler(request):
        seen.append(request)
        return answers[min(len(seen), len(answers)) - 1]()

    httpserver.expect_request("/x").respond_with_handler(handler)
    return seen


def test_requests_goes_through_the_transport(httpserver, transport):
    packed = gzip.compress(b'{"a": "\xc3\xa4"}')
    seen = serve(
        httpserver,
        lambda: Response("", 503),
        lambda: Response(packed, headers={"Content-Encoding": "gzip", "Link": '<http://x/>; rel="next"'}),
    )
    session, adapter = session_over(transport)
    answer = session.get(httpserver.url_for("/x"), params={"q": "a b"}, headers={"Authorization": "Bearer t"})
    assert answer.json() == {"a": "ä"}
    assert answer.links["next"]["url"] == "http://x/"
    assert json.loads(adapter.last.body) == {"a": "ä"}
    assert len(seen) == 2, "a 503 was tried again"
    assert seen[1].args["q"] == "a b"
    assert seen[1].headers["Authorization"] == "Bearer t"
    assert seen[1].headers["User-Agent"].startswith("uproar/")


def test_a_refusal_reaches_the_library_with_its_body(httpserver, transport):
    serve(httpserver, lambda: Response('{"error": "no"}', 404))
    session, _ = session_over(transport)
    answer = session.get(httpserver.url_for("/x"))
    assert (answer.status_code, answer.json()) == (404, {"error": "no"})
    with httpx.Client(transport=HttpxTransport(transport)) as client:
        assert client.get(httpserver.url_for("/x")).json() == {"error": "no"}


def test_requests_only_reads(httpserver, transport):
    session, _ = session_over(transport)
    with pytest.raises(QueryRejected):
        session.post(httpserver.url_for("/x"), data="x")


def test_private_addresses_stay_refused(httpserver, tmp_path):
    session, _ = session_over(Transport(Settings(home=tmp_path)))
    with pytest.raises(AccessDenied, match="private"):
        session.get(httpserver.url_for("/x"))


def test_httpx_posts_once_and_is_not_redirected(httpserver, transport):
    seen = serve(httpserver, lambda: Response("", 503))
    with httpx.Client(transport=HttpxTransport(transport)) as client, pytest.raises(RetryLater):
        client.post(httpserver.url_for("/x"), json={"password": "p"})
    assert len(seen) == 1
    assert seen[0].get_json() == {"password": "p"}
    httpserver.expect_request("/moved").respond_with_data("", 307, headers={"Location": httpserver.url_for("/x")})
    with httpx.Client(transport=HttpxTransport(transport)) as client, pytest.raises(SourceChanged, match="redirects"):
        client.post(httpserver.url_for("/moved"), json={"password": "p"})
    assert len(seen) == 1, "the password did not travel on"


def test_our_error_is_found_inside_a_librarys():
    try:
        try:
            raise RetryLater("later", after=5)
        except RetryLater as inner:
            raise ValueError("theirs") from inner
    except ValueError as outer:
        found = cause_of(outer)
    assert isinstance(found, RetryLater)
    assert found.after == 5
    assert cause_of(ValueError("alone")) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7", "ratelimit-reset": str(NOW.timestamp() + 99)}, 7),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 30)}, 30),
        ({"X-RateLimit-Reset": "2025-05-09T12:01:00.070144Z"}, 60.070144),
        ({"ratelimit-reset": "9" * 30}, 900),
        ({"ratelimit-reset": "12.0"}, None),
        ({"ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "2025-05-09T11:00:00Z"}, None),
    ],
)
def test_the_reset_of_a_rate_limit_is_a_pause(headers, seconds):
    assert asked_pause(httpx.Headers(headers), now=NOW) == seconds
