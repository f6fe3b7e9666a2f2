"""What the tests of the store share: saving in one line, a second classifier, and an empty database again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from factories import T0, make_query
from sqlalchemy import delete, insert

from core.records import Page, Post, Reason, Scores, Sighted
from store import Saved, Store
from store.engine import make_engine, writing
from store.schema import data_version, metadata


def save(store: Store, *posts: Post, watch: str = "acme", reason: Reason = Reason.TEXT, **page: object) -> Saved:
    """Save one page of `posts` in a run of its own."""
    run = store.begin_run(watch, make_query(), now=T0)
    sighted = tuple(Sighted(post, reason) for post in posts)
    return store.save(watch, make_query(), Page(sighted, **page), run=run)  # type: ignore[arg-type]


def score_all(store: Store, classifier, *, watch: str | None = None, subject: str = "", batch: int = 3) -> int:
    """Score what waits; returns how many texts that were."""
    done = 0
    for part in store.unscored(classifier.model, watch=watch, batch=batch):
        store.save_scores([key for key, _ in part], classifier.score([text for _, text in part]), subject=subject)
        done += len(part)
    return done


class LengthClassifier:
    """A model with one head: short texts are negative, long ones positive. It scores every text that has words."""

    model = "length@1"
    heads = {"sentiment": ("positive", "negative")}  # noqa: RUF012
    uses_subject = False

    def score(self, texts: Sequence[str], subject: str = "") -> Scores:
        """Score `texts` in input order."""
        positive = np.array([[min(len(text), 40) / 40] for text in texts], np.float32).reshape(-1, 1)
        scored = np.array([bool(text) for text in texts], dtype=bool)
        both = np.where(scored[:, None], np.hstack([positive, 1 - positive]), np.nan)
        return Scores(self.model, self.heads, {"sentiment": both}, ("de",) * len(texts), scored)


def wipe(url: str) -> None:
    """Empty every table."""
    engine = make_engine(url, "write")
    with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO posts_fts (posts_fts) VALUES ('delete-all')")
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        connection.execute(insert(data_version).values(one=1, value=0))
    engine.dispose()
