"""The transport: what it sends, where it may go, how long it waits, and what each failure becomes."""

import gzip
import json
import logging
import socket
import threading
import zlib
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from core.addresses import check, is_public, resolve
from core.bodies import MAX_BODY
from core.errors import AccessDenied, QueryRejected, RetryLater, SourceChanged, SourceError
from core.http import ATTEMPTS, Transport, user_agent
from core.pacing import Pacer
from core.retrying import LONGEST_WAIT, pause, retry_after
from core.settings import Settings

NOW = datetime(2025, 5, 9, 12, tzinfo=UTC)
SECRET = "canary-4711"


@pytest.fixture
def slept():
    return []


@pytest.fixture
def transport(tmp_path, slept):
    settings = Settings(home=tmp_path, allow_private_addresses=True, contact="https://example.org/us")
    with Transport(settings, timeout=0.5, sleep=slept.append, clock=lambda: NOW, jitter=lambda: 0.5) as opened:
        yield opened


def answers(httpserver, *responses):
    """Answer /x with these, one after another, the last one again and again; returns the requests."""
    seen = []

    def handler(request):
        seen.append(request)
        response = responses[min(len(seen), len(responses)) - 1]
        return response() if callable(response) else response

    httpserver.expect_request("/x").respond_with_handler(handler)
    return seen


def test_what_is_sent(httpserver, transport):
    seen = answers(httpserver, lambda: Response('{"a": 1}', headers={"Set-Cookie": "id=1"}))
    url = httpserver.url_for("/x?fixed=1")
    assert transport.get_json(url, {"q": "a b&c", "n": 5}, headers={"X-Key": "k"}) == {"a": 1}
    transport.get_json(url, {})
    assert dict(seen[0].args) == {"fixed": "1", "q": "a b&c", "n": "5"}
    assert seen[0].headers["User-Agent"].startswith("uproar/")
    assert seen[0].headers["User-Agent"].endswith("(+https://example.org/us)")
    assert seen[0].headers["X-Key"] == "k"
    assert seen[0].headers["Host"] == f"localhost:{httpserver.port}"
    assert "Cookie" not in seen[1].headers


def test_a_contact_cannot_inject_headers():
    assert "\n" not in user_agent("me\r\nX-Evil: 1")


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, QueryRejected), (414, QueryRejected), (422, QueryRejected), (401, AccessDenied), (403, AccessDenied),
     (451, AccessDenied), (404, SourceChanged), (410, SourceChanged), (204, SourceChanged), (304, SourceChanged),
     (429, RetryLater), (500, RetryLater), (503, RetryLater)],
)  # fmt: skip
def test_each_status_is_an_error_by_recovery(httpserver, transport, status, error):
    seen = answers(httpserver, lambda: Response(f"<html>{SECRET}", status))
    with pytest.raises(error) as raised:
        transport.get_bytes(httpserver.url_for("/x"), {"key": SECRET})
    assert type(raised.value) is error
    assert str(status) in str(raised.value)
    assert len(seen) == (ATTEMPTS if error is RetryLater else 1)


def test_a_short_outage_is_waited_out(httpserver, transport, slept):
    seen = answers(
        httpserver, lambda: Response("", 503), lambda: Response("", 429, {"Retry-After": "7"}), lambda: Response("{}")
    )
    assert transport.get_json(httpserver.url_for("/x"), {}) == {}
    assert len(seen) == 3
    assert slept == [1.0, 7.5]


@pytest.mark.parametrize("value", ["61", "3600", "1e30", "Fri, 09 May 2025 18:00:00 GMT"])
def test_a_long_pause_goes_to_the_caller(httpserver, transport, slept, value):
    seen = answers(httpserver, lambda: Response("", 429, {"Retry-After": value}))
    with pytest.raises(RetryLater) as raised:
        transport.get_bytes(httpserver.url_for("/x"))
    assert 60 < raised.value.after <= LONGEST_WAIT
    assert (len(seen), slept) == (1, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("soon", None), ("nan", None),
     ("30", 30), ("0", 0), ("-5", 0), ("inf", 900), ("1e400", 900),
     ("Fri, 09 May 2025 12:00:30 GMT", 30), ("Fri, 09 May 2025 11:00:00 GMT", 0),
     ("Fri, 09 May 9999 11:00:00 GMT", 900),
     ("Fri, 99 May 2025 11:00:00 GMT", None)],
)  # fmt: skip
def test_every_form_of_retry_after(value, expected):
    assert retry_after(value, now=NOW) == expected


