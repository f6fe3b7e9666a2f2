"""What the three handles share: an engine, and a `with` block that closes it."""

from __future__ import annotations

from typing import Self

from sqlalchemy import Engine

from core.keys import Keys


class Handle:
    """An open database. Use it in a `with` block, or call `close`; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Close every connection; the handle is of no use afterwards."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.url.render_as_string(hide_password=True)})"


class KeyedHandle(Handle):
    """A handle that also holds the installation's keys, for pseudonyms, text keys and tombstones."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        super().__init__(engine)
        self._keys = keys
