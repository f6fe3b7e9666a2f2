"""Evidence packs: verified, recomputed, and refused by the name of what was changed."""

import hashlib
import json
import stat
import zipfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import T0, make_post
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exports_posts import CLOCK, NOTICE, filled, make_watch, negative_scores  # noqa: F401 (a fixture)

from core.errors import InputUnusable, UproarError
from core.records import Reason
from exports.pack import MANIFEST, export_pack
from exports.verify import verify
from store import open_annotations, open_store

WATCH = make_watch(title="Example")


@pytest.fixture
def packed(filled, store_url, tmp_path):  # noqa: F811
    """(path of a pack of five scored posts, reader)."""
    posts = [make_post(id=f"p{n}", text=f"=terms {n}", created_at=T0 + timedelta(hours=n)) for n in range(5)]
    reader = filled(*posts, score=True)
    with open_annotations(store_url) as log:
        export_pack(reader, WATCH, tmp_path / "a.zip", clock=CLOCK, log=log, who="ann")
    return tmp_path / "a.zip", reader


@pytest.fixture
def small(tmp_path):
    """A pack of no posts, made by hand: enough for what is refused before any figure is read."""
    files = {
        "data/posts.csv": b'"id","platform"\n',
        "data/timeline.csv": b'"time","posts","volume","negative","neutral","positive","negative_share","low","high"\n',
        MANIFEST: json.dumps({"layout": 1, "export_id": "p-1", "watch": "example", "model": "", "as_of": "",
                              "exported_at": "", "asked": {}, "figures": {}, "rows": 0, "files": {}}).encode(),
    }  # fmt: skip
    path = rewritten(tmp_path / "small.zip", files)
    assert verify(path, None, None).posts == 0
    return path.rename(tmp_path / "small.zip")


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, files, *, manifest=True):
    """A pack with other files, whose manifest says what they are now."""
    if manifest:
        said = json.loads(files[MANIFEST])
        said["files"] = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in files.items() if name != MANIFEST
        }  # fmt: skip
        files = {**files, MANIFEST: json.dumps(said).encode()}
    other = path.with_name("other.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return other


def test_a_pack_holds_what_it_says(packed):
    path, _ = packed
    files = contents(path)
    assert {"data/posts.csv", "data/timeline.csv", "data/alerts.csv", "data/effects.csv", "data/dictionary.json",
            "charts/timeline.svg", "charts/counted.txt", "watch.toml", "README.txt",
            MANIFEST} <= set(files)  # fmt: skip
    manifest = json.loads(files[MANIFEST])
    assert (manifest["query"], manifest["model"], manifest["notice"]) == ("terms", "m@1", NOTICE)
    assert [row["state"] for row in manifest["coverage"]] == ["sample"]
    assert set(manifest["files"]) == set(files) - {MANIFEST}
    assert files["data/posts.csv"].decode().count("'=terms") == 5
    assert files["data/posts.csv"].decode().count(manifest["export_id"]) == 5
    assert "themes: no chart, for themes were not read." in files["charts/counted.txt"].decode()
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_verified_and_computed_again(packed):
    path, reader = packed
    found = verify(path, reader, WATCH)
    assert (found.known, found.posts, found.deleted, found.hours_differing) == (True, 5, 0, 0)
    assert "all 48 rows are equal" in found.sentence
    alone = verify(path, None, None)
    assert (alone.known, alone.deleted, alone.hours_differing) == (None, None, None)


def test_deleted_posts_are_told_and_are_no_failure(packed, store_url, keys):
    path, reader = packed
    with open_store(store_url, keys) as store:
        assert store.forget("forum", ids=["p1", "p3"], now=CLOCK).exports == (str(path),)
        store.refresh_rollups()
    found = verify(path, reader, WATCH)
    assert (found.deleted, found.posts, found.hours_differing) == (2, 5, 0)
    assert "2 of 5 posts since deleted" in found.sentence


def test_figures_that_moved_are_told_with_the_reason(packed, filled):  # noqa: F811
    path, _ = packed
    reader = filled(make_post(id="late", text="terms late", created_at=T0 + timedelta(hours=1)), score=True)
    found = verify(path, reader, WATCH)
    assert found.hours_differing == 1
    assert "came in later" in found.sentence


@pytest.mark.parametrize("name", ["data/posts.csv", "data/timeline.csv", "charts/share.svg", "watch.toml"])
def test_a_changed_file_is_refused_by_its_name(packed, name):
    path, reader = packed
    files = contents(path)
    files[name] += b" "
    with pytest.raises(InputUnusable, match=f"{name} was changed"):
        verify(rewritten(path, files, manifest=False), reader, WATCH)


def test_a_file_too_many_or_too_few_is_named(packed):
    path, reader = packed
    files = contents(path)
    with pytest.raises(InputUnusable, match=r"extra\.txt is in the pack and not in its manifest"):
        verify(rewritten(path, {**files, "extra.txt": b"x"}, manifest=False), reader, WATCH)
    del files["charts/share.svg"]
    with pytest.raises(InputUnusable, match=r"charts/share\.svg is missing"):
        verify(rewritten(path, files, manifest=False), reader, WATCH)


def test_a_manifest_that_was_changed_too_is_found_by_the_log(packed):
    path, reader = packed
    files = contents(path)
    files["watch.toml"] += b"# changed"
    other = rewritten(path, files)
    with pytest.raises(InputUnusable, match=r"manifest\.json was changed"):
        verify(other, reader, WATCH)
    assert verify(other, None, None).files == len(files), "without the log nothing contradicts it"


def test_figures_that_contradict_each_other_are_found_without_a_store(packed):
    path, _ = packed
    files = contents(path)
    files["data/timeline.csv"] = files["data/timeline.csv"].replace(b",1,1,1,0,0,1,", b",1,1,1,0,0,0.5,", 1)
    if files["data/timeline.csv"] == contents(path)["data/timeline.csv"]:
        lines = files["data/timeline.csv"].decode().splitlines()
        names = lines[0].replace('"', "").split(",")
        cells = lines[1].split(",")
        cells[names.index("negative_share")] = "0.5"
        files["data/timeline.csv"] = "\n".join([lines[0], ",".join(cells), *lines[2:], ""]).encode()
    with pytest.raises(InputUnusable, match="does not follow from its counts"):
        verify(rewritten(path, files), None, None)


def entry(name, mode=0o600):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [("../evil.txt", 0o600, "leads out"), ("/etc/passwd", 0o600, "leads out"), ("a/../../b", 0o600, "leads out"),
     ("a\\b", 0o600, "leads out"), ("C:evil", 0o600, "leads out"), ("", 0o600, "leads out"),
     ("link", stat.S_IFLNK | 0o777, "is a link"), (".hidden", 0o600, "leads out"), ("folder/", 0o600, "leads out")],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(small, tmp_path, name, mode, words):
    path = small
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry(name, mode), b"x")
    with pytest.raises(InputUnusable, match=words):
        verify(path, None, None)
    assert not list(tmp_path.rglob("evil*"))


