"""Where alerts go: one Apprise target per channel, errors that never show its address, and silence in the logs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from pydantic import SecretStr

from alerts.message import Message
from alerts.webhook import CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, Receiver, WebhookChannel
from core.errors import AlertNotSent, ConfigError
from core.settings import Settings

if TYPE_CHECKING:
    from apprise import NotifyBase

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
        self._plugin: Any = _plugin(name, url)

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

    def receiver(self) -> Receiver | None:
        """The same target for a request of our own, where it is a plain json:// POST; else None."""
        plugin = self._plugin
        if plugin.schema not in ("json", "jsons") or plugin.method != "POST" or plugin.payload_extras or plugin.params:
            return None
        port = f":{plugin.port}" if isinstance(plugin.port, int) else ""
        host = f"[{plugin.host}]" if ":" in plugin.host else plugin.host
        connect, read = plugin.request_timeout
        return Receiver(
            f"{'https' if plugin.secure else 'http'}://{host}{port}{plugin.fullpath or '/'}", plugin.user or "",
            plugin.password or "", dict(plugin.headers), connect, read, bool(plugin.verify_certificate),
        )  # fmt: skip


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
            found[name.lower()] = open_channel(name.lower(), url)
        except ConfigError as error:
            found[name.lower()] = UnusableChannel(name.lower(), str(error))
            refused.append(str(error))
    if strict and refused:
        raise ConfigError("; ".join(refused))
    return found


def open_channel(name: str, url: SecretStr) -> Channel:
    """The channel at that address: our own request for a plain web address or json://, else Apprise.

    Raises ConfigError where neither knows what to do with it.
    """
    receiver = _plain_web(url.get_secret_value())
    if receiver is None:
        plugin = AppriseChannel(name, url)
        receiver = plugin.receiver()
        return plugin if receiver is None else WebhookChannel(name, receiver)
    return WebhookChannel(name, receiver)


def _plain_web(address: str) -> Receiver | None:
    """A receiver for http(s) addresses that are no service Apprise knows by its address (Slack, Discord, Teams ...)."""
    if not address.startswith(("https://", "http://")):
        return None
    try:
        parsed = httpx.URL(address)
    except httpx.InvalidURL:
        return None
    if not parsed.host:
        return None
    from apprise import Apprise

    with _silence():
        try:
            known_service = Apprise.instantiate(address, suppress_exceptions=True)
        except Exception:  # what Apprise raises may quote the address, and means: not one of its services
            known_service = None
    if known_service is not None:
        return None
    bare = parsed.copy_with(username=None, password=None) if parsed.userinfo else parsed
    return Receiver(str(bare), parsed.username, parsed.password)


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
