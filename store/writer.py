"""`Store`, the handle that writes, put together from its subjects."""

from __future__ import annotations

from core.keys import Keys
from store.announcements import AnnouncementWriter
from store.engine import BUSY_SECONDS, make_engine
from store.forget import Eraser
from store.incidents import IncidentWriter
from store.outbox import OutboxWriter
from store.persons import PersonSearcher
from store.posts import PostWriter
from store.radar import RadarWriter
from store.rechecks import RecheckWriter
from store.retention import RetentionWriter
from store.rollups import RollupWriter
from store.runs import RunWriter
from store.scores import ScoreWriter
from store.spending import SpendingWriter
from store.steps import StepWriter
from store.terms_changes import TermsChangeWriter
from store.terms_links import TermsLinkWriter
from store.terms_versions import TermsVersionWriter
from store.upgrade import bind_keys, check_schema


class Store(
    PostWriter, RunWriter, ScoreWriter, RollupWriter, AnnouncementWriter, IncidentWriter, OutboxWriter, Eraser,
    SpendingWriter, StepWriter, TermsVersionWriter, TermsChangeWriter, TermsLinkWriter,
    RecheckWriter, RetentionWriter, PersonSearcher, RadarWriter,
):  # fmt: skip
    """Writes posts, scores, rollups, decisions, incidents, spending and deletions; one writer at a time (StoreBusy)."""


def open_store(url: str, keys: Keys, *, busy_timeout: float = BUSY_SECONDS) -> Store:
    """Open for writing. Raises SchemaMismatch naming `uproar migrate`, ConfigError for a store with another key.

    `busy_timeout` is how long to wait for another writer, in seconds, before StoreBusy.
    """
    engine = make_engine(url, "write", busy_timeout=busy_timeout)
    try:
        check_schema(engine, url)
        bind_keys(engine, keys)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, keys)
