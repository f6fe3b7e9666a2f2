"""A channel that keeps what it is given, and one that fails as told: both honour `alerts.channels.Channel`."""

from alerts.message import Message
from core.errors import AlertNotSent


class ListChannel:
    """Appends (title, key) to `sent`; raises the errors of `failures` first, one a call."""

    def __init__(self, name: str, failures: tuple[AlertNotSent, ...] = ()) -> None:
        self.name = name
        self.sent: list[tuple[Message, str]] = []
        self._failures = list(failures)

    def send(self, message: Message, idempotency_key: str) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append((message, idempotency_key))
