"""Where alerts go: one Apprise target per channel, errors that never show its address, and silence in the logs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr

from alerts.message import Message
from core.errors import AlertNotSent, ConfigError
from core.settings import Settings

if TYPE_CHECKING:
    from apprise import NotifyBase

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
"""Per read. A URL may set its own with ?cto= and ?rto=."""
WHOLE_SECONDS = 30.0
"""For one message altogether: a receiver that drips bytes does not hold up the others."""

_KEYED = frozenset({"json", "jsons", "form", "forms", "xml", "xmls"})
_STATUS = re.compile(r"error[=:]\s*(\d{3})\b")


class Channel(Protocol):
    """Takes messages. The same `idempotency_key` means the same message, sent again after a crash."""

    name: str

    def send(self, message: Message, idempotency_key: str) -> None:
        """Deliver, or raise AlertNotSent naming the channel and never its address."""
        ...


class AppriseChannel:
    """A channel given as an Apprise URL, such as mailto://, slack://, discord:// or json://.

    Raises ConfigError when Apprise knows no service for the address. The key travels as the header
    Idempotency-Key to json://, form:// and xml:// receivers, and for people as the last line of the message.
    """

    def __init__(self, name: str, url: SecretStr) -> None:
        self.name = name
        self._plugin = _plugin(name, url)

    def __repr__(self) -> str:
        return f"AppriseChannel(name={self.name!r})"

    def send(self, message: Message, idempotency_key: str) -> None:
        """Deliver, or raise AlertNotSent naming the channel and never its address."""
        from apprise import Apprise, NotifyFormat, NotifyType

        target = Apprise(asset=self._plugin.asset)
        target.add(self._plugin)
        if self._plugin.schema in _KEYED:
            self._plugin.headers["Idempotency-Key"] = idempotency_key
        body = f"{message.body}\nReference: {idempotency_key}"
        with _silence() as statuses:
            # Whatever Apprise raises may quote the address: nothing of it goes on.
            try:
                taken = bool(
                    target.notify(
                        body, title=message.title, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
                    )
                )
            except Exception as error:
                raise AlertNotSent(f"channel {self.name!r}: {type(error).__name__} while sending") from None
        if not taken:
            raise AlertNotSent(f"channel {self.name!r}: {_reason(statuses)}")


class UnusableChannel:
    """Stands for a channel whose address cannot be used: it refuses each message with the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def send(self, message: Message, idempotency_key: str) -> None:
        """Raise AlertNotSent."""
        raise AlertNotSent(self._reason)


def load_channels(settings: Settings, *, strict: bool = True) -> dict[str, Channel]:
    """The channels of UPROAR_CHANNELS__<NAME>, by name in lower case.

    Raises ConfigError naming every channel whose address cannot be used; with `strict=False` such a channel is
    there too and refuses its messages, so that it does not keep the others from theirs.
    """
    found: dict[str, Channel] = {}
    refused = []
    for name, url in settings.channels.items():
        try:
            found[name.lower()] = AppriseChannel(name.lower(), url)
        except ConfigError as error:
            found[name.lower()] = UnusableChannel(name.lower(), str(error))
            refused.append(str(error))
    if strict and refused:
        raise ConfigError("; ".join(refused))
    return found


def _plugin(name: str, url: SecretStr) -> NotifyBase:
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        storage_mode="memory",  # nothing about a target is written to disk
        allow_templates=False,
        service_timeout=WHOLE_SECONDS,
        http_redirects=False,  # a redirected POST becomes a GET without the message
        app_id="Uproar",
        app_desc="Uproar",
    )
    with _silence():
        # Apprise answers None for most of what it cannot use; what it raises may quote the address.
        try:
            plugin: Any = Apprise.instantiate(url.get_secret_value(), asset=asset)
        except Exception as error:
            raise ConfigError(f"{_unusable(name)} ({type(error).__name__})") from None
    if plugin is None:
        raise ConfigError(_unusable(name))
    for attribute, seconds in (("socket_connect_timeout", CONNECT_SECONDS), ("socket_read_timeout", READ_SECONDS)):
        if attribute not in vars(plugin):
            setattr(plugin, attribute, seconds)
    return plugin


def _unusable(name: str) -> str:
    return (
        f"channel {name!r}: Apprise cannot use the address in UPROAR_CHANNELS__{name.upper()}. Write it as "
        "mailto://user:password@host, slack://tokenA/tokenB/tokenC/#channel, discord://id/token or "
        "json://host/path; every form is on https://github.com/caronc/apprise/wiki"
    )


def _reason(statuses: list[int]) -> str:
    if not statuses:
        return "not taken (no connection, no answer in time, or refused)"
    status = statuses[-1]
    meaning = {
        401: "not authorised: renew its token",
        403: "forbidden: renew its token",
        404: "no such address: it may have been withdrawn",
        429: "too many messages",
    }
    return f"the receiver answered {status} ({meaning.get(status, 'not taken')})"


_statuses: ContextVar[list[int] | None] = ContextVar("alerts_statuses", default=None)


class _Silencer(logging.Filter):
    """Drops every record of the libraries that log addresses, keeping the HTTP status that they tell."""

    def filter(self, record: logging.LogRecord) -> bool:
        statuses = _statuses.get()
        if statuses is None:
            # urllib3 serves others too; Apprise is used nowhere else.
            return not record.name.startswith("apprise")
        statuses.extend(int(code) for code in _STATUS.findall(record.getMessage()))
        return False


_SILENCER = _Silencer()


@contextmanager
def _silence() -> Iterator[list[int]]:
    # Apprise logs whole URLs at TRACE and DEBUG, urllib3 the path of each request, which holds Slack's token.
    # A filter on the logger holds whatever level or handler the application or the user chose.
    for name in ("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests", "slixmpp"):
        logging.getLogger(name).addFilter(_SILENCER)
    seen: list[int] = []
    token = _statuses.set(seen)
    try:
        yield seen
    finally:
        _statuses.reset(token)


def known(channels: Mapping[str, Channel]) -> str:
    """The names of `channels` for a message, "none" where there are none."""
    return ", ".join(sorted(channels)) or "none"
