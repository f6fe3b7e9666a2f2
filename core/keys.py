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
    """The author and the text key, derived from one secret of 32 bytes; `id` names it without giving it away.

    `text` is the 32-byte key for `core.text.text_key` and for tombstones.
    """

    __slots__ = ("_author", "id", "text")

    def __init__(self, secret: bytes) -> None:
        self.id = hmac.digest(secret, b"uproar key id", "sha256").hex()[:8]
        self.text = hmac.digest(secret, b"uproar text", "sha256")
        self._author = hmac.digest(secret, b"uproar author", "sha256")

    def __repr__(self) -> str:
        return f"Keys(id={self.id!r})"

    def author(self, source: str, account: str) -> str:
        """The pseudonym "<key id>:<32 hex>" of an account; "" for an unknown one. Never joins two sources.

        A pseudonym made with this key is returned as it is, so that an export can be imported again.
        """
        if not account:
            return ""
        if len(account) == 41 and account.startswith(f"{self.id}:") and set(account[9:]) <= _HEX:
            return account
        message = f"{source}\x1f{account}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._author, message, "sha256")
        return f"{self.id}:{digest.hex()[:32]}"

    def tombstone(self, source: str, post_id: str) -> bytes:
        """The salted hash by which a deleted post is recognised, should a source offer it again."""
        message = f"{source}\x1f{post_id}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(message, digest_size=16, key=self.text).digest()


def load_keys(home: Path, given: str | None = None) -> Keys:
    """The key from the setting (`given`, 64 hex digits), else from `home`/author.key, made on first use (0600).

    Raises ConfigError when either is not 64 hex digits. Two processes that start at once agree on one file.
    """
    if given is not None:
        return Keys(_decode(given, "UPROAR_AUTHOR_KEY"))
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
    return Keys(_decode(path.read_text().strip(), str(path)))


def _decode(value: str, name: str) -> bytes:
    try:
        secret = bytes.fromhex(value)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ConfigError(f"{name}: expected 64 hex digits (32 bytes). Make one with: openssl rand -hex 32")
    return secret
