"""Versions from folders of dated files: `<Service>/<Document>/<capture time>….md` (or .html, .txt)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from core.errors import InputUnusable
from core.terms import Capture, CaptureState
from terms.git import TECHNICAL, decoded
from terms.hand import HTML, markdown

SUFFIXES = (".md", ".markdown", ".txt", *HTML)
INDEX = "versions_index.json"
_STAMP = re.compile(
    r"(?P<day>(?:19|20)\d\d-?\d\d-?\d\d)(?:[T_ -]?(?P<h>\d\d)[:h-]?(?P<m>\d\d)(?:[:m-]?(?P<s>\d\d))?)?Z?"
    r"(?:__(?P<commit>[0-9a-f]{7,64}))?"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What an index beside the files says of one of them."""

    commit: str
    subject: str
    document: str


def captures(folder: Path, *, service: str = "", document: str = "") -> Iterator[Capture]:
    """Every dated file below `folder`, per document oldest first.

    Service and document are the names of the folders above a file ("_" reads as a space), or what is given. Commit
    and subject come from a `versions_index.json` in the folder or above it. Raises InputUnusable where no file below
    has a date in its name.
    """
    listed = _index(folder.resolve())
    found = [path for path in sorted(folder.resolve().rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    dated = [(path, at) for path in found if (at := _captured_at(path.name)) is not None]
    if not dated:
        raise InputUnusable(
            f"{folder}: {len(found)} texts, none with a date in its name. Name them <Service>/<Document>/"
            "2025-05-27T181336Z.md, or give one file with --service, --document and --effective"
        )
    for path, at in sorted(dated, key=lambda pair: (pair[0].parent, pair[1], pair[0].name)):
        yield _capture(path, at, listed.get(path.name), service, document)


def _capture(path: Path, at: datetime, listed: Listed | None, service: str, document: str) -> Capture:
    stamp = _STAMP.search(path.name)
    commit = listed.commit if listed else (stamp["commit"] or "" if stamp else "")
    subject = listed.subject if listed else ""
    text, problem = read_file(path)
    return Capture(
        service or path.parent.parent.name.replace("_", " "),
        document or (listed.document if listed else "") or path.parent.name.replace("_", " "),
        at, text, commit=commit, subject=subject, technical=bool(TECHNICAL.match(subject)), problem=problem,
    )  # fmt: skip


def read_file(path: Path) -> tuple[str, CaptureState | None]:
    """The Markdown of a file, HTML turned into it; or why there is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputUnusable(f"{path}: {error.strerror}") from None
    if path.suffix.lower() in HTML and len(raw) <= 5_000_000:
        return markdown(raw)
    return decoded(raw)


def _captured_at(name: str) -> datetime | None:
    found = _STAMP.search(name)
    if not found:
        return None
    try:
        day = datetime.strptime(found["day"].replace("-", ""), "%Y%m%d").replace(tzinfo=UTC)
        return day.replace(hour=int(found["h"] or 0), minute=int(found["m"] or 0), second=int(found["s"] or 0))
    except ValueError:
        return None


def _index(folder: Path) -> Mapping[str, Listed]:
    """By file name, what the nearest index in or above the folder says (three levels)."""
    for place in (folder, *folder.parents[:4]):
        path = place / INDEX
        if path.is_file():
            return _listed(path)
    return {}


def _listed(path: Path) -> Mapping[str, Listed]:
    try:
        rows: Any = orjson.loads(path.read_bytes())
        return {
            Path(row["file"]).name: Listed(
                str(row.get("commit", "")), str(row.get("subject", ""))[:200],
                str(row.get("doc", "")).rpartition("/")[2].removesuffix(".md"),
            )
            for row in rows
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputUnusable(f"{path}: no index of versions ({type(error).__name__})") from None
