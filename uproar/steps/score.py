"""Stage two: every distinct text without a score under a model goes through that model once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.records import Classifier
from core.watches import Watch
from store import Store

BATCH = 2048


def score(
    store: Store, classifier: Classifier, watch: Watch | None = None, *, since: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """Score what is pending (of one watch, or all; `since` leaves older hours out), and return how many texts it was.

    The texts that the store hands out are already the exact model input, so a repost costs nothing. Each batch is
    committed by itself: a killed run goes on where it stopped.
    """
    store.register_model(classifier.model, uses_subject=classifier.uses_subject)
    subject = watch.platform if watch and classifier.uses_subject else ""
    done = 0
    for batch in store.unscored(classifier.model, watch=watch.name if watch else None, batch=BATCH, since=since):
        keys = [key for key, _ in batch]
        store.save_scores(keys, classifier.score([text for _, text in batch], subject), subject=subject)
        done += len(batch)
        if progress:
            progress(done)
    return done
