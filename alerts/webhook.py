"""A plain web address as a channel: our own request, so that Retry-After is heard and an open end is known as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import orjson

from alerts.message import Message
from core.errors import AlertNotSent
from core.retrying import retry_after

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_SECONDS = 30.0
"""For one message altogether: a receiver that drips bytes does not hold up the others."""

_MEANINGS = {
    401: "not authorised: renew its token",
    403: "forbidden: renew its token",
    404: "no such address: it may have been withdrawn",
    410: "gone: it has been withdrawn",
    413: "the message is too large for it",
    429: "too many messages",
}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a webhook lives, how it knows us, and how long it may take to connect and between two bytes."""

    url: str = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    verify: bool = True


class WebhookChannel:
    """A channel given as https://, http://, json:// or jsons:// address: one POST of JSON, never a second.

    The document has version, title, message, type and reference; the reference travels as the header Idempotency-Key
    too. Any 2xx is "taken"; a redirect is not followed, because it would become a GET without the message.
    """

    def __init__(
        self, name: str, receiver: Receiver, *, whole: float = WHOLE_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self.name = name
        self._receiver = receiver
        self._whole = whole
        self._clock = clock

    def __repr__(self) -> str:
        return f"WebhookChannel(name={self.name!r})"

    def send(self, message: Message, idempotency_key: str) -> None:
        """Deliver, or raise AlertNotSent naming the channel and never its address."""
        document = {
            "version": "1.0", "title": message.title, "message": f"{message.body}\nReference: {idempotency_key}",
            "attachments": [], "type": "warning", "reference": idempotency_key,
        }  # fmt: skip
        headers = {"Content-Type": "application/json", "User-Agent": "uproar", **self._receiver.headers,
                   "Idempotency-Key": idempotency_key}  # fmt: skip
        # What httpx raises may quote the address: nothing of it goes on.
        try:
            answer = asyncio.run(self._post(orjson.dumps(document), headers))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.ProxyError):
            raise AlertNotSent(f"channel {self.name!r}: not taken (no connection)") from None
        except (httpx.TimeoutException, TimeoutError):
            raise AlertNotSent(f"channel {self.name!r}: no answer in time", maybe_taken=True) from None
        except httpx.HTTPError as error:
            what = type(error).__name__
            raise AlertNotSent(f"channel {self.name!r}: the connection broke ({what})", maybe_taken=True) from None
        except Exception as error:  # a port that is none comes as a group of errors, a broken name as ValueError
            raise AlertNotSent(f"channel {self.name!r}: its address cannot be used ({type(error).__name__})") from None
        self._judge(answer)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        receiver = self._receiver
        silence = httpx.Timeout(receiver.read, connect=receiver.connect)
        auth = httpx.BasicAuth(receiver.user, receiver.password) if receiver.user else None
        async with (
            asyncio.timeout(self._whole),
            httpx.AsyncClient(trust_env=False, timeout=silence, verify=receiver.verify) as client,
            client.stream("POST", receiver.url, content=body, headers=dict(headers), auth=auth) as answer,
        ):
            return answer  # the status is all that counts: the body is not read

    def _judge(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        asked = retry_after(answer.headers.get("Retry-After"), now=self._clock())
        meaning = _MEANINGS.get(status, "not taken")
        raise AlertNotSent(f"channel {self.name!r}: the receiver answered {status} ({meaning})", retry_after=asked)
