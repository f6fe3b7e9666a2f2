"""The platforms' rules, one named test for each requirement; the finer promises are tested beside each part.

1 retention, 2 deletion upstream, 3 pseudonyms, 4 erasure on request, 5 export policy, 6 small groups, 7 training,
8 attribution. `docs/privacy.md` says the same in words.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all
from terms_texts import commit, document
from test_recheck import Forum
from test_store_forget import everything

from collectors.protocol import Limits
from collectors.registry import load_collector
from core.errors import ConfigError, MissingSetting
from core.identities import identify
from core.keys import load_keys
from core.permissions import NEEDED, Permission, check_training
from core.records import Outcome, Page, Query, Reason, Sighted
from core.settings import PROJECT, Settings
from core.watches import Watch
from exports.files import export_table
from exports.policy import DAILY_TEXTS, POLICY, Form
from exports.posts import posts_table
from exports.stamp import sidecar_path
from models.data import platforms
from reports import terms
from store import PostFilter, open_annotations
from store.rechecks import TIERS
from uproar.steps.persons import certificate, erase
from uproar.steps.recheck import recheck_source
from uproar.steps.retention import purge_expired
from uproar.steps.terms import import_repository, update_documents

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WATCH = Watch("acme", "Acme", "Acme", "terms", T0)
ALLOWED = Permission("contract 7", "J. Doe", date(2026, 1, 1), "collecting")


def test_1_text_is_kept_for_a_time_by_source_and_the_figures_apart_from_it(store, reader):
    save(store, make_post(source="reddit", collected_at=T0), make_post(source="forum", collected_at=T0))
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    before = reader.rollup("acme")[["posts", "scored"]].sum().tolist()
    purge_expired(store, [WATCH], {"reddit": 30}, now=T0 + 31 * DAY)
    assert reader.posts(PostFilter("acme"))["source"].tolist() == ["forum"]
    assert reader.rollup("acme")[["posts", "scored"]].sum().tolist() == before


def test_2_what_is_deleted_upstream_goes_within_one_run_with_proof_and_does_not_come_back(store, reader, store_url):
    """At 1 h, 24 h, 7 d and 30 d; text, author, link, id, index, labels and score; files that hold it are named."""
    assert TIERS == (HOUR, DAY, 7 * DAY, 30 * DAY)
    post = make_post(
        id="id-4711", text="zyxomma terms", url="https://forum.example/4711", author="0123abcd:" + "7" * 32
    )
    save(store, post)
    score_all(store, KeywordClassifier())
    with open_annotations(store_url) as notes:
        notes.add_label("forum", "id-4711", head="sentiment", value="negative", author="me", now=T0)
        notes.log_export("acme", "posts", "acme.csv", 1, {}, [("forum", "id-4711")], T0)
    report = recheck_source(store, Forum(gone={"id-4711"}), watches=["acme"], limits=Limits(), clock=lambda: T0 + HOUR)
    assert (report.erased, report.exports) == (1, ("acme.csv",))
    left = everything(store_url)
    assert not [trace for trace in ("zyxomma", "4711", "77777") if trace in left]
    assert reader.exports()["deleted_since"].tolist() == [1]
    assert reader.erasures()[["source", "posts", "exports"]].values.tolist() == [["forum", 1, 1]]
    assert save(store, post).gone == 1


def test_3_accounts_are_pseudonyms_by_a_key_that_lies_apart_and_can_be_rotated(tmp_path, store, store_url, keys):
    old, new = "ab" * 32, "cd" * 32
    rotated = load_keys(tmp_path, f"{old},{new}")
    assert rotated.authors("reddit", "ann") == (
        load_keys(tmp_path, old).author("reddit", "ann"), load_keys(tmp_path, new).author("reddit", "ann"),
    )  # fmt: skip
    assert rotated.author("reddit", "ann") != rotated.author("x", "ann"), "never joined across platforms"
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps({"id": "1", "platform": "forum", "created_at": "2025-05-09T10:00:00Z",
                                "author": "quibblefrotz", "text": "acme terms"}))  # fmt: skip
    files = load_collector("files", Settings(home=tmp_path, author_key="6b" * 32))
    query = Query("terms", T0, T0 + DAY, "files", {"path": str(path)})
    for page in files.collect(query, None, Limits()):
        run = store.begin_run("acme", query, now=T0)
        assert store.save("acme", query, page, run=run).new == 1
    assert "quibblefrotz" not in everything(store_url), "no account's name is stored"


def test_4_a_person_is_erased_on_request_with_a_certificate_without_the_data(store, reader, store_url, keys):
    save(store, make_post(author=keys.author("forum", "quibblefrotz"), text="zyxomma"),
         make_post(id="2", text="I agree with @quibblefrotz"), make_post(id="3"))  # fmt: skip
    done = erase(store, identify("@quibblefrotz", source="forum"), now=T0)
    assert (done.total, done.found_after) == (2, 0)
    proof = json.dumps(certificate("@quibblefrotz", done, keys=keys, now=T0), default=str)
    for held in (proof, everything(store_url)):
        assert not [trace for trace in ("quibblefrotz", "zyxomma") if trace in held]
    assert reader.posts(PostFilter("acme"))["id"].tolist() == ["3"]


@pytest.mark.parametrize("source", sorted(NEEDED))
def test_5_exports_follow_each_sources_policy_and_are_stamped_and_logged(store, reader, store_url, tmp_path, source):
    assert {name: rule.form for name, rule in POLICY.items()} == {
        "reddit": Form.IDS, "x": Form.IDS, "youtube": Form.AGGREGATE,
    }  # fmt: skip
    assert DAILY_TEXTS == {"x": 500}
    query = Query("terms", T0, T0 + DAY, source)
    run = store.begin_run("acme", query, now=T0, permission=str(ALLOWED))
    post = make_post(source=source, text="zyxomma terms", url="https://a.example/1")
    store.save("acme", query, Page((Sighted(post, Reason.TEXT),), read=1), run=run)
    store.end_run(run, Outcome.OK, now=T0 + DAY, read=1, new=1)
    path = tmp_path / "posts.csv"
    with open_annotations(store_url) as log:
        export_table(posts_table(reader, WATCH, clock=T0 + DAY, log=log, who="ann"), path, log=log, who="ann")
    assert "zyxomma" not in path.read_text()
    assert ("p1" in path.read_text()) is (POLICY[source].form is Form.IDS)
    assert json.loads(sidecar_path(path).read_text())["permissions"] == {source: str(ALLOWED)}
    assert reader.exports()["who"].tolist() == ["ann"]


@pytest.mark.parametrize("source", sorted(NEEDED))
def test_5_without_a_recorded_permission_such_a_source_is_not_collected(tmp_path, source):
    with pytest.raises(MissingSetting, match=f"UPROAR_PERMISSIONS__{source.upper()}"):
        load_collector(source, Settings(home=tmp_path))


def test_6_groups_of_under_five_authors_are_not_shown(store, reader):
    def group(name, authors):
        return [make_post(id=f"{name}{n}", community=name, author=f"k:{name}{n % authors}") for n in range(9)]

    save(store, *group("five", 5), *group("four", 4))
    assert reader.communities("acme", since=T0, until=T0 + HOUR)["community"].tolist() == ["five"]


def test_7_training_on_reddit_and_x_is_refused_without_a_permission_for_it(tmp_path, monkeypatch):
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "reactions.jsonl").write_text('{"platform": "reddit"}\n{"platform": "blog"}\n')
    assert platforms(tmp_path) == {"x", "reddit", "blog"}
    training = Permission("contract 8", "J. Doe", date(2026, 1, 1), "training of a classifier", training=True)
    forbidden = Permission("contract 8", "J. Doe", date(2026, 1, 1), "research, no training, no resale")
    for recorded in (
        {},
        {"reddit": training},
        {"reddit": training, "x": ALLOWED},
        {"reddit": training, "x": forbidden},
    ):
        with pytest.raises(ConfigError, match="does not allow training"):
            check_training(platforms(tmp_path), recorded)
    check_training(platforms(tmp_path), {"reddit": training, "x": training})
    check_training({"blog", "bluesky"}, {})


def test_7_the_training_program_refuses_before_it_reads_a_post(tmp_path, monkeypatch):
    train = pytest.importorskip("models.train", reason="torch is not installed")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "reactions.jsonl").write_text('{"platform": "reddit"}\n')
    monkeypatch.setenv("UPROAR_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="UPROAR_PERMISSIONS__REDDIT__BASIS"):
        train.main(["--out", str(tmp_path / "out"), "--shared", str(tmp_path)])


def test_8_open_terms_archive_is_named_with_its_texts(store, reader, tmp_path):
    start, now = datetime(2025, 5, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for n, words in enumerate((document(), document(amended="June 28, 2025"))):
        commit(tmp_path / "archive", {"Acme/Terms of Service.md": words}, start + n * 30 * DAY)
    _, touched = import_repository(store, tmp_path / "archive")
    update_documents(store, reader, touched, now=now)
    for change in terms.changes(reader, clock=now, every=True):
        assert "Open Terms Archive" in terms.change_document(reader, change)["after"]["attribution"]
    assert terms.attribution("file:/x/terms.txt") == ""


def test_the_processing_record_names_every_rule_and_verb():
    record = (PROJECT / "docs" / "privacy.md").read_text()
    for word in ("uproar recheck", "uproar person", "uproar forget", "--stale", "UPROAR_RETENTION_DAYS", "author.key",
                 "controller", "purpose", "legal basis", "recipients", "retention", "security",
                 "Open Terms Archive"):  # fmt: skip
        assert word in record