@given(st.text(max_size=40))
def test_any_retry_after_is_bounded(value):
    seconds = retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_pauses_grow_and_spread():
    assert [pause(n, None, 0.5) for n in (1, 2, 3)] == [1, 2, 4]
    assert pause(1, None, 0.0) < pause(1, None, 1.0)
    assert pause(1, 20, 0.0) == 20


@pytest.mark.parametrize("body", ["<html>down</html>", '{"hits": [1, 2', "", "NaN", "\ufeff{}x"])
def test_what_is_no_json_is_a_changed_source(httpserver, transport, body):
    seen = answers(httpserver, lambda: Response(body))
    with pytest.raises(SourceChanged, match="localhost/x"):
        transport.get_json(httpserver.url_for("/x"), {"key": SECRET})
    assert len(seen) == 1


def packed(data, **more):
    return lambda: Response(data, headers={"Content-Encoding": "gzip", **more})


def test_gzip_is_unpacked(httpserver, transport):
    answers(httpserver, packed(gzip.compress(json.dumps({"a": "b" * 5_000}).encode())))
    assert transport.get_json(httpserver.url_for("/x"), {}) == {"a": "b" * 5_000}


@pytest.mark.parametrize("data", [b"not gzip at all", gzip.compress(b"x" * 10_000)[:20]], ids=["garbled", "half"])
def test_broken_gzip_is_tried_again(httpserver, transport, data):
    seen = answers(httpserver, packed(data), lambda: Response("{}"))
    assert transport.get_json(httpserver.url_for("/x"), {}) == {}
    assert len(seen) == 2


def bomb(size):
    maker = zlib.compressobj(9, wbits=31)
    return b"".join([*(maker.compress(bytes(2**20)) for _ in range(size // 2**20)), maker.flush()])


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (packed(bomb(8 * 2**20)), "200 times"),
        (packed(bomb(2**20)[:-4] + b""), "connection failed|200 times"),
        (lambda: Response(b"x" * (MAX_BODY + 1)), "larger than 20 MB"),
        (lambda: Response("x", headers={"Content-Encoding": "br"}), "unknown way"),
    ],
    ids=["bomb", "cut bomb", "large", "brotli"],
)
def test_bodies_are_capped(httpserver, transport, response, message):
    answers(httpserver, response)
    with pytest.raises(SourceError, match=message):
        transport.get_bytes(httpserver.url_for("/x"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(httpserver, transport, status):
    answers(httpserver, lambda: Response("", status, {"Location": "/there?a=1"}))
    httpserver.expect_request("/there", query_string="a=1").respond_with_data("here")
    assert transport.get_bytes(httpserver.url_for("/x")) == b"here"


def test_a_key_stays_with_its_host(httpserver, transport):
    seen = answers(httpserver, lambda: Response("", 302, {"Location": f"http://127.0.0.1:{httpserver.port}/there"}))
    httpserver.expect_request("/there").respond_with_handler(lambda request: seen.append(request) or Response("ok"))
    transport.get_bytes(httpserver.url_for("/x"), headers={"Authorization": SECRET})
    assert seen[0].headers["Authorization"] == SECRET
    assert "Authorization" not in seen[1].headers


@pytest.mark.parametrize(
    ("location", "error"),
    [("/x", SourceChanged), ("", SourceChanged), ("file:///etc/passwd", AccessDenied),
     ("http://user:pw@localhost/", AccessDenied), ("gopher://localhost/", AccessDenied)],
)  # fmt: skip
def test_redirects_that_are_refused(httpserver, transport, location, error):
    answers(httpserver, lambda: Response("", 302, {"Location": location} if location else {}))
    with pytest.raises(error) as raised:
        transport.get_bytes(httpserver.url_for("/x"))
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize("location", ["http://a:b/", "http://[::1", "http://256.1.1.1/", "//[x]:y"])
def test_a_redirect_to_what_is_no_address(tmp_path, location):
    server = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": location}))
    public = Transport(Settings(home=tmp_path), resolver=lambda host, port: ["93.184.216.34"], http=server)
    with pytest.raises(SourceChanged, match="no address"):
        public.get_bytes("https://a.example/")


def test_a_redirect_to_a_private_address_is_refused(tmp_path):
    """The first name is public, by a resolver that says so; the redirect leads inwards."""
    asked = []

    def resolver(host, port):
        asked.append(host)
        return ["127.0.0.1"] if host == "inside.example" else ["93.184.216.34"]

    server = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "http://inside.example/"}))
    outward = Transport(Settings(home=tmp_path), resolver=resolver, http=server)
    with pytest.raises(AccessDenied, match="UPROAR_ALLOW_PRIVATE_ADDRESSES"):
        outward.get_bytes("http://outside.example/x")
    assert asked == ["outside.example", "inside.example"]


def test_https_does_not_fall_back_to_http(tmp_path):
    server = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "http://a.example/"}))
    public = Transport(Settings(home=tmp_path), resolver=lambda host, port: ["93.184.216.34"], http=server)
    with pytest.raises(SourceChanged, match="unencrypted"):
        public.get_bytes("https://a.example/")


