"""A dry run of a watch: what one source would bring, seen on its last days, with nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from collectors.protocol import Limits
from collectors.registry import load_collector
from core.errors import BudgetExhausted, SourceError
from core.records import Post, Query
from core.text import model_input
from core.watches import SourceRule, Watch
from uproar.session import MODEL, Session

DAYS = 7
PAGES = 10
SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """Matched posts a day over the span that was read, what a day costs in US dollars, and up to 20 texts.

    `share_relevant` is the model's share among `looked_at` scored samples, None where none could be scored;
    `remark` says why a source gave nothing, or that only a part of the span was read.
    """

    source: str
    posts_a_day: float | None
    price: float | None
    share_relevant: float | None
    looked_at: int
    samples: tuple[str, ...]
    remark: str = ""


def preview(session: Session, watch: Watch, rule: SourceRule) -> Preview:
    """Ask one source for the watch's last week, ten pages at the most. A failing source becomes a remark."""
    until = watch.now(session.clock)
    query = Query(watch.expression, until - timedelta(days=DAYS), until, rule.name, rule.options)
    posts: list[Post] = []
    remark, whole = "", True
    collector = load_collector(rule.name, session.settings)
    try:
        for number, page in enumerate(collector.collect(query, None, Limits()), 1):
            posts += [sighted.post for sighted in page.posts]
            if number == PAGES:
                whole, remark = False, f"first {PAGES} pages only"
                break
    except (SourceError, BudgetExhausted) as error:
        whole, remark = False, str(error)
    samples = [post.text for post in posts[:: max(1, len(posts) // SAMPLES)]][:SAMPLES]
    share, looked_at = _relevant(session, samples)
    a_day = _a_day(posts, whole=whole)
    price = None if a_day is None else round(a_day * collector.price, 2)
    return Preview(rule.name, a_day, price, share, looked_at, tuple(samples), remark)


def _a_day(posts: list[Post], *, whole: bool) -> float | None:
    if whole:
        return round(len(posts) / DAYS, 1)
    if len(posts) < 2:
        return None
    times = sorted(post.created_at for post in posts)
    return round(len(posts) / max((times[-1] - times[0]) / timedelta(days=1), 1 / 24), 1)


def _relevant(session: Session, samples: list[str]) -> tuple[float | None, int]:
    from models.labels import labels

    if not samples:
        return None, 0
    found = [label.relevant for label in labels(session.classifier(MODEL).score([model_input(s) for s in samples]))]
    judged = [relevant for relevant in found if relevant is not None]
    return (round(sum(judged) / len(judged), 2) if judged else None), len(judged)
