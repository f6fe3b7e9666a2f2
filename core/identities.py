"""What a person gives to be found by: a handle, a link or an id, and what it may be called on each platform."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import ConfigError

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")
_FEDIVERSE = re.compile(r"@?([\w.-]+)@([\w-]+(?:\.[\w-]+)+)")
_REDDIT_USER = re.compile(r"/?u(?:ser)?/([\w-]{2,40})/?", re.IGNORECASE)
_REDDIT_POST = re.compile(r"/comments/([0-9a-z]+)(?:/[^/]*(?:/([0-9a-z]+))?)?", re.IGNORECASE)
_X_STATUS = re.compile(r"/([^/]+)/status(?:es)?/(\d{1,19})")
_BLUESKY = re.compile(r"/profile/([^/]+)(?:/post/([^/]+))?/?")
_MASTODON = re.compile(r"/(?:@|users/)([\w.-]+)(?:@[\w.-]+)?(?:/.*)?")
_LEMMY = re.compile(r"/u/([\w.-]+)(?:@([\w.-]+))?/?")
_WORD = r"(?<![\w.@/-]){}(?![\w-])(?!\.\w)(?!@\w)"
_ADDRESS = r"(?:(?<=www\.)|(?<=old\.)|(?<=mobile\.)|(?<![\w.-])){}(?![\w-])"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person or one post, as asked for.

    `source` is the platform where it says so, else "". `accounts` are names of the account, `ids` of posts,
    `addresses` parts of links that only this account's or post's links hold, `mentions` how others name the person.
    """

    source: str
    accounts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()

    def addresses_in(self, link: str) -> bool:
        """Whether a link or an id is one of the account's, or of the post's."""
        return any(re.search(_ADDRESS.format(re.escape(part)), link.lower()) for part in self.addresses)

    def mentioned_in(self, text: str) -> bool:
        """Whether a text names the person: one of `mentions` as a word of its own, or a link to the account."""
        lower = text.lower()
        return self.addresses_in(lower) or any(re.search(_WORD.format(re.escape(m)), lower) for m in self.mentions)


def identify(asked: str, *, source: str = "") -> Identity:
    """The identity behind a handle (@ann, u/ann, ann@instance, ann.bsky.social, a DID), a link or a post's id.

    `source` says of which platform; where the words say it themselves it may be left out. Raises ConfigError for
    nothing at all, and where both say different.
    """
    asked = asked.strip()
    if len(asked) < 2:
        raise ConfigError(f"{asked!r} finds nobody: give a handle, a link or a post's id")
    found = _of_link(asked) if re.match(r"https?://", asked, re.IGNORECASE) else _of_name(asked, source)
    if source and found.source and found.source != source:
        raise ConfigError(f"that names somebody on {found.source}, not on {source}")
    return Identity(found.source or source, found.accounts, found.ids, found.addresses, found.mentions)


def _of_name(asked: str, source: str) -> Identity:
    if asked.startswith("at://") and (did := _DID.search(asked)):
        return Identity("bluesky", ids=(asked,)) if "/app.bsky." in asked else _bluesky(did[0])
    if _DID.fullmatch(asked):
        return _bluesky(asked)
    if asked.lower().endswith(".bsky.social") or source == "bluesky":
        return _bluesky(asked.removeprefix("@"))
    if found := _FEDIVERSE.fullmatch(asked):
        if source == "lemmy":
            return _lemmy(found[1], found[2])
        return _fediverse(found[1], found[2])
    if found := _REDDIT_USER.fullmatch(asked):
        return _reddit(found[1])
    if source == "reddit" and not re.fullmatch(r"t[13]_\w+", asked):
        return _reddit(asked.removeprefix("@"))
    if source == "x" and not asked.isdigit():
        return _x(asked.removeprefix("@"))
    return _anywhere(asked)


