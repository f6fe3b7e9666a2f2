"""Versions of documents: kept once, with where they came from; texts are compressed and kept once each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, bindparam, select, update

from core.terms import CaptureState, DocumentName, Reading, TermsSource, TextDate, Version
from core.text import clean
from store.engine import changing, reading
from store.handle import Handle
from store.schema import terms_documents, terms_sources, terms_texts, terms_versions
from store.statements import chunks, insert_into, upsert

_BY_TIME = ("document_id", "captured_at", "text_hash")


class TermsVersionWriter(Handle):
    """The part of `Store` that keeps versions of documents."""

    def terms_source(self, name: str) -> TermsSource:
        """The source of that name, made on first use."""
        with changing(self._engine) as connection:
            row = {"name": clean(name), "cursor": "", "generation": 0}
            connection.execute(upsert(connection, terms_sources, ("name",), ()), [row])
            found = connection.execute(select(terms_sources).where(terms_sources.c.name == row["name"])).one()
        return TermsSource(found.id, found.name, found.cursor, found.generation)

    def save_readings(self, source: TermsSource, readings: Sequence[Reading]) -> tuple[int, set[int]]:
        """Keep versions, all or none of them; returns (new ones, documents touched).

        The same text of the same moment is one version, whoever brings it; its own source may move it to a later
        generation.
        """
        if not readings:
            return 0, set()
        with changing(self._engine) as connection:
            documents = {name: _document(connection, *name) for name in {_name(item) for item in readings}}
            digests = _keep_texts(connection, [item.capture.text for item in readings])
            rows = [
                _row(source, item, documents[_name(item)], digest)
                for item, digest in zip(readings, digests, strict=True)
            ]
            statement = insert_into(connection, terms_versions).on_conflict_do_nothing(index_elements=_BY_TIME)
            new = connection.execute(statement.returning(terms_versions.c.document_id), rows).scalars().all()
            if source.generation:
                _move(connection, source, rows)
        return len(new), set(new)

    def end_reading(self, source: TermsSource, *, cursor: str) -> None:
        """The whole history was read: versions that are no longer in it stop counting, the cursor is set."""
        with changing(self._engine) as connection:
            values = {"cursor": clean(cursor), "generation": source.generation}
            connection.execute(update(terms_sources).where(terms_sources.c.id == source.id).values(values))


class TermsVersionReader(Handle):
    """The part of `Reader` that knows documents and their versions."""

    def terms_documents(self, service: str = "", document: str = "") -> list[DocumentName]:
        """The documents, by service and name; `service` and `document` restrict without regard to case."""
        query = select(terms_documents).order_by(terms_documents.c.service, terms_documents.c.document)
        with reading(self._engine) as connection:
            found = [DocumentName(row.id, row.service, row.document) for row in connection.execute(query)]
        return [
            name for name in found
            if (not service or name.service.casefold() == service.casefold())
            and (not document or name.document.casefold() == document.casefold())
        ]  # fmt: skip

    def terms_versions(self, document: int) -> list[Version]:
        """The versions of a document that count, by time."""
        table = terms_versions.c
        query = (
            select(terms_versions, terms_sources.c.name)
            .join(terms_sources, terms_sources.c.id == table.source_id)
            .where(table.document_id == document, table.generation >= terms_sources.c.generation)
            .order_by(table.captured_at, table.id)
        )
        with reading(self._engine) as connection:
            return [_version(row) for row in connection.execute(query).mappings()]

    def terms_unjudged(self) -> set[int]:
        """The documents with versions that count and were not yet looked at beside their last good one."""
        table = terms_versions.c
        query = (
            select(table.document_id)
            .distinct()
            .join(terms_sources, terms_sources.c.id == table.source_id)
            .where(table.judged.is_(False), table.generation >= terms_sources.c.generation)
        )
        with reading(self._engine) as connection:
            return set(connection.scalars(query))

    def terms_text(self, digest: bytes) -> str:
        """The text of a version."""
        with self.terms_texts() as text:
            return text(digest)

    @contextmanager
    def terms_texts(self) -> Iterator[Callable[[bytes], str]]:
        """The text of a version by its hash, for many: one connection is held meanwhile."""
        query = select(terms_texts.c.body).where(terms_texts.c.hash == bindparam("its_hash"))
        unpacked = zstandard.ZstdDecompressor()
        with reading(self._engine) as connection:

            def text(digest: bytes) -> str:
                body = connection.scalar(query, {"its_hash": digest})
                return unpacked.decompress(bytes(body)).decode() if body else ""

            yield text

    def terms_commits(self, source: TermsSource) -> set[str]:
        """The commits, or ids, of all versions of a source."""
        query = select(terms_versions.c.commit_id).where(terms_versions.c.source_id == source.id)
        with reading(self._engine) as connection:
            return set(connection.scalars(query))

    def terms_unusable(self, service: str = "") -> list[dict[str, Any]]:
        """Versions that are no text of their document: service, document, captured_at, state, why, commit."""
        table = terms_versions.c
        query = (
            select(terms_documents.c.service, terms_documents.c.document, table.captured_at, table.state, table.why,
                   table.commit_id.label("commit"))
            .join(terms_documents, terms_documents.c.id == table.document_id)
            .where(table.state != CaptureState.OK.value)
            .order_by(terms_documents.c.service, terms_documents.c.document, table.captured_at)
        )  # fmt: skip
        with reading(self._engine) as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [row for row in rows if not service or row["service"].casefold() == service.casefold()]


def _name(item: Reading) -> tuple[str, str]:
    return clean(item.capture.service)[:200], clean(item.capture.document)[:200]


def _document(connection: Connection, service: str, document: str) -> int:
    name = {"service": service, "document": document}
    where = [terms_documents.c[column] == value for column, value in name.items()]
    query = select(terms_documents.c.id).where(*where)
    found = connection.scalar(query)
    if found is None:
        connection.execute(upsert(connection, terms_documents, ("service", "document"), ()), [name])
        found = connection.scalar(query)
    assert found is not None
    return int(found)


def _keep_texts(connection: Connection, texts: Sequence[str]) -> list[bytes]:
    """Keep those texts that are new; returns the hash of each."""
    raw = [clean(text).encode() for text in texts]
    digests = [hashlib.blake2b(body, digest_size=16).digest() for body in raw]
    missing = dict(zip(digests, raw, strict=True))
    for part in chunks(list(missing)):
        for known in connection.scalars(select(terms_texts.c.hash).where(terms_texts.c.hash.in_(part))):
            del missing[bytes(known)]
    if missing:
        compressor = zstandard.ZstdCompressor(level=3)
        rows = [{"hash": digest, "body": compressor.compress(body)} for digest, body in missing.items()]
        connection.execute(upsert(connection, terms_texts, ("hash",), ()), rows)
    return digests


def _row(source: TermsSource, item: Reading, document: int, digest: bytes) -> dict[str, Any]:
    capture = item.capture
    return {
        "document_id": document, "source_id": source.id, "generation": source.generation,
        "captured_at": capture.captured_at, "key": item.key, "text_hash": digest, "words": item.words,
        "state": item.state.value, "why": clean(item.why), "technical": capture.technical,
        "judged": item.state is not CaptureState.OK, "commit_id": clean(capture.commit),
        "subject": clean(capture.subject), "effective": pack(item.effective), "amended": pack(item.amended),
    }  # fmt: skip


def _move(connection: Connection, source: TermsSource, rows: Sequence[dict[str, Any]]) -> None:
    """Versions that the source brought before belong to its present reading."""
    table = terms_versions.c
    same = [table[name] == bindparam(f"its_{name}") for name in (*_BY_TIME, "source_id")]
    newer = update(terms_versions).where(*same, table.generation < source.generation)
    given = [{f"its_{name}": row[name] for name in (*_BY_TIME, "source_id", "commit_id")} for row in rows]
    connection.execute(newer.values(generation=source.generation, commit_id=bindparam("its_commit_id")), given)


def keep_verdicts(connection: Connection, judged: Sequence[tuple[int, CaptureState, str]]) -> None:
    """What versions (by number) are beside the last good one of their document, and why."""
    if judged:
        given = [{"its_id": number, "state": state.value, "why": clean(why)} for number, state, why in judged]
        statement = update(terms_versions).where(terms_versions.c.id == bindparam("its_id"))
        connection.execute(statement.values(judged=True, state=bindparam("state"), why=bindparam("why")), given)


def pack(dated: TextDate | None) -> str:
    """A stated date as it is stored."""
    return orjson.dumps([clean(dated.at), dated.precision, clean(dated.quote)]).decode() if dated else ""


def unpack(stored: str) -> TextDate | None:
    """The stated date of `pack`."""
    return TextDate(*orjson.loads(stored)) if stored else None


def _version(row: Any) -> Version:
    return Version(
        row["id"], row["captured_at"], bytes(row["key"]), bytes(row["text_hash"]), CaptureState(row["state"]),
        row["technical"], row["judged"], row["words"], unpack(row["effective"]), unpack(row["amended"]),
        row["commit_id"], row["name"],
    )  # fmt: skip
