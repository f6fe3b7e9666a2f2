"""Mail, against a real SMTP server on loopback that takes, refuses, breaks off and hangs."""

import socket
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from alerts.channels import AppriseChannel
from alerts.message import Message
from core.errors import AlertNotSent

pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
MESSAGE = Message("Spike: Example: 41 negative posts", "41 of 120 relevant posts were negative.\n<!channel> ü")
CANARY = "c4n4ry"


class Postman:
    """Keeps what it is given, or answers a command as told."""

    def __init__(self, **answers):
        self.mails = []
        self.answers = answers

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        if self.answers.get("data") == "break":
            server.transport.close()
            return "451 broken"
        if "data" not in self.answers:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answers.get("data", "250 taken")


class Quiet(Controller):
    def factory(self):
        return SMTP(self.handler, ident="test", enable_SMTPUTF8=True)


@pytest.fixture
def post():
    """Starts a server with a Postman; returns (postman, channel)."""
    servers = []

    def start(**answers):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        postman = Postman(**answers)
        server = Quiet(postman, hostname="127.0.0.1", port=port)
        server.start()
        servers.append(server)
        address = f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&from=uproar@{CANARY}.example&to=team@example.org&mode=insecure&rto=1"
        return postman, AppriseChannel("mail", SecretStr(address))

    yield start
    for server in servers:
        server.stop()


def test_a_mail_arrives_with_subject_body_and_reference(post):
    postman, channel = post()
    channel.send(MESSAGE, "incident-1-mail-opened-1")
    (mail,) = postman.mails
    assert mail["Subject"] == MESSAGE.title
    body = mail.get_body(("plain",)) or mail
    text = body.get_content()
    assert "41 of 120 relevant posts were negative." in text
    assert "Reference: incident-1-mail-opened-1" in text
    assert "ü" in text


@pytest.mark.parametrize(
    "answers",
    [{"rcpt": "550 no such user"}, {"rcpt": "450 later"}, {"data": "552 mailbox full"}, {"data": "421 shutting down"},
     {"data": "break"}],
)  # fmt: skip
def test_a_refusing_server_is_a_failure_that_names_the_channel_alone(post, answers):
    postman, channel = post(**answers)
    with pytest.raises(AlertNotSent, match="'mail'") as caught:
        channel.send(MESSAGE, "k")
    assert CANARY not in str(caught.value)
    assert postman.mails == []


def test_a_server_that_says_nothing_is_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        address = f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&from=a@example.org&to=b@example.org&mode=insecure&rto=0.3&cto=0.3"
        with pytest.raises(AlertNotSent, match="'mail'"):
            AppriseChannel("mail", SecretStr(address)).send(MESSAGE, "k")
