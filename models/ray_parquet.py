"""Scoring of Parquet files by Ray Data: one output file per row group, so that a killed run goes on where it stopped.

Ray's traps that shaped this: `map_batches` over one data set of all files has one progress for all and starts anew
when killed; here each row group is a file of its own that appears whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputUnusable
from core.records import Classifier
from core.text import model_input
from models.labels import labels
from models.ray_cluster import BOOKED, load, workers

BATCH = 1024
_PART = ".part"


def pending(source: Path, target: Path) -> tuple[list[tuple[Path, int, Path]], int]:
    """What is still to be done, as (file, row group, output file), and how many row groups were done before.

    `source` is a Parquet file or a folder of them. Raises InputUnusable where there is none, or one without `text`.
    """
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    if not files:
        raise InputUnusable(f"{source}: no *.parquet in it")
    left, done = [], 0
    for path in files:
        name = "-".join(path.relative_to(source).with_suffix("").parts) if source.is_dir() else path.stem
        for group in range(_groups(path)):
            output = target / f"{name}.{group:05}.parquet"
            if output.exists():
                done += 1
            else:
                left.append((path, group, output))
    return left, done


def score_files(ray: Any, source: Path, target: Path, *, name: str, model: str, home: Path) -> Iterator[int]:
    """Score the row groups of `source` that `target` does not hold yet; yields the rows of each as it is written."""
    from ray.data import ActorPoolStrategy, from_items

    target.mkdir(parents=True, exist_ok=True)
    for leftover in target.glob(f"*{_PART}"):
        leftover.unlink()
    left, _ = pending(source, target)
    if not left:
        return
    items = [{"file": str(path), "group": group, "output": str(output)} for path, group, output in left]
    kept = ray.data.DataContext.get_current()
    kept.enable_progress_bars = False
    kept.print_on_execution_start = False
    scorer: Any = _GroupScorer  # Ray's own annotation knows functions only
    made = from_items(items, override_num_blocks=len(items)).map(
        scorer, fn_constructor_args=(name, model, str(home)), num_cpus=BOOKED,
        compute=ActorPoolStrategy(size=min(workers(ray), len(items))),
    )  # fmt: skip
    for row in made.iter_rows():
        yield int(row["rows"])


class _GroupScorer:
    """Runs in a worker: reads one row group, writes one file."""

    def __init__(self, name: str, model: str, home: str) -> None:
        self._classifier = load(name, model, home)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        with pq.ParquetFile(item["file"]) as file:
            wanted = [column for column in ("id", "text") if column in file.schema_arrow.names]
            table = file.read_row_group(int(item["group"]), columns=wanted)
        output = Path(item["output"])
        scratch = output.with_name(f"{output.name}.{os.getpid()}{_PART}")
        parts = [answered(table.slice(start, BATCH), self._classifier) for start in range(0, max(1, len(table)), BATCH)]
        pq.write_table(pa.concat_tables(parts), scratch)
        scratch.replace(output)
        return {"rows": table.num_rows}


def answered(table: pa.Table, classifier: Classifier) -> pa.Table:
    """Labels and probabilities of the column `text`, one row each in order; the texts themselves are not repeated.

    Columns: id (where given), model, lang, scored, sentiment, stance, relevant, topics, and one float32 column
    `<head>_<label>` per probability, null where a text was not scored.
    """
    texts = [model_input(text or "") for text in table.column("text").to_pylist()]
    scores = classifier.score(texts)
    found = labels(scores)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"id": table.column("id")} if "id" in table.column_names else {}
    columns |= {
        "model": pa.array([scores.model] * len(texts), pa.string()),
        "lang": pa.array([row.lang for row in found], pa.string()),
        "scored": pa.array([row.scored for row in found], pa.bool_()),
        "sentiment": pa.array([row.sentiment for row in found], pa.string()),
        "stance": pa.array([row.stance for row in found], pa.string()),
        "relevant": pa.array([row.relevant for row in found], pa.bool_()),
        "topics": pa.array([list(row.topics) if row.scored else None for row in found], pa.list_(pa.string())),
    }
    for head, names in scores.heads.items():
        for number, label in enumerate(names):
            column = scores.probabilities[head][:, number]
            columns[f"{head}_{label}"] = pa.array(column, pa.float32(), from_pandas=True)
    return pa.table(columns)


def _groups(path: Path) -> int:
    try:
        with pq.ParquetFile(path) as file:
            if "text" not in file.schema_arrow.names:
                raise InputUnusable(f"{path}: no column `text`. It has: {', '.join(file.schema_arrow.names)}")
            return int(file.num_row_groups)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputUnusable(f"{path}: not a Parquet file that can be read ({type(error).__name__})") from None
