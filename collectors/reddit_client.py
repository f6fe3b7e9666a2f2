"""Reddit's API by PRAW: signing in and sending are PRAW's, waiting and what an error means are ours.

PRAW's models fetch what they lack behind one's back, and its listings end where a page repeats: so only its
`request` is used, which gives answers as they are.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import praw
import prawcore
import requests
from praw.config import Config

from collectors.client_http import RequestsAdapter, cause_of
from core.errors import AccessDenied, MissingSetting, QueryRejected, RetryLater, SourceChanged, UproarError
from core.http import Transport
from core.pacing import Pacer, process_pacer
from core.redaction import guard, quieten
from core.retrying import LONGEST_SLEEP
from core.settings import Settings

INTERVAL = 0.6
"""100 requests a minute are allowed per client id, whatever the number of watches and threads."""
_WINDOW = 600.0


def user_agent(username: str) -> str:
    """ "platform:app:version (by /u/name)", the form that Reddit's rules ask for."""
    return f"python:uproar:{version('uproar')} (by /u/{username})"


def pace_of(settings: Settings) -> str:
    """The name under which all requests of one client id are paced."""
    return f"reddit {settings.reddit_client_id}"


class RedditClient:
    """GET requests to Reddit with an app's own key, read-only. Raises `core.errors` alone.

    All clients of one client id in this process share one pace, and the pause that Reddit's headers ask for.
    """

    def __init__(self, settings: Settings, transport: Transport | None = None, *, pacer: Pacer | None = None) -> None:
        self._settings = settings
        secret = settings.reddit_client_secret
        if not settings.reddit_client_id or secret is None or not settings.reddit_username:
            raise MissingSetting(
                "Reddit needs UPROAR_REDDIT_CLIENT_ID, UPROAR_REDDIT_CLIENT_SECRET and UPROAR_REDDIT_USERNAME: make "
                'a "script" app at https://www.reddit.com/prefs/apps, with the account that answers for it'
            )
        self._secret = secret.get_secret_value()
        self._pacer = pacer or process_pacer()
        self._key = pace_of(settings)
        agent = user_agent(settings.reddit_username)
        self._transport = transport or Transport(
            settings, interval=INTERVAL, pace=self._key, agent=agent, pacer=self._pacer
        )
        self._praw: praw.Reddit | None = None

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The decoded answer. An HTML page, or anything else that is no JSON, is SourceChanged."""
        if self._praw is None:
            self._praw = self._sign_in()
        try:
            return self._praw.request(method="GET", path=path.lstrip("/"), params=dict(params or {}))
        except Exception as error:
            raise _ours(error, path) from None

    def _sign_in(self) -> praw.Reddit:
        guard(self._secret)
        quieten("praw", "prawcore")
        _ignore_ini_files()
        session, adapter = requests.Session(), _LimitAdapter(self._transport, self._pacer, self._key)
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, adapter)
        # Every setting is given, so that neither praw.ini nor praw_* variables can say another.
        return praw.Reddit(
            "DEFAULT", client_id=self._settings.reddit_client_id, client_secret=self._secret,
            user_agent=user_agent(self._settings.reddit_username), reddit_url=self._settings.reddit_url.rstrip("/"),
            oauth_url=f"{self._settings.reddit_oauth_url.rstrip('/')}/", short_url="https://redd.it", username=None,
            password=None, refresh_token=None, redirect_uri=None, check_for_updates=False, check_for_async=False,
            timeout=30, ratelimit_seconds=0, window_size=600, requestor_kwargs={"session": session},
        )  # fmt: skip


class _LimitAdapter(RequestsAdapter):
    """Keeps the rate limit that Reddit's headers state, and hides them from prawcore.

    prawcore sleeps up to ten minutes on them in every thread for itself, and fails on "x-ratelimit-used: 12.0".
    """

    def __init__(self, transport: Transport, pacer: Pacer, key: str) -> None:
        super().__init__(transport, sign_in="/api/v1/access_token")
        self._pacer = pacer
        self._key = key

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        due = self._pacer.due(self._key)
        if due > LONGEST_SLEEP:
            raise RetryLater("Reddit: the rate limit of this client id is used up", after=due)
        try:
            response = super().send(request, *args, **kwargs)
        except RetryLater as error:
            if error.after:
                self._pacer.hold(self._key, error.after)
            raise
        left, reset = (_number(response.headers.pop(f"x-ratelimit-{name}", None)) for name in ("remaining", "reset"))
        response.headers.pop("x-ratelimit-used", None)
        if left is not None and left < 1 and reset is not None:
            self._pacer.hold(self._key, min(max(reset, 1.0), _WINDOW))
        return response


def _number(value: str | None) -> float | None:
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if 0 <= found < 1e9 else None


def _ignore_ini_files() -> None:
    """Give PRAW its own settings file and no other: one in the working folder could send the key elsewhere."""
    with Config.LOCK:
        known = configparser.ConfigParser(interpolation=None)
        known.read_string(files("praw").joinpath("praw.ini").read_text(encoding="utf-8"))
        Config.CONFIG = known


def _ours(error: Exception, path: str) -> UproarError:
    found = cause_of(error)
    if found is None and isinstance(error, prawcore.RequestException):
        found = cause_of(error.original_exception)
    if found is not None:
        return found
    where = f"Reddit {path.partition('?')[0]}"
    if isinstance(error, prawcore.OAuthException):
        return AccessDenied("Reddit does not take this client id and secret: see https://www.reddit.com/prefs/apps")
    if isinstance(error, prawcore.BadJSON):
        return SourceChanged(f"{where} answered with something that is not JSON")
    if isinstance(error, prawcore.ResponseException):
        status = error.response.status_code
        if status in (401, 403, 451):
            return AccessDenied(f"{where} refuses this app (HTTP {status}): private, quarantined, or not approved")
        if status in (400, 404, 409, 410, 414, 422):
            return QueryRejected(f"{where} does not exist or does not accept this query (HTTP {status})")
        return RetryLater(f"{where} is down or asks to wait (HTTP {status})")
    if isinstance(error, prawcore.RequestException):
        return RetryLater(f"{where}: the connection failed ({type(error.original_exception).__name__})")
    return SourceChanged(f"{where}: the answer was not understood ({type(error).__name__})")
