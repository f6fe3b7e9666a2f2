"""Whose account a Bluesky handle is today: posts are held under the account's number (its DID), not its name."""

from __future__ import annotations

from collectors.bluesky_xrpc import XrpcReader
from collectors.json_fields import inside
from core.errors import QueryRejected, SourceChanged
from core.http import Transport
from core.settings import Settings


def did_of(handle: str, settings: Settings) -> str:
    """The DID behind `handle`; "" where Bluesky knows no such handle. Raises SourceError where it cannot be asked."""
    with Transport(settings) as transport:
        reader = XrpcReader(transport, None, public=settings.bluesky_public_url)
        try:
            found = inside(reader.get("com.atproto.identity.resolveHandle", [("handle", handle)]), "did")
        except QueryRejected:
            return ""
    if not isinstance(found, str) or not found.startswith("did:"):
        raise SourceChanged("Bluesky named no account for a handle that it knows")
    return found
