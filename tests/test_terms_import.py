"""Versions into the store from every way in, on both databases: idempotent, incremental, with provenance."""

import shutil
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from terms_texts import LAW, LEAVING, LICENCE, TRAINING, commit, document, git

from core.errors import ConfigError, InputUnusable, SourceChanged
from core.terms import CaptureState
from reports import terms as report
from terms import collection
from terms.hand import supplied
from uproar.steps import terms as step

T0 = datetime(2025, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
A, B = document(), document(LICENCE, TRAINING, LAW, LEAVING)
NAME = "Acme/Terms of Service.md"


def bring(store, reader, result):
    """Update what an import touched; returns its report and the changes that are new or have another status."""
    made, touched = result
    return made, step.update_documents(store, reader, touched, now=NOW)


def real(reader, clock=NOW):
    return report.changes(reader, clock=clock)


def test_a_repository_is_read_once_and_then_only_what_is_new(store, reader, tmp_path):
    repository = tmp_path / "archive"
    commit(repository, {NAME: A, "README.md": "# Archive"}, T0, "First record of Acme Terms of Service")
    commit(repository, {NAME: B}, T0 + 30 * DAY)
    made, _ = bring(store, reader, step.import_repository(store, repository))
    assert (made.read, made.new, made.unusable) == (2, 2, 0)
    (change,) = real(reader)
    assert (change.service, change.document, change.step.at) == ("Acme", "Terms of Service", T0 + 30 * DAY)
    assert change.amended is None  # the date of the text before
    made, fresh = bring(store, reader, step.import_repository(store, repository))
    assert (made.read, made.new, fresh) == (0, 0, [])
    commit(repository, {NAME: document(amended="June 28, 2025")}, T0 + 60 * DAY)
    made, fresh = bring(store, reader, step.import_repository(store, repository))
    assert (made.read, made.new, len(fresh)) == (1, 1, 1)
    assert real(reader)[1].amended.at == "2025-06-28"
    shown = report.change_document(reader, real(reader)[0])
    assert shown["after"]["amended"]["at"] == "2025-05-21"
    assert len(shown["after"]["commit"]) == 40
    assert shown["after"]["source"] == f"git:{repository}"


def test_what_a_killed_import_kept_is_looked_at_by_the_next(store, reader, tmp_path):
    repository = tmp_path / "archive"
    commit(repository, {NAME: A}, T0)
    commit(repository, {NAME: B}, T0 + 30 * DAY)
    step.import_repository(store, repository)  # and killed here
    made, fresh = bring(store, reader, step.import_repository(store, repository))
    assert (made.read, len(fresh), len(real(reader))) == (0, 1, 1)


def test_rounds_are_by_document_and_end_where_reading_may_go_on(tmp_path, monkeypatch):
    repository = tmp_path / "archive"
    for day, name in enumerate((NAME, "Beta/Terms.md", NAME)):
        commit(repository, {name: f"{A}\n\nDay {day} is the day of this text."}, T0 + day * DAY)
    for size, rounds in ((10, [["Acme", "Acme", "Beta"]]), (2, [["Acme", "Beta"], ["Acme"]])):
        monkeypatch.setattr(step.git, "ROUND", size)
        found = [(at, [c.service for c in captures]) for at, captures in step.git.rounds(repository)]
        assert [names for _, names in found] == rounds
        assert found[-1][0] == step.git.head(repository)


def test_a_rewritten_history_is_recognised_and_none_of_it_is_a_change(store, reader, tmp_path):
    repository = tmp_path / "archive"
    commit(repository, {NAME: A}, T0)
    commit(repository, {NAME: B}, T0 + 30 * DAY)
    bring(store, reader, step.import_repository(store, repository))
    before = [c.id for c in real(reader)]
    shutil.rmtree(repository)
    commit(repository, {NAME: A}, T0, "Rewritten")
    commit(repository, {NAME: B}, T0 + 30 * DAY, "Rewritten")
    made, fresh = bring(store, reader, step.import_repository(store, repository))
    assert (made.rewritten, made.new, fresh) == (True, 0, [])
    assert [c.id for c in real(reader)] == before
    # A version that the new history no longer holds stops counting.
    shutil.rmtree(repository)
    commit(repository, {NAME: A}, T0, "Again")
    made, _ = step.import_repository(store, repository)
    step.update_documents(store, reader, {d.id for d in reader.terms_documents()}, now=NOW)
    assert made.rewritten
    assert real(reader) == []


def test_bad_captures_are_reported_and_never_a_change(store, reader, tmp_path):
    repository = tmp_path / "archive"
    bad = [b"", b"\xff\xfe\x00junk", b"x " * 2_500_000, A[: len(A) // 2].encode(),
           b"Log in to continue. Password. Forgot password? Create an account."]  # fmt: skip
    commit(repository, {NAME: A}, T0)
    for number, text in enumerate(bad, 1):
        commit(repository, {NAME: text}, T0 + 20 * number * DAY)
        commit(repository, {NAME: A}, T0 + (20 * number + 10) * DAY)
    bring(store, reader, step.import_repository(store, repository))
    assert real(reader) == []
    states = [row["state"] for row in reader.terms_unusable()]
    assert states == ["empty", "unreadable", "oversize", "truncated", "login"]
    assert all(row["why"] for row in reader.terms_unusable())


def test_technical_upgrades_are_no_changes(store, reader, tmp_path):
    repository = tmp_path / "archive"
    commit(repository, {NAME: A}, T0)
    commit(repository, {NAME: B}, T0 + 30 * DAY, "Apply technical or declaration upgrade on Acme Terms of Service")
    bring(store, reader, step.import_repository(store, repository))
    assert real(reader) == []
    assert [c.step.status.value for c in report.changes(reader, clock=NOW, every=True)] == ["technical"]


def test_a_change_is_provisional_then_confirmed_or_withdrawn(store, reader, tmp_path):
    folder = tmp_path / "versions" / "Acme" / "Terms_of_Service"
    folder.mkdir(parents=True)
    for day, text in ((0, A), (30, B)):
        (folder / f"{T0 + day * DAY:%Y-%m-%dT%H%M%S}Z__abcdef1234.md").write_text(text)
    _, touched = step.import_folder(store, tmp_path / "versions")
    (fresh,) = step.update_documents(store, reader, touched, now=T0 + 32 * DAY)
    assert fresh.step.status.value == "provisional"
    assert real(reader, T0 + 38 * DAY)[0].step.status.value == "confirmed"
    (folder / f"{T0 + 33 * DAY:%Y-%m-%dT%H%M%S}Z.md").write_text(A)
    _, touched = step.import_folder(store, tmp_path / "versions")
    (fresh,) = step.update_documents(store, reader, touched, now=T0 + 34 * DAY)
    assert fresh.step.status.value == "withdrawn"
    assert real(reader, T0 + 40 * DAY) == []
    then = report.changes(reader, clock=T0 + 31 * DAY, causal=True)
    assert [c.step.status.value for c in then] == ["provisional"]


def test_an_index_beside_the_files_gives_commit_and_subject(store, reader, tmp_path):
    folder = tmp_path / "Acme" / "Terms_of_Service"
    folder.mkdir(parents=True)
    rows = []
    for day, text, subject in ((0, A, "First record"), (30, B, "Refilter Acme Terms of Service")):
        path = folder / f"{T0 + day * DAY:%Y-%m-%dT%H%M%S}Z.md"
        path.write_text(text)
        rows.append({"file": f"x/{path.name}", "commit": f"{day:040x}", "subject": subject, "doc": "Acme/Terms.md"})
    (tmp_path / "versions_index.json").write_bytes(orjson.dumps(rows))
    bring(store, reader, step.import_folder(store, tmp_path))
    (name,) = reader.terms_documents()
    assert name.document == "Terms"
    assert [v.technical for v in reader.terms_versions(name.id)] == [False, True]


def test_a_folder_without_dates_is_refused(tmp_path):
    (tmp_path / "terms.md").write_text(A)
    with pytest.raises(InputUnusable, match="none with a date in its name"):
        list(step.folders.captures(tmp_path))


def test_supplied_texts_fill_what_the_archive_missed(store, reader, tmp_path):
    page = tmp_path / "terms.html"
    body = "".join(f"<p>{line}</p>" for line in B.splitlines() if line and not line.startswith("#"))
    page.write_text(f"<html><head><title>T</title></head><body><main><article>{body}</article></main></body></html>")
    capture = supplied(page, service="Acme", document="Terms of Service", effective="2024-02-12")
    assert TRAINING in capture.text
    assert (capture.captured_at, capture.effective.precision) == (datetime(2024, 2, 12, tzinfo=UTC), "day")
    (tmp_path / "old.md").write_text(document(LICENCE, LAW, LEAVING, amended="1 March 2023"))
    first = supplied(tmp_path / "old.md", service="Acme", document="Terms of Service")
    bring(store, reader, step.import_captures(store, "hand", [capture, first]))
    (change,) = real(reader)
    assert change.effective.at == "2024-02-12"
    assert any(TRAINING in clause.added for clause in change.clauses)


def test_a_supplied_text_needs_a_name_and_a_date(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(LAW)
    with pytest.raises(ConfigError, match="--service"):
        supplied(path, service="", document="")
    with pytest.raises(ConfigError, match="--effective"):
        supplied(path, service="Acme", document="Terms")
    with pytest.raises(ConfigError, match="is no date"):
        supplied(path, service="Acme", document="Terms", effective="spring")


class FakeCollection:
    """A collection's API and feed, as engine 15 documents them."""

    def __init__(self, texts):
        self.texts = texts
        self.asked = []

    def get_json(self, url, params):
        self.asked.append(url)
        if url.endswith("/versions"):
            start = params["offset"]
            rows = [
                {"id": f"{n:040x}", "serviceId": "Acme", "termsType": "Terms of Service", "fetchDate": at,
                 "isTechnicalUpgrade": False}
                for n, (at, _) in enumerate(self.texts)
            ]  # fmt: skip
            return {"data": rows[start : start + params["limit"]], "count": len(rows)}
        wanted = url.rpartition("/")[2]
        for n, (at, text) in enumerate(self.texts):
            if wanted in (f"{n:040x}", at.replace(":", "%3A")):
                return {"id": f"{n:040x}", "fetchDate": at, "content": text}
        raise SourceChanged("not there")

    def get_bytes(self, url):
        entries = "".join(
            f"<entry><id>tag:x:version:demo:git:{n:040x}</id><updated>{at}</updated>"
            '<category term="Acme" scheme="tag:x:scheme:service"/>'
            '<category term="Terms of Service" scheme="tag:x:scheme:terms-type"/>'
            '<category term="Change" scheme="tag:x:scheme:record-type"/></entry>'
            for n, (at, _) in enumerate(self.texts)
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


TEXTS = [("2025-05-01T00:00:00Z", A), ("2025-06-01T00:00:00Z", B)]


@pytest.mark.parametrize("url", ["https://ota.example/api/v1", "https://ota.example/api/v1/feed/Acme"])
def test_a_collection_over_http_is_asked_only_for_what_is_new(store, reader, url):
    fake = FakeCollection(TEXTS)
    made, _ = bring(store, reader, step.import_collection(store, reader, url, fake))
    assert (made.read, made.new, len(real(reader))) == (2, 2, 1)
    asked = len(fake.asked)
    made, _ = bring(store, reader, step.import_collection(store, reader, url, fake))
    assert (made.read, len(fake.asked) - asked) == (0, 0 if "feed" in url else 1)


@pytest.mark.parametrize("body", [b"<html>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><feed/>", b"\x00"])
def test_what_is_no_feed_is_refused(body):
    fake = FakeCollection([])
    fake.get_bytes = lambda url: body
    with pytest.raises(SourceChanged):
        list(collection.captures("https://ota.example/feed", fake))


def test_a_listing_of_another_shape_is_refused():
    fake = FakeCollection([])
    fake.get_json = lambda url, params: ["no"]
    with pytest.raises(SourceChanged, match="Open Terms Archive"):
        list(collection.captures("https://ota.example", fake))


def test_a_repository_that_git_cannot_read_is_unusable(store, tmp_path):
    (tmp_path / "HEAD").write_text("ref: refs/heads/none")
    (tmp_path / "objects").mkdir()
    with pytest.raises(InputUnusable, match="git cannot read"):
        step.import_repository(store, tmp_path)


def test_a_text_judged_bad_stays_out_when_the_next_import_comes(store, reader, tmp_path):
    repository = tmp_path / "archive"
    commit(repository, {NAME: A}, T0)
    bring(store, reader, step.import_repository(store, repository))
    commit(repository, {NAME: A[:-150]}, T0 + 20 * DAY)
    bring(store, reader, step.import_repository(store, repository))
    git(repository, "gc", "-q")
    commit(repository, {NAME: B}, T0 + 40 * DAY)
    bring(store, reader, step.import_repository(store, repository))
    (name,) = reader.terms_documents()
    assert [v.state for v in reader.terms_versions(name.id)] == [
        CaptureState.OK, CaptureState.TRUNCATED, CaptureState.OK]  # fmt: skip
    assert [c.step.at for c in real(reader)] == [T0 + 40 * DAY]