def test_the_certificate_is_checked_against_the_name(tmp_path):
    seen = []
    server = httpx.MockTransport(
        lambda request: seen.append(request) or httpx.Response(200, stream=httpx.ByteStream(b"ok"))
    )
    Transport(Settings(home=tmp_path), resolver=lambda host, port: ["93.184.216.34"], http=server).get_bytes(
        "https://a.example/x"
    )
    assert seen[0].url.host == "93.184.216.34"
    assert seen[0].extensions["sni_hostname"] == "a.example"
    assert seen[0].headers["Host"] == "a.example"


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1", "240.0.0.1", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_in_every_disguise(address):
    assert not is_public(address)
    with pytest.raises(AccessDenied, match="private"):
        check(
            httpx.URL("https://a.example/x"),
            allow_private=False,
            resolver=lambda host, port: ["93.184.216.34", address],
        )


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "017700000001", "127.1", "localhost", "[::ffff:127.0.0.1]"]
)
def test_other_spellings_of_this_machine(host):
    with pytest.raises(AccessDenied, match="private"):
        check(httpx.URL(f"http://{host}/"), allow_private=False)


def test_the_checked_address_is_the_one_connected_to(httpserver, tmp_path):
    httpserver.expect_request("/x").respond_with_handler(lambda request: Response(request.headers["Host"]))
    answers_given = iter([["127.0.0.1"], ["192.0.2.1"]])
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    with Transport(settings, resolver=lambda host, port: next(answers_given)) as opened:
        assert opened.get_bytes(f"http://a.example:{httpserver.port}/x") == f"a.example:{httpserver.port}".encode()
    assert next(answers_given) == ["192.0.2.1"], "the name was looked up once"


def test_resolving_gives_addresses():
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("found", [OSError("no such host"), []])
def test_a_name_that_does_not_resolve_is_for_later(tmp_path, slept, found):
    def resolver(host, port):
        if isinstance(found, Exception):
            raise found
        return found

    with pytest.raises(RetryLater, match=r"a\.example"):
        Transport(Settings(home=tmp_path), sleep=slept.append, resolver=resolver).get_bytes("https://a.example/")
    assert len(slept) == ATTEMPTS - 1


