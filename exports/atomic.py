"""Files that are either complete or not there: written beside their place, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from core.errors import ConfigError, UproarError

_WRONG_PLACE = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)


def create_private(path: Path) -> BinaryIO:
    """A new file that only its owner may read: exports hold personal data."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_atomic(path: Path, chunks: Iterable[str], *, create: Callable[[Path], BinaryIO] = create_private) -> str:
    """`write_file` of texts in UTF-8."""

    def fill(file: BinaryIO) -> None:
        for chunk in chunks:
            file.write(chunk.encode("utf-8"))

    return write_file(path, fill, create=create)


def write_file(
    path: Path, fill: Callable[[BinaryIO], None], *, create: Callable[[Path], BinaryIO] = create_private,
    publish: Callable[[str], None] = lambda digest: None,
) -> str:  # fmt: skip
    """Let `fill` write a file that then stands at `path`; returns the SHA-256 of its bytes, in hex.

    An older file stays as it was until the new one is complete and on disk; when anything is raised, the
    temporary file is removed. `publish` is called with the hash just before the file appears. A full disk or a
    failing one is an UproarError, a place that cannot be written a ConfigError; both name the path.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with create(part) as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        with part.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        publish(digest)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        _drop(part)
        raise _translate(error, path) from error
    except BaseException:
        _drop(part)
        raise
    return digest


def _drop(part: Path) -> None:
    with contextlib.suppress(OSError):  # the first error is the one to tell
        part.unlink()


def _sync_folder(folder: Path) -> None:
    # Without this a power cut may undo the rename. Windows cannot open a folder, and needs no such call.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translate(error: OSError, path: Path) -> UproarError:
    if isinstance(error, _WRONG_PLACE):
        return ConfigError(
            f"{path}: cannot be written ({error.strerror}). Name a file in a folder that you may write to"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return UproarError(f"{path}: no room ({error.strerror}). Nothing was written; free some space and run again")
    return UproarError(f"{path}: could not be written ({error.strerror or error}). An older file there was not touched")
