"""Scoring on a real local Ray says what the local engine says, goes on where it stopped, and does nothing twice."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import make_post
from store_fixtures import save
from test_cli import answer
from typer.testing import CliRunner

from core.errors import InputUnusable, ModelRefused, UproarError
from core.settings import load_settings
from models.onnx import OnnxClassifier
from models.ray_cluster import cluster, scored
from models.ray_parquet import answered, pending
from store import PostFilter, migrate, open_reader, open_store
from uproar.cli import app
from uproar.steps.score import score
from uproar.steps.score_cluster import score_on_cluster

pytest.importorskip("ray")
pytestmark = pytest.mark.timeout(240)
SUBJECTS = ("The new clause", "This licence", "Their letter", "That price", "My playlist")
VIEWS = (
    "is a betrayal and I am leaving",
    "seems fair to me",
    "starts in May",
    "asks nobody",
    "sounds like boilerplate",
)
TEXTS = [f"{subject} {view}, number {n}." for n in range(12) for subject in SUBJECTS for view in VIEWS]


@pytest.fixture(scope="module")
def shipped() -> OnnxClassifier:
    return OnnxClassifier.load("uproar-minilm", threads=2)


def test_the_store_holds_the_same_scores_whichever_engine_ran(tmp_path, shipped) -> None:
    frames = []
    for engine in ("local", "ray"):
        settings = load_settings(home=tmp_path / engine)
        settings.home.mkdir()
        migrate(settings.store_url, keys=settings.keys)
        with open_store(settings.store_url, settings.keys) as store:
            save(store, *[make_post(id=f"p{n}", text=text) for n, text in enumerate(TEXTS)])
            if engine == "local":
                assert score(store, shipped) == len(TEXTS)
            else:
                first = next(iter(store.unscored(shipped.model, batch=40)))
                store.save_scores([key for key, _ in first], shipped.score([text for _, text in first]))
                done = score_on_cluster(store, shipped, "uproar-minilm", home=settings.home)
                assert done == len(TEXTS) - 40, "what an earlier run saved is not asked again"
                assert score(store, shipped) == 0
            store.refresh_rollups()
        with open_reader(settings.store_url) as reader:
            frames.append(reader.posts(PostFilter("acme"), limit=500).sort_values("id").reset_index(drop=True))
    assert len(frames[0]) == len(TEXTS)
    pd.testing.assert_frame_equal(frames[0], frames[1], atol=0.01)


def test_parquet_in_parquet_out_and_only_what_is_missing(tmp_path, shipped) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    table = pa.table({"id": [str(n) for n in range(len(TEXTS))], "text": TEXTS, "author": ["a"] * len(TEXTS)})
    pq.write_table(table.slice(0, 200), source / "one.parquet", row_group_size=120)
    pq.write_table(pa.concat_tables([table.slice(200), table.slice(0, 0)]), source / "two.parquet")
    texts = pa.schema({"id": pa.string(), "text": pa.string()})
    pq.write_table(pa.table({"id": ["x", "y"], "text": [None, ""]}, texts), source / "none.parquet")
    target.mkdir()
    (target / "one.00000.parquet.77.part").write_bytes(b"half a file of a killed run")
    arguments = ("score", "--engine", "ray", "--parquet", str(source), "--to", str(target))
    assert answer(tmp_path, *arguments)["rows_scored"] == len(TEXTS) + 2
    names = sorted(path.name for path in target.iterdir())
    assert names == ["none.00000.parquet", "one.00000.parquet", "one.00001.parquet", "two.00000.parquet"]
    got = pa.concat_tables([pq.read_table(target / name) for name in names[1:]])
    wanted = answered(table, shipped)
    for column in wanted.column_names:
        if pa.types.is_floating(wanted.schema.field(column).type):
            assert np.abs(got[column].to_numpy() - wanted[column].to_numpy()).max() < 0.01, column
        else:
            assert got[column].to_pylist() == wanted[column].to_pylist(), column
    assert pq.read_table(target / "none.00000.parquet")["scored"].to_pylist() == [False, False]
    before = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    (target / "two.00000.parquet").unlink()
    assert pending(source, target) == ([(source / "two.parquet", 0, target / "two.00000.parquet")], 3)
    assert answer(tmp_path, *arguments)["rows_scored"] == len(TEXTS) - 200
    kept = {path.name: path.stat().st_mtime_ns for path in target.iterdir() if path.name != "two.00000.parquet"}
    assert kept == {name: at for name, at in before.items() if name != "two.00000.parquet"}


def test_a_node_with_other_weights_is_refused(tmp_path) -> None:
    with cluster() as ray, pytest.raises(ModelRefused, match="this node has uproar-minilm@"):
        list(scored(ray, [([b"k"], ["text"])], name="uproar-minilm", model="uproar-minilm@other", home=tmp_path,
                    subject=""))  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parquet", "x.parquet"], "needs --engine ray and --to"),
        (["--to", "out"], "--to goes with --parquet"),
        (["--engine", "ray", "--parquet", "gone.parquet", "--to", "out"], "no such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, arguments, words) -> None:
    failed = CliRunner().invoke(app, ["score", *arguments], env={"UPROAR_HOME": str(tmp_path)})
    assert isinstance(failed.exception, UproarError)
    assert words in str(failed.exception)


def test_files_that_hold_no_texts_are_refused(tmp_path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    pq.write_table(pa.table({"body": ["a"]}), tmp_path / "other.parquet")
    (tmp_path / "empty").mkdir()
    for name, words in (
        ("broken.parquet", "not a Parq"),
        ("other.parquet", "no column `text`"),
        ("empty", "no *.p"),
    ):
        with pytest.raises(InputUnusable, match=re.escape(words)):
            pending(tmp_path / name, tmp_path / "out")