class RawServer:
    """Answers each connection with the bytes given, then closes; `hold` keeps it open instead."""

    def __init__(self, *answers, hold=False):
        self._answers, self._hold, self.connections = answers, hold, 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x"
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._done.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.connections += 1
                connection.recv(65_536)
                connection.sendall(self._answers[min(self.connections, len(self._answers)) - 1])
                if self._hold:
                    self._done.wait(2)

    def close(self):
        self._done.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(3)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", b"HTTP/1.1 200 OK\r\nContent-Le",
     b"\x00\x01garbage\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["closed", "half a body", "half a head", "no HTTP", "half a chunk"],
)  # fmt: skip
def test_broken_connections_are_tried_again(transport, slept, answer):
    server = RawServer(answer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    try:
        assert transport.get_json(server.url, {}) == {}
        assert server.connections == 2
    finally:
        server.close()


def test_silence_ends(tmp_path):
    server = RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", hold=True)
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    try:
        with (
            Transport(settings, timeout=0.05, sleep=lambda s: None) as opened,
            pytest.raises(RetryLater, match=r"within 0\.05 s"),
        ):
            opened.get_bytes(server.url)
    finally:
        server.close()


def test_a_closed_port_is_for_later(transport, slept):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RetryLater, match="ConnectError"):
        transport.get_bytes(f"http://127.0.0.1:{port}/x", {"key": SECRET})
    assert len(slept) == ATTEMPTS - 1


@pytest.mark.parametrize("url", ["", "no-scheme", "ftp://a.example/x", "http:///x", "https://u:p@a.example/"])
def test_addresses_that_are_not_asked(transport, url):
    with pytest.raises(AccessDenied):
        transport.get_bytes(url)


@pytest.mark.parametrize("headers", [{"X": "a\r\nB: c"}, {"X": "ü\u4e2d"}])
def test_headers_that_cannot_be_sent(httpserver, transport, headers):
    with pytest.raises(QueryRejected):
        transport.get_bytes(httpserver.url_for("/x"), headers=headers)


def test_nothing_secret_is_logged(httpserver, transport, caplog):
    caplog.set_level(logging.DEBUG)
    answers(httpserver, lambda: Response("{}"), lambda: Response("", 500))
    url = httpserver.url_for("/x")
    transport.get_json(url, {"key": SECRET}, headers={"Authorization": SECRET})
    with pytest.raises(RetryLater) as raised:
        transport.get_json(url, {"key": SECRET})
    said = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    assert said, "the client library logs at DEBUG"
    assert not [line for line in [*said, str(raised.value)] if SECRET in line]


def test_turns_are_spread_over_the_whole_process():
    now, slept = [100.0], []
    pacer = Pacer(clock=lambda: now[0], sleep=slept.append)
    for _ in range(3):
        pacer.wait("a.example", 2.0)
    pacer.wait("b.example", 2.0)
    assert slept == [2.0, 4.0]
    now[0] = 200.0
    pacer.wait("a.example", 2.0)
    assert slept == [2.0, 4.0]


def test_the_transport_takes_its_turn(httpserver, tmp_path):
    waited = []

    class Recorder(Pacer):
        def wait(self, key, interval):
            waited.append((key, interval))

    answers(httpserver, lambda: Response("{}"))
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    with Transport(settings, interval=0.4, pacer=Recorder()) as opened:
        opened.get_json(httpserver.url_for("/x"), {})
    assert waited == [("localhost", 0.4)]


def test_a_pause_that_one_asked_for_holds_for_the_whole_process(httpserver, tmp_path):
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    seen = answers(httpserver, lambda: Response("", 429, {"Retry-After": "300"}), lambda: Response("{}"))
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    pacer = Pacer(clock=lambda: now[0], sleep=sleep)
    one, two = (Transport(settings, interval=0.1, pacer=pacer, sleep=sleep) for _ in range(2))
    for transport in (one, two, one):
        with pytest.raises(RetryLater) as raised:
            transport.get_json(httpserver.url_for("/x"), {})
        assert 60 < raised.value.after <= 300
    assert len(seen) == 1, "the others did not even ask"
    now[0] += 250
    assert two.get_json(httpserver.url_for("/x"), {}) == {}
    assert slept == [pytest.approx(50)]
