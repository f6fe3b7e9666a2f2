"""The installation's key: pseudonyms for authors and keyed hashes of texts.

An HMAC of an account id is still personal data (EDPB guidelines 01/2025); the key stays apart from the database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from core.errors import ConfigError

_HEX = frozenset("0123456789abcdef")


class Keys:
    """The author and the text key, derived from secrets of 32 bytes; `id` names the first without giving it away.

    `text` is the 32-byte key for `core.text.text_key` and for tombstones: it stays, so that texts and deleted posts are
    recognised for good. `newer` secrets are later versions of the author key, oldest first: the last one makes new
    pseudonyms, and all of them are searched when a person asks.
    """

    __slots__ = ("_authors", "id", "text")

    def __init__(self, secret: bytes, *newer: bytes) -> None:
        self.id = _name(secret)
        self.text = hmac.digest(secret, b"uproar text", "sha256")
        self._authors = {_name(part): hmac.digest(part, b"uproar author", "sha256") for part in (secret, *newer)}

    def __repr__(self) -> str:
        return f"Keys(id={self.id!r}, versions={len(self._authors)})"

    @property
    def versions(self) -> tuple[str, ...]:
        """The names of the author key's versions, oldest first."""
        return tuple(self._authors)

    def author(self, source: str, account: str) -> str:
        """The pseudonym "<key id>:<32 hex>" of an account; "" for an unknown one. Never joins two sources.

        A pseudonym made with any version of this key is returned as it is, so that an export can be imported again.
        """
        return self.authors(source, account)[-1] if account else ""

    def authors(self, source: str, account: str) -> tuple[str, ...]:
        """The pseudonyms of an account under every version of the key, oldest first; none for an unknown account."""
        if not account:
            return ()
        if len(account) == 41 and account[8] == ":" and account[:8] in self._authors and set(account[9:]) <= _HEX:
            return (account,)
        message = f"{source}\x1f{account}".encode("utf-8", "surrogatepass")
        return tuple(f"{name}:{hmac.digest(key, message, 'sha256').hex()[:32]}" for name, key in self._authors.items())

    def tombstone(self, source: str, post_id: str) -> bytes:
        """The salted hash by which a deleted post is recognised, should a source offer it again."""
        message = f"{source}\x1f{post_id}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(message, digest_size=16, key=self.text).digest()


def load_keys(home: Path, given: str | None = None) -> Keys:
    """The key from the setting (`given`), else from `home`/author.key, made on first use (0600).

    Either holds one secret of 64 hex digits, or several (commas or lines between them, oldest first): to rotate the
    author key, add one at the end. Raises ConfigError when one is not 64 hex digits. Two processes that start at once
    agree on one file.
    """
    if given is not None:
        return _keys(given, "UPROAR_AUTHOR_KEY")
    path = home / "author.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"author.key.{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(draft, path)  # fails where another process was first: then its key is the key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return _keys(path.read_text(), str(path))


def _keys(value: str, name: str) -> Keys:
    found = [_decode(part, name) for part in value.replace(",", " ").split()] or [_decode("", name)]
    return Keys(*found)


def _name(secret: bytes) -> str:
    return hmac.digest(secret, b"uproar key id", "sha256").hex()[:8]


def _decode(value: str, name: str) -> bytes:
    try:
        secret = bytes.fromhex(value)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ConfigError(f"{name}: expected 64 hex digits (32 bytes). Make one with: openssl rand -hex 32")
    return secret
