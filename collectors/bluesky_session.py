"""The session of a Bluesky account: kept in UPROAR_HOME, refreshed in time, and seldom made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.client_http import HttpxTransport
from collectors.packages import needed
from collectors.private_file import PrivateFile
from core.errors import AccessDenied, RetryLater, SourceChanged
from core.http import Transport

if TYPE_CHECKING:
    from atproto_client import Client, Session

LOGINS_A_DAY = 50
"""The service allows 300 by its rules and about 100 in practice (bluesky-social/bsky-docs#183)."""

_EARLY = timedelta(minutes=15)
_DAY = timedelta(days=1)
_REMEDY = "Check UPROAR_BLUESKY_HANDLE and UPROAR_BLUESKY_PASSWORD (https://bsky.app/settings/app-passwords)"


class BlueskySession:
    """Gives the headers of a living session. Processes share it by `home`/bluesky-session.json, mode 0600.

    Login and refresh are the SDK's (atproto), over our transport. Raises AccessDenied when the account is refused,
    RetryLater when it has logged in too often today.
    """

    def __init__(
        self, transport: Transport, home: Path, *, url: str, handle: str, password: str, clock: Callable[[], datetime]
    ) -> None:
        self._transport = transport
        self._file = PrivateFile(home / "bluesky-session.json")
        self._url = url.rstrip("/")
        self._handle = handle
        self._password = password
        self._clock = clock

    def access(self) -> tuple[str, dict[str, str]]:
        """The server of the account and the headers that open it; a request is made only when tokens run out."""
        kept = self._kept()
        session = _sdk().Session.decode(kept) if kept else None
        if session is None or self._runs_out(session):
            session = self.renew(kept)
        return _server(session, self._url), {"Authorization": f"Bearer {session.access_jwt}"}

    def renew(self, refused: str | None = None) -> Session:
        """A session other than the `refused` one (default: the kept one): refreshed, else logged in anew."""
        refused = refused or self._kept()
        with self._file.locked():
            kept = self._kept()
            if kept and kept != refused:  # another process was faster
                return _sdk().Session.decode(kept)
            session = self._refreshed(_sdk().Session.decode(kept)) if kept else None
            session = session or self._logged_in()
            content = self._file.read()
            self._file.write({**content, "account": self._account, "session": session.encode()})
        return session

    @property
    def _account(self) -> str:
        return f"{self._handle} {self._url}"

    def _kept(self) -> str:
        content = self._file.read()
        kept = content.get("session")
        whole = isinstance(kept, str) and kept.count(":::") in (3, 4) and content.get("account") == self._account
        return str(kept) if whole else ""

    def _runs_out(self, session: Session) -> bool:
        try:
            ends = session.access_jwt_payload.exp
        except Exception:  # the SDK raises several kinds for a token that it cannot read: the server will say
            return False
        return ends is not None and ends < (self._clock() + _EARLY).timestamp()

    def _refreshed(self, session: Session) -> Session | None:
        headers = {"Authorization": f"Bearer {session.refresh_jwt}"}
        try:
            with _translated():
                server = self._client(_server(session, self._url)).com.atproto.server
                new = server.refresh_session(headers=headers, ignore_session_check=True)
        except AccessDenied:
            return None  # the refresh token is spent or revoked
        return _sdk().Session(new.handle, new.did, new.access_jwt, new.refresh_jwt, session.pds_endpoint)

    def _logged_in(self) -> Session:
        content, now = self._file.read(), self._clock()
        before = [t for t in content.get("logins", []) if isinstance(t, int | float)]
        logins = [t for t in before if t > (now - _DAY).timestamp()]
        if len(logins) >= LOGINS_A_DAY:
            raise RetryLater(f"Bluesky: {LOGINS_A_DAY} logins within a day; the next one waits", after=900.0)
        self._file.write({"account": self._account, "logins": [*logins, now.timestamp()]})
        client = self._client(self._url)
        with _translated():
            client.login(self._handle, self._password, fetch_bsky_profile=False)
        return _sdk().Session.decode(client.export_session_string())

    def _client(self, url: str) -> Client:
        sdk = _sdk()
        request = needed("atproto_client.request", "bluesky").Request
        return sdk.Client(url, request=request(transport=HttpxTransport(self._transport), trust_env=False))


def _sdk() -> Any:
    return needed("atproto_client", "bluesky")


@contextmanager
def _translated() -> Iterator[None]:
    """The SDK's errors as ours; its own may hold the answer, so they are not chained."""
    from atproto_client.exceptions import BadRequestError, RequestErrorBase, UnauthorizedError
    from atproto_core.exceptions import AtProtocolError
    from pydantic import ValidationError

    try:
        yield
    except (UnauthorizedError, BadRequestError) as error:
        status = error.response.status_code if error.response else "?"
        if error.response and isinstance(error.response.content, bytes):
            raise AccessDenied(f"Bluesky blocks this address (HTTP {status}, a page instead of an answer)") from None
        raise AccessDenied(f"Bluesky refuses the account (HTTP {status}). {_REMEDY}") from None
    except (RequestErrorBase, AtProtocolError, ValidationError, ValueError) as error:
        raise SourceChanged(f"Bluesky's session answer is not understood ({type(error).__name__})") from None


def _server(session: Session, default: str) -> str:
    return (session.pds_endpoint or default).rstrip("/").removesuffix("/xrpc")