def _anywhere(asked: str) -> Identity:
    name = asked.removeprefix("@")
    accounts = tuple(dict.fromkeys((name, asked, f"@{name}", name.lower())))
    mentions = () if name.isdigit() else (f"@{name}".lower(), f"u/{name}".lower(), f"/u/{name}".lower())
    return Identity("", accounts, (asked,), (), mentions)


def _of_link(asked: str) -> Identity:
    parts = urlsplit(asked)
    host = (parts.hostname or "").lower().removeprefix("www.").removeprefix("old.").removeprefix("mobile.")
    path = parts.path
    if host.endswith("reddit.com"):
        if found := _REDDIT_USER.fullmatch(path):
            return _reddit(found[1])
        if found := _REDDIT_POST.search(path):
            return Identity("reddit", ids=(f"t1_{found[2]}" if found[2] else f"t3_{found[1]}",))
    if host in ("x.com", "twitter.com"):
        if found := _X_STATUS.match(path):
            return Identity("x", ids=(found[2],))
        if name := path.strip("/").split("/")[0]:
            return _x(name)
    if host == "bsky.app" and (found := _BLUESKY.fullmatch(path)):
        if not found[2]:
            return _bluesky(found[1])
        ids = (f"at://{found[1]}/app.bsky.feed.post/{found[2]}",) if _DID.fullmatch(found[1]) else ()
        return Identity("bluesky", ids=ids, addresses=(f"{found[1]}/post/{found[2]}".lower(),))
    if host in ("youtube.com", "youtu.be") and (found := re.search(r"[?&]lc=([\w.-]+)", asked)):
        return Identity("youtube", ids=(found[1],))
    if host == "youtube.com" and (found := re.match(r"/channel/([\w-]+)", path)):
        return Identity("youtube", (found[1],), mentions=(f"@{found[1]}".lower(),))
    if host == "news.ycombinator.com" and (found := re.search(r"id=([\w-]+)", parts.query)):
        if path.startswith("/user"):
            return Identity("hackernews", (found[1],), mentions=(f"@{found[1]}".lower(),))
        return Identity("hackernews", ids=(found[1],))
    if found := _LEMMY.fullmatch(path):
        return _lemmy(found[1], (found[2] or host).lower())
    if found := _MASTODON.fullmatch(path):
        if re.search(r"/\d+$", path):
            return Identity("mastodon", ids=(asked,), addresses=(asked.split("://", 1)[1].lower(),))
        return _fediverse(found[1], host)
    return Identity("", ids=(asked,), addresses=(asked.split("://", 1)[1].lower().rstrip("/"),))


def _reddit(name: str) -> Identity:
    accounts = tuple(dict.fromkeys((name, name.lower(), f"u/{name}")))
    addresses = (f"reddit.com/user/{name}".lower(), f"reddit.com/u/{name}".lower())
    return Identity("reddit", accounts, (), addresses, (f"u/{name}".lower(), f"/u/{name}".lower()))


def _x(name: str) -> Identity:
    accounts = tuple(dict.fromkeys((name, name.lower(), f"@{name}")))
    addresses = (f"x.com/{name}".lower(), f"twitter.com/{name}".lower())
    return Identity("x", accounts, (), addresses, (f"@{name}".lower(),))


def _bluesky(name: str) -> Identity:
    addresses = (f"at://{name}".lower(), f"bsky.app/profile/{name}".lower())
    mentions = () if _DID.fullmatch(name) else (f"@{name}".lower(),)
    return Identity("bluesky", (name,), (), addresses, mentions)


def _fediverse(name: str, host: str) -> Identity:
    name, host = name.lower(), host.lower()
    addresses = (f"{host}/@{name}", f"{host}/users/{name}")
    return Identity("mastodon", (f"{name}@{host}",), (), addresses, (f"@{name}@{host}", f"@{name}"))


def _lemmy(name: str, host: str) -> Identity:
    name, host = name.lower(), host.lower()
    mentions = (f"@{name}@{host}", f"u/{name}@{host}", f"/u/{name}@{host}")
    return Identity("lemmy", (f"{name}@{host}",), (), (f"{host}/u/{name}",), mentions)
