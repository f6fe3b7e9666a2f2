"""Plain web addresses as channels, against real receivers on loopback that fail in every way."""

import contextlib
import socket
import threading
import time

import pytest
from pydantic import SecretStr
from werkzeug import Request, Response

from alerts.channels import AppriseChannel, open_channel
from alerts.message import Message
from alerts.webhook import Receiver, WebhookChannel
from core.errors import AlertNotSent

MESSAGE = Message("Spike: Example", "41 of 120 relevant posts were negative.")
CANARY = "c4n4ry-s3cr3t"


@pytest.fixture
def raw():
    """Serves one connection after the request came in, as the given function does; returns the port."""
    with contextlib.ExitStack() as stack:

        def serve(answer):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def once():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        answer(connection)

            threading.Thread(target=once, daemon=True).start()
            return server.getsockname()[1]

        yield serve


def fail(channel):
    with pytest.raises(AlertNotSent) as caught:
        channel.send(MESSAGE, "key-1")
    assert "'comms'" in str(caught.value)
    assert CANARY not in f"{caught.value!r} {channel!r}"
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize("scheme", ["http", "json"])
def test_one_post_of_json_with_the_key_and_the_password(httpserver, scheme):
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok", status=202)
    address = f"{scheme}://ann:{CANARY}@{httpserver.host}:{httpserver.port}/hook"
    channel = open_channel("comms", SecretStr(address))
    channel.send(MESSAGE, "key-1")
    ((request, _),) = httpserver.log
    assert isinstance(channel, WebhookChannel)
    assert request.headers["Idempotency-Key"] == "key-1"
    assert (request.authorization.username, request.authorization.password) == ("ann", CANARY)
    document = request.get_json()
    assert (document["title"], document["reference"]) == (MESSAGE.title, "key-1")
    assert document["message"] == f"{MESSAGE.body}\nReference: key-1"


def test_addresses_that_apprise_knows_are_left_to_apprise():
    slack = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    own_fields = "json://127.0.0.1/x?:priority=high"
    assert all(isinstance(open_channel("comms", SecretStr(a)), AppriseChannel) for a in (slack, own_fields))


@pytest.mark.parametrize(
    ("status", "header", "asked"),
    [(429, "120", 120.0), (503, "Fri, 09 May 2199 16:00:00 GMT", 900.0), (500, None, None), (404, "soon", None),
     (301, None, None), (413, "-5", 0.0)],
)  # fmt: skip
def test_a_refusal_is_told_with_the_pause_that_it_asks_for(httpserver, status, header, asked):
    headers = {"Location": httpserver.url_for("/elsewhere")} | ({"Retry-After": header} if header else {})
    httpserver.expect_request(f"/{CANARY}").respond_with_data("no", status=status, headers=headers)
    error = fail(WebhookChannel("comms", Receiver(httpserver.url_for(f"/{CANARY}"))))
    assert str(status) in str(error)
    assert error.retry_after == asked
    assert not error.maybe_taken
    assert len(httpserver.log) == 1, "neither repeated nor redirected"


def test_silence_after_the_message_may_mean_that_it_was_taken(httpserver):
    def hang(_: Request) -> Response:
        time.sleep(0.6)
        return Response("late")

    httpserver.expect_request("/x").respond_with_handler(hang)
    error = fail(WebhookChannel("comms", Receiver(httpserver.url_for("/x"), read=0.1)))
    assert error.maybe_taken


def drip(connection):
    for byte in b"HTTP/1.1 200 OK\r\n" * 20:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [lambda c: c.sendall(b"\x00\xffnonsense\r\n\r\n"), lambda c: None, drip])
def test_a_broken_answer_may_have_been_taken_and_never_hangs(raw, answer):
    port = raw(answer)
    error = fail(WebhookChannel("comms", Receiver(f"http://127.0.0.1:{port}/{CANARY}"), whole=0.5))
    assert error.maybe_taken


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "http://name.invalid/x", "http://127.0.0.1:99999/x", "http://a b/x"]
)
def test_nobody_there_is_certainly_not_taken(address):
    error = fail(WebhookChannel("comms", Receiver(address)))
    assert not error.maybe_taken


def test_a_tls_address_that_speaks_plain_text_is_not_taken(httpserver):
    address = f"https://{httpserver.host}:{httpserver.port}/{CANARY}"
    assert not fail(open_channel("comms", SecretStr(address))).maybe_taken
