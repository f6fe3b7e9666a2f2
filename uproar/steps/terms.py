"""Documents of terms, step by step: versions into the store, then per document what changed and which clauses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.terms import (
    Capture,
    CaptureState,
    Change,
    ChangeStatus,
    DocumentName,
    Reading,
    Step,
    TermsReport,
    TermsSource,
    TextDate,
    Version,
)  # fmt: skip
from reports.terms import FIRST
from terms import collection, folders, git
from terms.alignment import compare
from terms.captures import compare as judge
from terms.captures import look
from terms.classes import classed, kind_of, standing
from terms.dates import stated_dates
from terms.flaps import steps
from terms.passages import key_of

if TYPE_CHECKING:
    from store import Reader, Store

BATCH = 200
_HELD = 16  # texts of one document that are held while it is looked at
Told = Callable[[str, int], None]
Text = Callable[[bytes], str]
Verdict = tuple[int, CaptureState, str]


def import_repository(store: Store, path: Path, *, told: Told | None = None) -> tuple[TermsReport, set[int]]:
    """Read what is new in an archive's repository; a rewritten history is read again as a whole.

    Versions that a rewritten history no longer holds stop counting; none of them is a change. Killed at any
    moment, the next run goes on at the last commit that was kept.
    """
    source = store.terms_source(f"git:{path.resolve()}")
    newest = git.head(path)
    rewritten = bool(source.cursor) and not git.continues(path, source.cursor)
    if rewritten:
        source = replace(source, cursor="", generation=source.generation + 1)
    report, touched = TermsReport(source.name, rewritten=rewritten), set[int]()
    for commit, captures in git.rounds(path, after=source.cursor):
        report = _save(store, source, captures, report, touched, told)
        if not rewritten:
            store.end_reading(source, cursor=commit)
    store.end_reading(source, cursor=newest)
    return report, touched


def import_captures(
    store: Store, name: str, captures: Iterable[Capture], *, told: Told | None = None
) -> tuple[TermsReport, set[int]]:
    """Read versions of any other source; twice the same adds nothing."""
    touched: set[int] = set()
    report = _save(store, store.terms_source(name), captures, TermsReport(name), touched, told)
    return report, touched


def import_folder(store: Store, path: Path, *, service: str = "", document: str = "", told: Told | None = None
                  ) -> tuple[TermsReport, set[int]]:  # fmt: skip
    """Read a folder of dated files."""
    found = folders.captures(path, service=service, document=document)
    return import_captures(store, f"folder:{path.resolve()}", found, told=told)


def import_collection(
    store: Store, reader: Reader, url: str, transport: collection.Asks, *, told: Told | None = None
) -> tuple[TermsReport, set[int]]:
    """Read what is new in a collection over HTTP."""
    source = store.terms_source(url)
    known = reader.terms_commits(source)
    return import_captures(store, url, collection.captures(url, transport, known=known), told=told)


def _save(
    store: Store, source: TermsSource, captures: Iterable[Capture], report: TermsReport, touched: set[int],
    told: Told | None,
) -> TermsReport:  # fmt: skip
    """Keep captures batch by batch; returns what was counted before and now, adds to `touched`."""
    rest = iter(captures)
    while batch := [reading_of(capture) for capture in islice(rest, BATCH)]:
        new, documents = store.save_readings(source, batch)
        touched |= documents
        bad = sum(item.state is not CaptureState.OK for item in batch)
        report = replace(report, read=report.read + len(batch), new=report.new + new, unusable=report.unusable + bad)
        if told:
            told(source.name, report.read)
    return report


def reading_of(capture: Capture) -> Reading:
    """A capture with its key, its state and the dates that it states of itself."""
    if capture.problem is not None:
        return Reading(capture, bytes(16), 0, capture.problem, f"not taken: {capture.problem.value}")
    key, words = key_of(capture.text)
    state, why = look(capture.text, words)
    effective, amended = stated_dates(capture.text)
    return Reading(capture, key, words, state, why, capture.effective or effective, amended)


def update_documents(store: Store, reader: Reader, touched: set[int], *, now: datetime) -> list[Change]:
    """Update the documents with new versions, and those whose provisional changes may have settled meanwhile.

    What a killed run kept and did not come to look at is looked at too.
    """
    touched = touched | reader.terms_unjudged()
    waiting = {
        (change.service, change.document)
        for change in reader.terms_changes()
        if change.step.status is ChangeStatus.PROVISIONAL
    }
    fresh: list[Change] = []
    for name in reader.terms_documents():
        if name.id in touched or (name.service, name.document) in waiting:
            fresh += update_document(store, reader, name, now=now)
    return fresh


def update_document(store: Store, reader: Reader, document: DocumentName, *, now: datetime) -> list[Change]:
    """Bring the changes of one document up to date; returns those that are new or have another status."""
    known = {change.id: change for change in reader.terms_changes(document=document.id)}
    versions = reader.terms_versions(document.id)
    found: dict[str, Change] = {}
    fresh: list[Change] = []
    with reader.terms_texts() as unpacked:
        text = lru_cache(maxsize=_HELD)(unpacked)
        versions, verdicts = _judged(text, versions)
        by_id = {version.id: version for version in versions}
        for step in steps(versions, now=now):
            change = Change(change_id(document, step, by_id), document.service, document.document, step)
            found[change.id] = change
            before = known.get(change.id)
            if before is not None and before.step == step:
                continue
            needed = step.status in (ChangeStatus.PROVISIONAL, ChangeStatus.CONFIRMED)
            if needed and (before is None or not before.kind):
                change = _measured(text, change, by_id)
            fresh.append(change)
        first = _first(text, document, versions, known, found)
    dropped = [change_id for change_id in known if change_id not in found]
    if fresh or first or dropped or verdicts:
        store.save_terms_changes(document.id, [*first, *fresh], dropped=dropped, judged=verdicts)
    return fresh


def _first(text: Text, document: DocumentName, versions: Sequence[Version], known: Mapping[str, Change],
           found: dict[str, Change]) -> list[Change]:  # fmt: skip
    """The record with which the history begins: clauses of risky classes that stood from the start."""
    usable = [version for version in versions if version.state is CaptureState.OK]
    if not usable:
        return []
    first = min(usable, key=lambda version: (version.captured_at, version.id))
    step = Step(first.id, first.id, first.captured_at, ChangeStatus.CONFIRMED, first.captured_at)
    made = Change(change_id(document, step, {first.id: first}), document.service, document.document, step, FIRST)
    found[made.id] = made
    if made.id in known:
        return []
    clauses = tuple(standing(text(first.text), document.document))
    return [replace(made, clauses=clauses, effective=first.effective, amended=first.amended)]


def change_id(document: DocumentName, step: Step, versions: dict[int, Version]) -> str:
    """A stable, readable id: service, document, day, and four bytes over both texts and the time."""
    keys = versions[step.before].key + versions[step.after].key + step.at.isoformat().encode()
    digest = hashlib.blake2b(keys, digest_size=4).hexdigest()
    return f"{_slug(document.service)}-{_slug(document.document)}-{step.at:%Y-%m-%d}-{digest}"


def _judged(text: Text, versions: Sequence[Version]) -> tuple[list[Version], list[Verdict]]:
    """The versions with their states, and what is new of these: those not yet judged beside the last good one."""
    last: Version | None = None
    verdicts: list[Verdict] = []
    found: dict[tuple[bytes, bytes], tuple[CaptureState, str]] = {}
    out = []
    for version in versions:
        known = version
        if version.state is CaptureState.OK and not version.judged:
            state, why = CaptureState.OK, ""
            if last is not None and last.key != version.key:
                pair = last.text, version.text  # of a text that flaps, often the same
                if pair not in found:
                    found[pair] = judge(text(last.text), text(version.text))
                state, why = found[pair]
            verdicts.append((version.id, state, why))
            known = replace(version, state=state, judged=True)
        if known.state is CaptureState.OK:
            last = known
        out.append(known)
    return out, verdicts


def _measured(text: Text, change: Change, versions: dict[int, Version]) -> Change:
    before, after = versions[change.step.before], versions[change.step.after]
    found = compare(text(before.text), text(after.text))
    clauses = tuple(
        classed(clause, change.document)
        for clause in found.clauses
        if clause.action != "moved" or found.kind == "moved"
    )
    return replace(
        change, kind=kind_of(found.kind, clauses), words_added=found.words_added, words_removed=found.words_removed,
        effective=_new(before.effective, after.effective), amended=_new(before.amended, after.amended),
        clauses=clauses,
    )  # fmt: skip


def _new(before: TextDate | None, after: TextDate | None) -> TextDate | None:
    """The date that a text states of this change: one that stood there before says nothing of it."""
    return None if before and after and before.at == after.at else after


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "unnamed"
