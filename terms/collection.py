"""Versions over HTTP from a collection of Open Terms Archive: its API (engine 15 on) or an Atom feed (12 on).

https://docs.opentermsarchive.org: GET /versions lists (paged by limit and offset), GET /version/{id} and
/version/{service}/{type}/{date} give {id, fetchDate, content}. The feed names service, type and kind of record in
the categories of its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from core.errors import SourceChanged
from core.terms import Capture, CaptureState
from terms.captures import LARGEST

PAGE = 100
T = TypeVar("T")
_ATOM = "{http://www.w3.org/2005/Atom}"


class Asks(Protocol):
    """The part of `core.http.Transport` that is needed."""

    def get_json(self, url: str, params: dict[str, str | int]) -> Any:
        """The decoded answer."""
        ...

    def get_bytes(self, url: str) -> bytes:
        """The body of the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that a listing or a feed names, and where its text is."""

    id: str
    service: str
    document: str
    at: datetime
    technical: bool
    url: str


def is_feed(url: str) -> bool:
    """Whether an address is that of an Atom feed and not of a collection's API."""
    path = urlsplit(url).path.rstrip("/")
    return path.endswith(("/feed", ".atom", ".xml")) or "/feed/" in path


def captures(url: str, transport: Asks, *, known: Collection[str] = ()) -> Iterator[Capture]:
    """The versions of a collection that are not `known` (by id), as listed; one request for each text.

    Raises one of `core.errors.SourceError`; SourceChanged where an answer has another shape.
    """
    listed = _feed(url, transport) if is_feed(url) else _listing(url.rstrip("/"), transport)
    for item in listed:
        if item.id in known:
            continue
        answer = transport.get_json(item.url, {})
        text = answer.get("content") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            raise SourceChanged(f"{urlsplit(url).hostname}: a version without content")
        problem = CaptureState.OVERSIZE if len(text) > LARGEST else None
        # The feed's ids are tags; the version's own id is the commit.
        commit = str(answer.get("id") or item.id)
        if commit in known:
            continue
        yield Capture(item.service, item.document, item.at, "" if problem else text, commit=commit,
                      subject="technical upgrade" if item.technical else "", technical=item.technical,
                      problem=problem)  # fmt: skip


def _listing(base: str, transport: Asks) -> Iterator[Listed]:
    offset = 0
    while True:
        answer = transport.get_json(f"{base}/versions", {"limit": PAGE, "offset": offset})
        rows = _shaped(partial(_rows, answer, base), base)
        yield from rows
        offset += len(rows)
        if len(rows) < PAGE:
            return


def _rows(answer: Any, base: str) -> list[Listed]:
    return [
        Listed(
            str(row["id"]), str(row["serviceId"]), str(row["termsType"]), _time(row["fetchDate"]),
            bool(row.get("isTechnicalUpgrade")), f"{base}/version/{quote(str(row['id']), safe='')}",
        )
        for row in answer["data"]
    ]  # fmt: skip


def _feed(url: str, transport: Asks) -> Iterator[Listed]:
    body = transport.get_bytes(url)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise SourceChanged(f"{urlsplit(url).hostname}: a feed with entities of its own is not read")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise SourceChanged(f"{urlsplit(url).hostname} answered with no Atom feed") from None
    base = url.split("/feed", 1)[0]
    for entry in root.iter(f"{_ATOM}entry"):
        yield _shaped(partial(_entry, entry, base), base)


def _entry(entry: ElementTree.Element, base: str) -> Listed:
    named = {c.attrib["scheme"].rpartition(":")[2]: c.attrib["term"] for c in entry.iter(f"{_ATOM}category")}
    at = _time(entry.findtext(f"{_ATOM}updated"))
    service, document = named["service"], named["terms-type"]
    id_ = (entry.findtext(f"{_ATOM}id") or "").rpartition(":")[2]
    parts = (quote(service, safe=""), quote(document, safe=""), quote(f"{at:%Y-%m-%dT%H:%M:%SZ}", safe=""))
    technical = named.get("record-type") == "Technical upgrade"
    return Listed(id_, service, document, at, technical, "/".join((base, "version", *parts)))


def _time(value: object) -> datetime:
    at = datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _shaped(read: Callable[[], T], base: str) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceChanged(
            f"{urlsplit(base).hostname}: the answer is not that of Open Terms Archive ({type(error).__name__})"
        ) from None
