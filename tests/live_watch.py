"""A live watch for tests of alerts: two sources that are read hour by hour, posts with topics, and a moving present."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
from factories import T0, make_post, make_query

from alerts.updates import follow
from core.records import HOUR, Outcome, Page, Reason, Scores, Sighted, Spike
from core.watches import AlertRules, SourceRule, Watch
from store import Reader, Store

WATCH = Watch(
    "example", "Example: new terms", "Example", "terms", T0, timezone="Europe/Berlin",
    sources=(SourceRule("forum", 0 * HOUR), SourceRule("board", 0 * HOUR)),
    alerts=AlertRules(channels=("comms", "mail")),
)  # fmt: skip
TOPICS = ("trust", "consent")


class TopicClassifier:
    """Every text is relevant and negative; the topics that it names are its topics."""

    model = "topic@1"
    heads = {"sentiment": ("negative", "neutral", "positive"), "relevance": ("no", "yes"), "topics": TOPICS}  # noqa: RUF012
    uses_subject = False

    def score(self, texts, subject=""):
        """Score `texts` in input order."""
        n = len(texts)
        topics = np.array([[float(topic in text) for topic in TOPICS] for text in texts], np.float32).reshape(n, 2)
        probabilities = {
            "sentiment": np.tile(np.array([1.0, 0.0, 0.0], np.float32), (n, 1)),
            "relevance": np.tile(np.array([0.0, 1.0], np.float32), (n, 1)),
            "topics": topics,
        }
        return Scores(self.model, self.heads, probabilities, ("en",) * n, np.ones(n, dtype=bool))


class Live:
    """The watch on a database. `at` is its present, in hours after T0."""

    def __init__(self, store: Store, reader: Reader, watch: Watch = WATCH) -> None:
        self.store, self.reader, self.watch = store, reader, watch
        self.at = 0.0
        self._number = 0
        store.register_watch(watch.name)

    @property
    def now(self) -> datetime:
        return T0 + self.at * HOUR

    def change(self, **rules: object) -> None:
        """Other alert rules."""
        self.watch = replace(self.watch, alerts=replace(self.watch.alerts, **rules))  # type: ignore[arg-type]

    def read(self, source: str, since: float, until: float, outcome: Outcome = Outcome.OK, error: str = "") -> None:
        """One closed run of a source over [since, until) hours, ended then."""
        span = {"since": T0 + since * HOUR, "until": T0 + until * HOUR}
        run = self.store.begin_run(self.watch.name, make_query(source=source, **span), now=T0 + until * HOUR)
        self.store.end_run(run, outcome, now=T0 + until * HOUR, error=error)

    def post(self, hour: float, count: int, text: str = "terrible terms", source: str = "forum") -> None:
        """`count` relevant, negative posts in that hour, scored and counted."""
        posts = []
        for n in range(count):
            self._number += 1
            posts.append(make_post(source=source, id=str(self._number), text=f"{text} {self._number}",
                                   created_at=T0 + hour * HOUR + n * HOUR / 1000,
                                   url=f"https://example.org/{self._number}"))  # fmt: skip
        query = make_query(source=source, until=T0 + 999 * HOUR)
        run = self.store.begin_run("other", query, now=self.now)
        page = Page(tuple(Sighted(post, Reason.TEXT) for post in posts))
        self.store.save(self.watch.name, query, page, run=run)
        classifier = TopicClassifier()
        self.store.register_model(classifier.model)
        for batch in self.store.unscored(classifier.model):
            self.store.save_scores([key for key, _ in batch], classifier.score([text for _, text in batch]))
        self.store.refresh_rollups()

    def spike(self, hour: float, negative: int = 40) -> int | None:
        """Open an incident for a spike in that hour."""
        spike = Spike(self.watch.name, T0 + hour * HOUR, negative, 100, negative / 100, 3.0, True, "m@1", "Far above.")
        return self.store.open_incident(spike, self.watch.alerts.channels, now=self.now)

    def follow(self) -> list[int]:
        """What the service does with its incidents."""
        return follow(self.store, self.reader, self.watch, clock=self.now)

    def told(self, incident: int) -> list[tuple[str, str]]:
        """(kind, sentence) of every update."""
        rows = self.reader.updates(incident)
        return list(zip(rows["kind"], rows["sentence"], strict=True))

    def open_rules(self) -> set[tuple[str, str]]:
        """(rule, subject) of what is open."""
        rows = self.reader.incidents(self.watch.name, every_rule=True)
        rows = rows[rows["closed_at"].isna()]
        return set(zip(rows["rule"], rows["subject"], strict=True))