def test_a_bomb_is_refused_before_it_is_unpacked(small):
    path = small
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"0" * 20_000_000)
    with pytest.raises(InputUnusable, match=r"bomb\.csv would grow"):
        verify(path, None, None)


def test_a_name_twice_is_refused(small):
    path = small
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("data/posts.csv", b"x")
    with pytest.raises(InputUnusable, match="twice"):
        verify(path, None, None)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", b'{"layout": 2, "files": {}}', b'{"layout": 1, "files": []}',
     b'{"layout": 1, "files": {"a": 1}}', b"\xff", b"null"],
)  # fmt: skip
def test_an_odd_manifest_is_refused(small, manifest):
    path = small
    with pytest.raises(InputUnusable, match=r"manifest|layout"):
        verify(rewritten(path, {**contents(path), MANIFEST: manifest}, manifest=False), None, None)


@settings(max_examples=200)
@given(st.data())
def test_no_damage_is_anything_but_a_plain_refusal(small, data):
    path = small
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    other = path.with_name("damaged.zip")
    other.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw))
    with suppress(UproarError):  # a damage that changes nothing is none
        verify(other, None, None)


def test_what_is_no_pack_is_said_so(tmp_path):
    (tmp_path / "a.zip").write_text("no zip")
    for name in ("a.zip", "missing.zip"):
        with pytest.raises(InputUnusable, match=name):
            verify(tmp_path / name, None, None)


def test_a_pack_keeps_the_policy_of_its_sources(filled, tmp_path):  # noqa: F811
    posts = [make_post(id="r", source="reddit", text="secret"),
             make_post(id="y", source="youtube", text="untold")]  # fmt: skip
    reader = filled(*posts, reason=Reason.TEXT, score=True)
    done = export_pack(reader, replace(WATCH, notice=""), tmp_path / "a.zip", clock=CLOCK)
    everything = b"".join(contents(tmp_path / "a.zip").values())
    assert b"secret" not in everything
    assert b"untold" not in everything
    assert (done.rows, done.withheld) == (1, {"youtube": 1})
    assert verify(tmp_path / "a.zip", reader, WATCH).known is False
