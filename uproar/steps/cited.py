"""Posts that cite a clause: quoted words first, then likeness of meaning among posts on the clause's subject."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.records import Classifier
from core.terms import CLASS_TOPICS, Link, Linkable
from core.watches import Watch
from reports.clauses import citable
from store import Reader, Store
from store.terms_changes import StoredClause
from terms.quotes import Quotes, telling_words

ALIKE, BESIDE, SHARED = 0.62, 0.05, 2
"""Cosine from which a relevant post on the clause's subject paraphrases it, how far behind the nearest clause another
may lie, and how many telling words both must have. Set by reading the demo's invented posts under
the first classifier, uproar-minilm-1."""
BATCH = 2000
_LONGEST = 600
Side = tuple[int, str]


def link_posts(store: Store, reader: Reader, watch: Watch, classifier: Classifier, *, clock: datetime) -> int:
    """Link the posts of a watch that were not yet read to the clauses of its platform; returns how many links.

    When the clauses are others than before, all posts are read again. Each batch is kept by itself: a killed run
    goes on where it stopped.
    """
    clauses = citable(reader, watch, clock=clock)
    sides = _sides(clauses)
    if not sides:
        return 0
    digest = hashlib.blake2b(repr(sorted(sides)).encode(), digest_size=8).hexdigest()
    after = reader.linked_until(watch.name, digest)
    quotes = Quotes(sides)
    meanings = _Meanings(clauses, sides, classifier)
    made = 0
    while batch := reader.linkable(watch.name, after=after, limit=BATCH):
        links = _links(batch, quotes, meanings)
        after = batch[-1].number
        store.save_links(watch.name, links, digest=digest, last_post=after)
        made += len(links)
    return made


def _links(batch: Sequence[Linkable], quotes: Quotes[Side], meanings: _Meanings) -> list[Link]:
    found: list[Link] = []
    rest: dict[bytes, Linkable] = {}
    seen: set[bytes] = set()
    for post in batch:
        if post.text_key in seen:
            continue
        seen.add(post.text_key)
        quoted = quotes.find(post.text)
        found += [Link(post.text_key, *q.passage, "quote", float(q.words)) for q in quoted]
        if not quoted and post.relevant and post.topics:
            rest[post.text_key] = post
    return found + meanings.find(list(rest.values()))


def _sides(clauses: Sequence[StoredClause]) -> dict[Side, str]:
    found: dict[Side, str] = {}
    for stored in clauses:
        for side, text in (("new", stored.clause.added), ("old", stored.clause.removed)):
            if text:
                found[stored.id, side] = text
    return found


class _Meanings:
    """Embeddings of clauses, made when the first post needs them."""

    def __init__(self, clauses: Sequence[StoredClause], sides: dict[Side, str], classifier: Classifier) -> None:
        self._classifier = classifier
        self._topics = {stored.id: {t for name in stored.clause.classes for t in CLASS_TOPICS[name]}
                        for stored in clauses}  # fmt: skip
        self._texts = {side: text for side, text in sides.items() if self._topics[side[0]]}
        self._words = {side: telling_words(text) for side, text in self._texts.items()}
        self._vectors: NDArray[np.float32] | None = None

    def find(self, posts: Sequence[Linkable]) -> list[Link]:
        """For each post the clauses that are about its topics and nearest in meaning, if near enough."""
        wanted = {topic for topics in self._topics.values() for topic in topics}
        posts = [post for post in posts if wanted & set(post.topics)]
        if not posts or not self._texts:
            return []
        if self._vectors is None:
            self._vectors = self._classifier.embed([text[:_LONGEST] for text in self._texts.values()])
        scores = self._classifier.embed([post.text for post in posts]) @ self._vectors.T
        found = []
        for row, post in zip(scores, posts, strict=True):
            least = max(ALIKE, float(row.max()) - BESIDE)
            words = telling_words(post.text)
            for place, side in enumerate(self._texts):
                near = row[place] >= least and len(words & self._words[side]) >= SHARED
                if near and self._topics[side[0]] & set(post.topics):
                    found.append(Link(post.text_key, *side, "paraphrase", round(float(row[place]), 4)))
        return found
