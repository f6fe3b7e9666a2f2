"""Channels against real receivers on loopback: what they get, how failures are told, and that no address leaks."""

import logging
import socket
import time

import pytest
from pydantic import SecretStr
from werkzeug import Request, Response

from alerts.channels import AppriseChannel, UnusableChannel, load_channels
from alerts.message import Message
from alerts.webhook import WebhookChannel
from core.errors import AlertNotSent, ConfigError
from core.settings import Settings

# Apprise looks for a module of the standard library that goes away in 3.13, and does without it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

MESSAGE = Message("Spike: Example", "41 of 120 relevant posts were negative.\nhttp://127.0.0.1:8501/timeline?watch=x")
CANARY = "c4n4ry-s3cr3t"


def channel(server, path=f"/{CANARY}", more=""):
    return AppriseChannel("comms", SecretStr(f"json://user:{CANARY}@{server.host}:{server.port}{path}{more}"))


@pytest.fixture
def seen(caplog):
    """All that a handler could see on our side, whatever level was asked for."""
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    keeper = Keep(level=0)
    names = ("apprise", "urllib3", "urllib3.connectionpool", "requests")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(1)
        logging.getLogger(name).addHandler(keeper)
    with caplog.at_level(1):
        # werkzeug is the receiver, not us
        yield lambda: "\n".join([*records, *(r.getMessage() for r in caplog.records if r.name != "werkzeug")])
    for name in names:
        logging.getLogger(name).setLevel(levels[name])
        logging.getLogger(name).removeHandler(keeper)


def test_a_receiver_gets_title_body_and_key(httpserver):
    httpserver.expect_request(f"/{CANARY}", method="POST").respond_with_data("ok")
    channel(httpserver).send(MESSAGE, "incident-1-comms-opened-1")
    ((request, _),) = httpserver.log
    assert request.headers["Idempotency-Key"] == "incident-1-comms-opened-1"
    document = request.get_json()
    assert document["title"] == MESSAGE.title
    assert document["message"] == f"{MESSAGE.body}\nReference: incident-1-comms-opened-1"


def test_each_message_carries_its_own_key(httpserver):
    httpserver.expect_request(f"/{CANARY}").respond_with_data("ok")
    target = channel(httpserver)
    for key in ("a", "b", "b"):
        target.send(MESSAGE, key)
    assert [request.headers["Idempotency-Key"] for request, _ in httpserver.log] == ["a", "b", "b"]


@pytest.mark.parametrize(("status", "words"), [(500, "500"), (429, "too many"), (404, "withdrawn"), (302, "302")])
def test_a_refusal_names_the_channel_and_the_status_and_nothing_secret(httpserver, status, words, seen):
    headers = {"Location": httpserver.url_for("/elsewhere"), "Retry-After": "7"}
    httpserver.expect_request(f"/{CANARY}").respond_with_data("no", status=status, headers=headers)
    httpserver.expect_request("/elsewhere").respond_with_data("ok")
    with pytest.raises(AlertNotSent) as caught:
        channel(httpserver).send(MESSAGE, "k")
    assert "'comms'" in str(caught.value)
    assert words in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert CANARY not in seen()
    assert len(httpserver.log) == 1, "neither repeated nor redirected: the outbox does that"


def test_a_receiver_that_hangs_is_left_alone(httpserver):
    def hang(_: Request) -> Response:
        time.sleep(1.0)
        return Response("late")

    httpserver.expect_request(f"/{CANARY}").respond_with_handler(hang)
    with pytest.raises(AlertNotSent, match="no answer in time"):
        channel(httpserver, more="?rto=0.2").send(MESSAGE, "k")


def test_a_receiver_that_is_not_there_is_a_failure_without_its_address(seen):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AlertNotSent) as caught:
        AppriseChannel("comms", SecretStr(f"json://127.0.0.1:{port}/{CANARY}")).send(MESSAGE, "k")
    assert CANARY not in str(caught.value)
    assert str(port) not in str(caught.value)
    assert CANARY not in seen()


def test_sending_well_leaks_nothing_at_any_log_level(httpserver, seen):
    httpserver.expect_request(f"/{CANARY}").respond_with_data("ok")
    target = channel(httpserver)
    target.send(MESSAGE, "k")
    assert CANARY not in seen()
    assert CANARY not in repr(target)
    assert "Loaded" not in seen()


@pytest.mark.parametrize(
    "address", [f"nosuch://{CANARY}", f"slack://{CANARY}", "", CANARY, f"mailto://{CANARY}:x:y@@", f"json://{CANARY}@"]
)
def test_an_address_that_apprise_cannot_use_is_told_with_a_remedy(address, seen):
    with pytest.raises(ConfigError, match=r"UPROAR_CHANNELS__COMMS.*mailto://.*json://") as caught:
        AppriseChannel("comms", SecretStr(address))
    assert CANARY not in str(caught.value)
    assert CANARY not in seen()


def test_time_outs_are_sane_and_an_address_may_set_its_own():
    plain = AppriseChannel("a", SecretStr("json://127.0.0.1/x"))
    own = AppriseChannel("b", SecretStr("json://127.0.0.1/x?rto=2.5&cto=1"))
    assert plain._plugin.request_timeout == (5.0, 10.0)
    assert own._plugin.request_timeout == (1.0, 2.5)


def test_channels_come_from_the_settings_and_a_bad_one_spares_the_others(tmp_path):
    channels = {"COMMS": SecretStr("json://127.0.0.1/x"), "board": SecretStr(f"nosuch://{CANARY}")}
    settings = Settings(home=tmp_path, channels=channels)
    with pytest.raises(ConfigError, match="'board'"):
        load_channels(settings)
    found = load_channels(settings, strict=False)
    assert isinstance(found["comms"], WebhookChannel)
    assert isinstance(found["board"], UnusableChannel)
    with pytest.raises(AlertNotSent, match="'board'"):
        found["board"].send(MESSAGE, "k")
