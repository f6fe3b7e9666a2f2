"""Stage two on Ray: the same work as `uproar.steps.score`, answered by many processes or machines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from core.records import Classifier
from core.watches import Watch
from models.ray_cluster import cluster, scored
from models.ray_parquet import score_files
from store import Store

BATCH = 1024


def score_on_cluster(
    store: Store, classifier: Classifier, name: str, watch: Watch | None = None, *, home: Path,
    since: datetime | None = None, progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """Score what is pending by workers of Ray that load `name`, and return how many texts it was.

    Only this process reads and writes the database. Each batch is saved as it is answered, so a killed run goes on
    where it stopped, and a text is never sent twice in one run.
    """
    store.register_model(classifier.model, uses_subject=classifier.uses_subject)
    subject = watch.platform if watch and classifier.uses_subject else ""
    lists = store.unscored(classifier.model, watch=watch.name if watch else None, batch=BATCH, since=since)
    batches = (([key for key, _ in batch], [text for _, text in batch]) for batch in lists)
    done = 0
    with cluster() as ray:
        for keys, scores in scored(ray, batches, name=name, model=classifier.model, home=home, subject=subject):
            store.save_scores(keys, scores, subject=subject)
            done += len(keys)
            if progress:
                progress(done)
    return done


def score_parquet(
    source: Path, target: Path, classifier: Classifier, name: str, *, home: Path,
    progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """Score the Parquet files of `source` into `target`; returns the rows of this run. See `models.ray_parquet`."""
    done = 0
    with cluster() as ray:
        for rows in score_files(ray, source, target, name=name, model=classifier.model, home=home):
            done += rows
            if progress:
                progress(done)
    return done
