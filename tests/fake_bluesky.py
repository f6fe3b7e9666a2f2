"""A small Bluesky: sessions, search with its real limits, look-ups, and Jetstream as a real websocket server.

Posts are invented.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

from werkzeug import Request, Response

CAP = 10_000
HANDLE, PASSWORD = "uproar.test", "canary-4711-app-password"
DID = "did:plc:account"


def view(key: str, at: datetime, text: str, *, created: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A postView as the real service shows it."""
    did = f"did:plc:author{len(key)}"
    record = {"$type": "app.bsky.feed.post", "createdAt": stamp(created or at), "langs": ["en"], "text": text}
    return {
        "uri": f"at://{did}/app.bsky.feed.post/{key}", "cid": f"cid{key}",
        "author": {"did": did, "handle": "someone.test", "displayName": "Some One", "labels": [],
                   "viewer": {"muted": False, "blockedBy": False}, "createdAt": stamp(at)},
        "record": {**record, **more}, "replyCount": 1, "repostCount": 2, "likeCount": 3, "quoteCount": 0,
        "indexedAt": stamp(at), "viewer": {"threadMuted": False, "embeddingDisabled": False}, "labels": [],
    }  # fmt: skip


def event(key: str, at: datetime, text: str, **more: Any) -> dict[str, Any]:
    """A Jetstream event that creates a post."""
    record = {"$type": "app.bsky.feed.post", "createdAt": stamp(at), "langs": ["en"], "text": text}
    return {
        "did": f"did:plc:author{len(key)}", "time_us": int(at.timestamp() * 1e6), "kind": "commit",
        "commit": {"rev": "3l", "operation": "create", "collection": "app.bsky.feed.post", "rkey": key,
                   "record": {**record, **more}, "cid": f"cid{key}"},
    }  # fmt: skip


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def token(scope: str, number: int, ends: datetime) -> str:
    """Not signed: the client reads `exp` and nothing more."""
    parts = [{"typ": "at+jwt", "alg": "ES256K"}, {"scope": scope, "sub": DID, "jti": str(number),
             "iat": 0, "exp": int(ends.timestamp()), "aud": "did:web:pds.test"}]  # fmt: skip
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts), "c2ln"])


@dataclass
class FakeBluesky:
    """`views` are what the network holds. `stop_after` ends paging early, as the service may."""

    views: list[dict[str, Any]]
    clock: Callable[[], datetime]
    stop_after: int | None = None
    needs_session: bool = True
    lifetime: timedelta = timedelta(hours=2)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    logins: int = 0
    refreshes: int = 0
    password: str = PASSWORD
    _access: set[str] = field(default_factory=set)
    _refresh: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Response:
        method = request.path.rpartition("/")[2]
        self.asked.append((method, dict(request.args)))
        if method == "com.atproto.server.createSession":
            return self._login(request)
        if method == "com.atproto.server.refreshSession":
            return self._renew(request)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.needs_session and bearer not in self._access:
            known = "ExpiredToken" if bearer else "AuthMissing"
            return answer({"error": known, "message": "Token has expired"}, 400 if bearer else 401)
        if method == "app.bsky.feed.searchPosts":
            return self._search(request)
        if method == "app.bsky.feed.getPosts":
            wanted = request.args.getlist("uris")
            if not 0 < len(wanted) <= 25:
                return answer({"error": "InvalidRequest", "message": "uris: 1 to 25"}, 400)
            return answer({"posts": [v for v in self.views if v["uri"] in wanted]})
        return answer({"error": "MethodNotImplemented", "message": "?"}, 501)

    def expire(self) -> None:
        """Access tokens end before their time, as they do when a server is restarted."""
        self._access.clear()

    def revoke(self) -> None:
        """Refresh tokens end too."""
        self.expire()
        self._refresh.clear()

    def _login(self, request: Request) -> Response:
        said = request.get_json()
        self.logins += 1
        if (said["identifier"], said["password"]) != (HANDLE, self.password):
            return answer({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
        return self._session(request)

    def _renew(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.refreshes += 1
        if bearer not in self._refresh:
            return answer({"error": "ExpiredToken", "message": "Token has been revoked"}, 400)
        self._refresh.discard(bearer)
        return self._session(request)

    def _session(self, request: Request) -> Response:
        number = self.logins + self.refreshes
        access = token("com.atproto.access", number, self.clock() + self.lifetime)
        refresh = token("com.atproto.refresh", number, self.clock() + timedelta(days=60))
        self._access, self._refresh = {access}, self._refresh | {refresh}
        return answer({
            "accessJwt": access, "refreshJwt": refresh, "handle": HANDLE, "did": DID, "active": True,
            "aFieldOfTomorrow": {"x": 1},
            "didDoc": {"@context": ["https://www.w3.org/ns/did/v1"], "id": DID, "service": [
                {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
                 "serviceEndpoint": request.base_url.partition("/xrpc/")[0]}]},
        })  # fmt: skip

    def _search(self, request: Request) -> Response:
        args = request.args
        unknown = set(args) - {"q", "sort", "since", "until", "limit", "cursor"}
        limit = int(args.get("limit", 25))
        if unknown or not args.get("q") or not 1 <= limit <= 100:
            return answer({"error": "InvalidRequest", "message": "no"}, 400)
        since, until, words = moment(args["since"]), moment(args["until"]), args["q"].strip('"').lower()
        found = [v for v in self.views if words in v["record"]["text"].lower() and since <= sort_at(v) < until]
        found.sort(key=lambda v: (sort_at(v), v["uri"]), reverse=True)
        start = int(args.get("cursor", 0))
        if start >= CAP:
            return answer({"error": "InvalidRequest", "message": "offset"}, 400)
        end = start + limit
        reply: dict[str, Any] = {"posts": found[start:end], "hitsTotal": min(len(found), CAP)}
        if end < min(len(found), CAP) and not (self.stop_after and end >= self.stop_after):
            reply["cursor"] = str(end)
        return answer(reply)


def sort_at(v: dict[str, Any]) -> datetime:
    return min(moment(v["indexedAt"]), moment(v["record"]["createdAt"]))


def answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")


class FakeJetstream:
    """A websocket server: replays `events` from the cursor, then stays open, or breaks off after `break_after` once.

    Events before `keeps_from` are no longer kept.
    """

    def __init__(
        self, events: list[Any], *, break_after: int | None = None, keeps_from: datetime | None = None
    ) -> None:
        from websockets.sync.server import serve

        self.events = events
        self.break_after = break_after
        self.keeps_from = int(keeps_from.timestamp() * 1e6) if keeps_from else 0
        self.asked: list[dict[str, str]] = []
        self._closed = threading.Event()
        self._server = serve(self._replay, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/subscribe"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()

    def _replay(self, connection: Any) -> None:
        from websockets.exceptions import ConnectionClosed

        asked = {k: v[0] for k, v in parse_qs(urlparse(connection.request.path).query).items()}
        self.asked.append(asked)
        start = max(int(asked["cursor"]), self.keeps_from)
        sent = 0
        try:
            for item in self.events:
                if isinstance(item, dict) and isinstance(item.get("time_us"), int) and item["time_us"] < start:
                    continue
                if self.break_after is not None and sent == self.break_after:
                    self.break_after = None
                    connection.socket.close()
                    return
                connection.send(item if isinstance(item, str) else json.dumps(item))
                sent += 1
            self._closed.wait(5)
        except (ConnectionClosed, OSError):
            return
