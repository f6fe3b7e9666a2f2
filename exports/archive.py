"""Reading a pack that somebody sent: nothing is unpacked to disk, nothing believed unchecked."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from core.errors import InputUnusable
from exports.pack import LAYOUT, MANIFEST

MOST_FILES = 2_000
MOST_BYTES = 4 * 2**30
MOST_MANIFEST = 16 * 2**20
RATIO = 300
"""A file that grows by more when unpacked is a bomb; text compresses to a hundredth at best."""
FREE = 2**20
"""The ratio of smaller files says nothing."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_PIECE = 2**18


@dataclass(frozen=True, slots=True)
class Pack:
    """An opened pack whose every file is what its manifest says."""

    path: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str
    archive: zipfile.ZipFile

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file."""
        with self.archive.open(name) as file:
            while piece := file.read(_PIECE):
                yield piece


@contextmanager
def open_pack(path: Path) -> Iterator[Pack]:
    """Open and check a pack. Raises InputUnusable, naming the file inside, where it is not what it says.

    Refused are names that lead elsewhere, links, encrypted and repeated files, bombs, files that the manifest does
    not list or that are missing, and every file whose hash or size differs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(path, archive)
            raw = _read(path, archive, entries, MANIFEST, MOST_MANIFEST)
            manifest = _manifest(path, raw)
            _check(path, archive, entries, manifest["files"])
            yield Pack(path, manifest, hashlib.sha256(raw).hexdigest(), archive)
    except FileNotFoundError:
        raise InputUnusable(f"{path}: there is no such file") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, zlib.error) as error:
        raise InputUnusable(f"{path}: this is no whole zip file ({error})") from None


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    found = archive.infolist()
    if len(found) > MOST_FILES or sum(entry.file_size for entry in found) > MOST_BYTES:
        raise InputUnusable(
            f"{path}: more than {MOST_FILES:,} files or {MOST_BYTES / 2**30:.0f} GB; no pack is so large"
        )
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in found:
        name = entry.orig_filename
        if not _NAME.fullmatch(name) or entry.filename != name:
            raise InputUnusable(f"{path}: {name!r} leads out of the pack, or is no name for a file in it")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise InputUnusable(f"{path}: {name} is a link")
        if entry.flag_bits & 1:
            raise InputUnusable(f"{path}: {name} is encrypted")
        if name in entries:
            raise InputUnusable(f"{path}: {name} is in it twice")
        if entry.file_size > FREE and entry.file_size > RATIO * max(entry.compress_size, 1):
            raise InputUnusable(f"{path}: {name} would grow more than {RATIO}-fold: refused as a bomb")
        entries[name] = entry
    return entries


def _read(path: Path, archive: zipfile.ZipFile, entries: Mapping[str, Any], name: str, most: int) -> bytes:
    if name not in entries:
        raise InputUnusable(f"{path}: {name} is missing, so this is no evidence pack")
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputUnusable(f"{path}: {name} is larger than {most:,} bytes")
    return data


def _manifest(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(raw)
        files = found["files"]
        if found["layout"] != LAYOUT:
            raise InputUnusable(f"{path}: layout {found['layout']!r}; this program reads {LAYOUT}")
        shapely = all(isinstance(f["sha256"], str) and isinstance(f["bytes"], int) for f in files.values())
        for name in ("export_id", "watch", "model", "exported_at", "as_of"):
            shapely &= isinstance(found[name], str)
        shapely &= isinstance(found["asked"], dict) and isinstance(found["figures"], dict)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputUnusable(f"{path}: {MANIFEST} cannot be read ({error!r})") from None
    if not shapely:
        raise InputUnusable(f"{path}: {MANIFEST} lacks what a manifest says")
    return dict(found)


def _check(
    path: Path, archive: zipfile.ZipFile, entries: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]
) -> None:
    for name in sorted(set(entries) - set(files) - {MANIFEST}):
        raise InputUnusable(f"{path}: {name} is in the pack and not in its manifest")
    for name, said in files.items():
        if name not in entries:
            raise InputUnusable(f"{path}: {name} is missing from the pack")
        digest, size = hashlib.sha256(), 0
        try:
            with archive.open(name) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    if size > said["bytes"]:
                        break
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InputUnusable(f"{path}: {name} was changed or is damaged ({error})") from None
        if size != said["bytes"] or digest.hexdigest() != said["sha256"]:
            raise InputUnusable(f"{path}: {name} was changed: it is not what the manifest says")
