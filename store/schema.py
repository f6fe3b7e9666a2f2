"""The tables, as `store.migrations` makes them; a test holds the two together.

Names that repeat in every row (watch, source, model) are small numbers. Times are microseconds and hours whole
hours since 1970 (`store.types`). The full-text index stands outside the metadata: `posts_fts` (FTS5) on SQLite,
the generated column `posts.search` (tsvector, GIN) on PostgreSQL.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from core.records import TOPICS, Reason
from store.types import UtcHour, UtcTime

REVISION = "0010"
"""The schema that this program speaks: the head of `store.migrations`."""

REASONS = (Reason.TEXT, Reason.THREAD, Reason.IMPORT)
"""By number in `sightings.reason`, strongest first: of two reasons the smaller number is kept."""

TOPIC_NUMBERS = {"all": 0, **{topic: number for number, topic in enumerate(TOPICS, 1)}}
"""Topics in rollups. In `scores.topics` topic number n is bit n-1."""

NO_MODEL = 0
"""Stands in for a model until the first is registered, so that unscored posts have rollups too."""

NOT_SCORED, SCORED = 0, 1

MEASURES = (
    "posts", "reposts", "distinct_texts", "pending", "not_scored", "scored", "relevant", "negative", "neutral",
    "positive", "against", "stance_neutral", "in_favour", "relevant_reposts", "negative_reposts", "against_reposts",
)  # fmt: skip
"""What a rollup counts, in column order. Sentiment and stance are counted among scored and relevant posts, the last
three among those of them that repeat another post."""

COUNT_KEY = ("watch_id", "model_id", "topic", "hour", "source_id", "lang")
"""The key of a rollup. It begins with what a timeline fixes, so that a read touches only its own rows."""

metadata = MetaData()
# SQLite gives an "INTEGER PRIMARY KEY" its row number; BIGINT would be a second index.
_ID = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, *, unique: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, unique=unique)


def _need(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=False)


meta = Table("meta", metadata, Column("name", Text, primary_key=True), _text("value"))
data_version = Table(
    "data_version",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    _need("value", BigInteger),
)
watches = Table("watches", metadata, Column("id", Integer, primary_key=True), _text("name", unique=True),
                _text("subject"), _text("digest"))  # fmt: skip
sources = Table("sources", metadata, Column("id", Integer, primary_key=True), _text("name", unique=True))
models = Table("models", metadata, Column("id", Integer, primary_key=True), _text("name", unique=True),
               _need("uses_subject", Boolean), _need("active", Boolean))  # fmt: skip

runs = Table(
    "runs", metadata,
    Column("id", _ID, primary_key=True), _need("watch_id", Integer), _text("source"), _text("query_hash"),
    _text("asked"), _need("since", UtcTime), _need("until", UtcTime), _need("started_at", UtcTime),
    Column("ended_at", UtcTime), Column("outcome", Text), _text("error"),
    _need("read", BigInteger), _need("new", BigInteger), _need("seen", BigInteger), _need("cost", Float),
    Column("permission", Text, nullable=False, server_default=""), Index("runs_by_span", "watch_id", "until"),
)  # fmt: skip
truncated = Table(
    "truncated", metadata,
    Column("run_id", ForeignKey("runs.id"), nullable=False), _need("start", UtcTime), _need("end", UtcTime),
    PrimaryKeyConstraint("run_id", "start", "end"),
)  # fmt: skip
sampled = Table(
    "sampled", metadata,
    Column("run_id", ForeignKey("runs.id"), nullable=False), _need("start", UtcTime), _need("end", UtcTime),
    _need("rate", Float), Column("volume", BigInteger),
    PrimaryKeyConstraint("run_id", "start", "end"),
)  # fmt: skip
spending = Table("spending", metadata, _text("source"), _need("hour", UtcHour), _need("units", Float),
                 PrimaryKeyConstraint("source", "hour"), sqlite_with_rowid=False)  # fmt: skip
cursors = Table(
    "cursors", metadata,
    _need("watch_id", Integer), _text("source"), _text("query_hash"), _text("cursor"),
    PrimaryKeyConstraint("watch_id", "source", "query_hash"),
)  # fmt: skip
dead_letters = Table(
    "dead_letters", metadata,
    Column("id", _ID, primary_key=True), Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    _need("line", BigInteger), _need("offset", BigInteger), _text("reason"),
)  # fmt: skip

posts = Table(
    "posts", metadata,
    Column("id", _ID, primary_key=True, autoincrement=False), _need("source_id", Integer), _text("post_id"),
    _need("created_at", UtcTime), _need("collected_at", UtcTime), _need("text_key", LargeBinary(16)),
    _text("author"), _text("community"), _text("kind"), _text("parent_id"), _text("root_id"), _text("lang"),
    _text("url"), Column("likes", BigInteger), Column("reposts", BigInteger), Column("replies", BigInteger),
    Column("views", BigInteger), _text("text"),
    UniqueConstraint("source_id", "post_id", name="posts_by_name"), Index("posts_by_text", "text_key"),
)  # fmt: skip
sightings = Table(
    "sightings", metadata,
    _need("post", BigInteger), _need("watch_id", Integer), _need("hour", UtcHour), _need("source_id", Integer),
    _need("reason", SmallInteger),
    PrimaryKeyConstraint("post", "watch_id"), Index("sightings_by_hour", "watch_id", "hour", "source_id", "post"),
    sqlite_with_rowid=False,
)  # fmt: skip
tombstones = Table("tombstones", metadata, Column("mark", LargeBinary(16), primary_key=True), _need("at", UtcTime),
                   sqlite_with_rowid=False)  # fmt: skip
rechecks = Table(
    "rechecks", metadata,
    Column("post", _ID, primary_key=True, autoincrement=False), _need("source_id", Integer), _need("due_at", UtcTime),
    Column("checked_at", UtcTime), Index("rechecks_due", "source_id", "due_at"),
)  # fmt: skip
erasures = Table("erasures", metadata, Column("id", _ID, primary_key=True), _need("at", UtcTime), _text("source"),
                 _text("reason"), _need("posts", BigInteger), _need("exports", BigInteger))  # fmt: skip

# Probabilities are whole ten-thousandths. A label is NULL where the model has no such head.
PROBABILITIES = ("p_negative", "p_neutral", "p_positive", "p_against", "p_for", "p_relevant")
scores = Table(
    "scores", metadata,
    _need("text_key", LargeBinary(16)), _need("model_id", Integer), _text("subject"), _need("status", SmallInteger),
    _text("lang"), Column("relevant", SmallInteger), Column("sentiment", SmallInteger), Column("stance", SmallInteger),
    Column("topics", Integer), *(Column(name, SmallInteger) for name in PROBABILITIES),
    PrimaryKeyConstraint("text_key", "model_id", "subject"),
    sqlite_with_rowid=False,
)  # fmt: skip


def _counts(name: str) -> Table:
    return Table(
        name, metadata,
        _need("watch_id", Integer), _need("model_id", Integer), _need("topic", SmallInteger), _need("hour", UtcHour),
        _need("source_id", Integer), _text("lang"), *(_need(measure, BigInteger) for measure in MEASURES),
        PrimaryKeyConstraint(*COUNT_KEY),
        sqlite_with_rowid=False,
    )  # fmt: skip


rollups = _counts("rollups")
removed_counts = _counts("removed_counts")
dirty_hours = Table("dirty_hours", metadata, _need("watch_id", Integer), _need("hour", UtcHour),
                    PrimaryKeyConstraint("watch_id", "hour"), sqlite_with_rowid=False)  # fmt: skip

announcements = Table(
    "announcements", metadata,
    _need("watch_id", Integer), _text("id"), _text("kind"), _need("start", UtcTime), _need("end", UtcTime),
    _text("precision"), _text("zone"), _text("title"), _text("sources"), _text("wording"), _text("origin"),
    _text("conflicts"), PrimaryKeyConstraint("watch_id", "id"),
)  # fmt: skip
labels = Table("labels", metadata, Column("id", _ID, primary_key=True), Column("post", BigInteger, nullable=False,
               index=True), _text("head"), _text("value"), _text("author"), _need("at", UtcTime))  # fmt: skip
draws = Table(
    "draws", metadata,
    Column("id", _ID, primary_key=True), _need("watch_id", Integer), _need("since", UtcTime), _need("until", UtcTime),
    _need("population", BigInteger), _text("author"), _need("at", UtcTime),
)  # fmt: skip
drawn = Table(
    "drawn", metadata,
    _need("draw_id", BigInteger), _need("position", Integer), Column("post", BigInteger, nullable=False, index=True),
    _need("weight", Float), PrimaryKeyConstraint("draw_id", "position"),
)  # fmt: skip
tags = Table("tags", metadata, _need("post", BigInteger), _text("tag"), _text("author"), _need("at", UtcTime),
             PrimaryKeyConstraint("post", "tag"), Index("tags_by_name", "tag", "post"))  # fmt: skip
window_tags = Table(
    "window_tags", metadata,
    _need("watch_id", Integer), _need("since", UtcTime), _need("until", UtcTime), _text("tag"), _text("author"),
    _need("at", UtcTime), PrimaryKeyConstraint("watch_id", "since", "until", "tag"),
)  # fmt: skip
notes = Table("notes", metadata, Column("id", _ID, primary_key=True), _need("watch_id", Integer),
              _need("at", UtcTime), _text("text"), _text("author"), _need("made_at", UtcTime))  # fmt: skip

decisions = Table(
    "decisions", metadata,
    _need("watch_id", Integer), _need("hour", UtcHour), _text("state"), _need("negative", BigInteger),
    _need("relevant", BigInteger), Column("share", Float), Column("expected", Float), Column("score", Float),
    _need("calibrated", Boolean), _text("model"), _need("decided_at", UtcTime), _text("sentence"),
    PrimaryKeyConstraint("watch_id", "hour"),
)  # fmt: skip
looks = Table(
    "looks", metadata,
    _need("watch_id", Integer), _need("model_id", Integer), _need("hour", UtcHour), _need("evidence", Float),
    PrimaryKeyConstraint("watch_id", "model_id", "hour"), sqlite_with_rowid=False,
)  # fmt: skip
_OPEN = text("closed_at IS NULL")
incidents = Table(
    "incidents", metadata,
    Column("id", _ID, primary_key=True), _need("watch_id", Integer), _need("opened_at", UtcTime),
    Column("closed_at", UtcTime), _text("close_reason"), _need("hour", UtcHour), _need("last_hour", UtcHour),
    _need("updated_at", UtcTime), _need("negative", BigInteger), _need("relevant", BigInteger),
    Column("share", Float), Column("expected", Float), _need("calibrated", Boolean), _text("model"), _text("sentence"),
    Column("rule", Text, nullable=False, server_default="spike"),
    Column("subject", Text, nullable=False, server_default=""), Column("parent", BigInteger),
    Index("one_open_incident", "watch_id", "rule", "subject", unique=True, sqlite_where=_OPEN,
          postgresql_where=_OPEN),
)  # fmt: skip
acknowledgements = Table(
    "acknowledgements", metadata,
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False), _text("who"), _need("at", UtcTime),
)  # fmt: skip
outbox = Table(
    "outbox", metadata,
    Column("id", _ID, primary_key=True), Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    _text("channel"), _text("kind"), _need("number", Integer), _text("idempotency_key", unique=True), _text("state"),
    _need("attempts", Integer), Column("due_at", UtcTime), Column("sent_at", UtcTime), Column("failed_at", UtcTime),
    _text("last_error"), Column("grouped", Text, nullable=False, server_default=""),
    Column("batch", Text, nullable=False, server_default=""), Column("update_id", BigInteger),
    UniqueConstraint("incident_id", "channel", "kind", "number", name="outbox_by_number"),
    Index("outbox_due", "state", "due_at"),
)  # fmt: skip
slots = Table("slots", metadata, _text("grouped"), _text("channel"), _need("next_at", UtcTime),
              PrimaryKeyConstraint("grouped", "channel"), sqlite_with_rowid=False)  # fmt: skip
incident_updates = Table(
    "incident_updates", metadata,
    Column("id", _ID, primary_key=True), Column("incident_id", BigInteger, nullable=False, index=True),
    _need("at", UtcTime), _text("kind"), _text("sentence"), _text("figures"),
)  # fmt: skip
incident_owners = Table(
    "incident_owners", metadata,
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False), _text("who"), _need("at", UtcTime),
)  # fmt: skip
incident_notes = Table(
    "incident_notes", metadata,
    Column("id", _ID, primary_key=True), Column("incident_id", BigInteger, nullable=False, index=True),
    _text("text"), _text("author"), _need("made_at", UtcTime),
)  # fmt: skip
steps = Table("steps", metadata, _text("watch"), _text("step"), _need("due_at", UtcTime), _text("holder"),
              Column("until", UtcTime), Column("done_at", UtcTime), PrimaryKeyConstraint("watch", "step"),
              sqlite_with_rowid=False)  # fmt: skip

export_log = Table(
    "export_log", metadata,
    Column("id", _ID, primary_key=True), _need("watch_id", Integer), _text("kind"), _text("path_name"),
    _need("rows", BigInteger), _text("stamp"), _need("exported_at", UtcTime), _need("erased", BigInteger),
    Column("mark", Text, nullable=False, server_default=""), Column("who", Text, nullable=False, server_default=""),
)  # fmt: skip
export_posts = Table(
    "export_posts", metadata,
    _need("post", BigInteger), _need("export_id", BigInteger),
    PrimaryKeyConstraint("post", "export_id"), sqlite_with_rowid=False,
)  # fmt: skip
shown = Table("shown", metadata, Column("id", Text, primary_key=True), _need("watch_id", Integer), _text("kind"),
              _need("shown_at", UtcTime), _text("figures"))  # fmt: skip
texts_taken = Table("texts_taken", metadata, _text("who"), _text("source"), _need("day", Integer),
                    _need("texts", BigInteger), PrimaryKeyConstraint("who", "source", "day"),
                    sqlite_with_rowid=False)  # fmt: skip

# Documents of platforms. A version counts while its generation is not below that of its source: a repository whose
# history was rewritten is read again under the next generation.
terms_sources = Table("terms_sources", metadata, Column("id", Integer, primary_key=True), _text("name", unique=True),
                      _text("cursor"), _need("generation", Integer))  # fmt: skip
terms_documents = Table(
    "terms_documents", metadata, Column("id", Integer, primary_key=True), _text("service"), _text("document"),
    UniqueConstraint("service", "document", name="terms_documents_by_name"),
)  # fmt: skip
terms_texts = Table("terms_texts", metadata, Column("hash", LargeBinary(16), primary_key=True),
                    _need("body", LargeBinary()))  # fmt: skip
terms_versions = Table(
    "terms_versions", metadata,
    Column("id", _ID, primary_key=True), _need("document_id", Integer), _need("source_id", Integer),
    _need("generation", Integer), _need("captured_at", UtcTime), _need("key", LargeBinary(16)),
    _need("text_hash", LargeBinary(16)), _need("words", Integer), _text("state"), _text("why"),
    _need("technical", Boolean), _need("judged", Boolean), _text("commit_id"), _text("subject"), _text("effective"),
    _text("amended"),
    UniqueConstraint("document_id", "captured_at", "text_hash", name="terms_versions_by_time"),
)  # fmt: skip
terms_changes = Table(
    "terms_changes", metadata,
    Column("id", Text, primary_key=True), Column("document_id", Integer, nullable=False, index=True),
    _need("before_id", BigInteger), _need("after_id", BigInteger), _need("at", UtcTime), _text("status"),
    _need("decided_at", UtcTime), _need("returns", Integer), _text("kind"), _need("words_added", Integer),
    _need("words_removed", Integer), _text("effective"), _text("amended"),
)  # fmt: skip
terms_clauses = Table(
    "terms_clauses", metadata,
    Column("id", _ID, primary_key=True), Column("change_id", Text, nullable=False, index=True),
    _need("number", Integer), _text("action"), _text("before"), _text("after"), _text("removed"), _text("added"),
    _text("heading"), _text("classes"), _need("confidence", Float), _text("direction"),
)  # fmt: skip
terms_links = Table(
    "terms_links", metadata,
    _need("text_key", LargeBinary(16)), _need("clause_id", BigInteger), _text("side"), _text("how"),
    _need("score", Float), PrimaryKeyConstraint("clause_id", "text_key", "side"),
    Index("terms_links_by_text", "text_key"), sqlite_with_rowid=False,
)  # fmt: skip
terms_linked = Table("terms_linked", metadata, Column("watch_id", Integer, primary_key=True, autoincrement=False),
                     _text("digest"), _need("last_post", BigInteger))  # fmt: skip
