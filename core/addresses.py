"""Which addresses may be asked: a guard against requests that a source or a link turns inwards (SSRF)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from core.errors import AccessDenied, RetryLater

Resolve = Callable[[str, int], list[str]]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPv6 = ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request really goes: `address` was checked and is the one to connect to, `url` keeps the name."""

    url: httpx.URL
    address: str

    @property
    def pinned(self) -> httpx.URL:
        """The URL with the address in place of the name: nobody can answer the name differently in between."""
        return self.url.copy_with(host=self.address)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system resolves it (decimal and octal forms of addresses too)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check(url: httpx.URL, *, allow_private: bool, resolver: Resolve = resolve) -> Target:
    """The target of a URL, if it may be asked: http or https, no user name, every address public.

    Raises AccessDenied when it may not, RetryLater when the name cannot be resolved now. Messages name the host
    alone.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise AccessDenied(f"{url.scheme or 'an address without scheme'}: only http and https are asked")
    if url.userinfo:
        raise AccessDenied(f"{url.host}: a user name in the address is refused")
    try:
        found = resolver(url.host, url.port or (443 if url.scheme == "https" else 80))
    except (OSError, UnicodeError):
        raise RetryLater(f"{url.host}: the name cannot be resolved. Is the network up?") from None
    if not found:
        raise RetryLater(f"{url.host}: the name has no address")
    if not allow_private and not all(is_public(address) for address in found):
        raise AccessDenied(
            f"{url.host} is on a private or local address. If that is meant: UPROAR_ALLOW_PRIVATE_ADDRESSES=true"
        )
    return Target(url, found[0].partition("%")[0])


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, an IPv4 address hidden in an IPv6 one included."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, _IPv6):
        hidden = _hidden(ip)
        if hidden is not None:
            ip = hidden
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _hidden(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64 or int(ip) >> 32 == 0:  # NAT64, and the old IPv4-compatible form ::a.b.c.d
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
