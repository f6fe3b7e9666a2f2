"""The first schema: every table, and the full-text index of each database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

# SQLite gives an "INTEGER PRIMARY KEY" its row number; BIGINT would be a second index.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MEASURES = (
    "posts", "reposts", "distinct_texts", "pending", "not_scored", "scored", "relevant", "negative", "neutral",
    "positive", "against", "stance_neutral", "in_favour",
)  # fmt: skip
# PostgreSQL's parser keeps "example.com" as one word; with ASCII punctuation blanked both databases split alike.
# A tsvector holds at most 1 MB, so a search looks at the first 100,000 characters.
PUNCTUATION = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"


def upgrade() -> None:
    """Make everything; runs inside the caller's transaction."""
    _names()
    _coverage()
    _posts()
    _people()
    _alerts()
    for name in ("rollups", "removed_counts"):
        _counts(name)
    _search()
    op.execute("INSERT INTO data_version VALUES (1, 0)")


def _text(name: str, *, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, unique=unique)


def _need(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _names() -> None:
    op.create_table(
        "data_version",
        sa.Column("one", sa.SmallInteger, primary_key=True, autoincrement=False), _need("value", sa.BigInteger),
    )  # fmt: skip
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True), _text("value"),
    )  # fmt: skip
    op.create_table(
        "models",
        sa.Column("id", sa.Integer, primary_key=True), _text("name", unique=True), _need("uses_subject", sa.Boolean),
        _need("active", sa.Boolean),
    )  # fmt: skip
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer, primary_key=True), _text("name", unique=True),
    )  # fmt: skip
    op.create_table(
        "watches",
        sa.Column("id", sa.Integer, primary_key=True), _text("name", unique=True), _text("subject"), _text("digest"),
    )  # fmt: skip


def _coverage() -> None:
    op.create_table(
        "cursors",
        _need("watch_id", sa.Integer), _text("source"), _text("query_hash"), _text("cursor"),
        sa.PrimaryKeyConstraint("watch_id", "source", "query_hash"),
    )  # fmt: skip
    op.create_table(
        "runs",
        sa.Column("id", ID, primary_key=True), _need("watch_id", sa.Integer), _text("source"), _text("query_hash"),
        _text("asked"), _need("since", sa.BigInteger), _need("until", sa.BigInteger),
        _need("started_at", sa.BigInteger), sa.Column("ended_at", sa.BigInteger), sa.Column("outcome", sa.Text),
        _text("error"), _need("read", sa.BigInteger), _need("new", sa.BigInteger), _need("seen", sa.BigInteger),
        _need("cost", sa.Float),
    )  # fmt: skip
    op.create_index("runs_by_span", "runs", ["watch_id", "until"])
    op.create_table(
        "dead_letters",
        sa.Column("id", ID, primary_key=True), sa.Column("run_id", ID, sa.ForeignKey("runs.id"), nullable=False),
        _need("line", sa.BigInteger), _need("offset", sa.BigInteger), _text("reason"),
    )  # fmt: skip
    op.create_index("ix_dead_letters_run_id", "dead_letters", ["run_id"])
    op.create_table(
        "truncated",
        sa.Column("run_id", ID, sa.ForeignKey("runs.id"), nullable=False), _need("start", sa.BigInteger),
        _need("end", sa.BigInteger), sa.PrimaryKeyConstraint("run_id", "start", "end"),
    )  # fmt: skip


def _posts() -> None:
    op.create_table(
        "dirty_hours",
        _need("watch_id", sa.Integer), _need("hour", sa.Integer), sa.PrimaryKeyConstraint("watch_id", "hour"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "posts",
        sa.Column("id", ID, primary_key=True, autoincrement=False), _need("source_id", sa.Integer), _text("post_id"),
        _need("created_at", sa.BigInteger), _need("collected_at", sa.BigInteger),
        _need("text_key", sa.LargeBinary(16)), _text("author"), _text("community"), _text("kind"), _text("parent_id"),
        _text("root_id"), _text("lang"), _text("url"), sa.Column("likes", sa.BigInteger),
        sa.Column("reposts", sa.BigInteger), sa.Column("replies", sa.BigInteger), sa.Column("views", sa.BigInteger),
        _text("text"), sa.UniqueConstraint("source_id", "post_id", name="posts_by_name"),
    )  # fmt: skip
    op.create_index("posts_by_text", "posts", ["text_key"])
    op.create_table(
        "scores",
        _need("text_key", sa.LargeBinary(16)), _need("model_id", sa.Integer), _text("subject"),
        _need("status", sa.SmallInteger), _text("lang"), sa.Column("relevant", sa.SmallInteger),
        sa.Column("sentiment", sa.SmallInteger), sa.Column("stance", sa.SmallInteger),
        sa.Column("topics", sa.Integer), sa.Column("p_negative", sa.SmallInteger),
        sa.Column("p_neutral", sa.SmallInteger), sa.Column("p_positive", sa.SmallInteger),
        sa.Column("p_against", sa.SmallInteger), sa.Column("p_for", sa.SmallInteger),
        sa.Column("p_relevant", sa.SmallInteger), sa.PrimaryKeyConstraint("text_key", "model_id", "subject"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "sightings",
        _need("post", sa.BigInteger), _need("watch_id", sa.Integer), _need("hour", sa.Integer),
        _need("source_id", sa.Integer), _need("reason", sa.SmallInteger), sa.PrimaryKeyConstraint("post", "watch_id"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("sightings_by_hour", "sightings", ["watch_id", "hour", "source_id", "post"])
    op.create_table(
        "tombstones",
        sa.Column("mark", sa.LargeBinary(16), primary_key=True), _need("at", sa.BigInteger), sqlite_with_rowid=False,
    )  # fmt: skip


def _people() -> None:
    op.create_table(
        "announcements",
        _need("watch_id", sa.Integer), _text("id"), _text("kind"), _need("start", sa.BigInteger),
        _need("end", sa.BigInteger), _text("precision"), _text("zone"), _text("title"), _text("sources"),
        _text("wording"), _text("origin"), _text("conflicts"), sa.PrimaryKeyConstraint("watch_id", "id"),
    )  # fmt: skip
    op.create_table(
        "export_log",
        sa.Column("id", ID, primary_key=True), _need("watch_id", sa.Integer), _text("kind"), _text("path_name"),
        _need("rows", sa.BigInteger), _text("stamp"), _need("exported_at", sa.BigInteger),
        _need("erased", sa.BigInteger),
    )  # fmt: skip
    op.create_table(
        "export_posts",
        _need("post", sa.BigInteger), _need("export_id", sa.BigInteger), sa.PrimaryKeyConstraint("post", "export_id"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "labels",
        sa.Column("id", ID, primary_key=True), _need("post", sa.BigInteger), _text("head"), _text("value"),
        _text("author"), _need("at", sa.BigInteger),
    )  # fmt: skip
    op.create_index("ix_labels_post", "labels", ["post"])
    op.create_table(
        "notes",
        sa.Column("id", ID, primary_key=True), _need("watch_id", sa.Integer), _need("at", sa.BigInteger),
        _text("text"), _text("author"), _need("made_at", sa.BigInteger),
    )  # fmt: skip
    op.create_table(
        "tags",
        _need("post", sa.BigInteger), _text("tag"), _text("author"), _need("at", sa.BigInteger),
        sa.PrimaryKeyConstraint("post", "tag"),
    )  # fmt: skip


def _alerts() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("incident_id", sa.BigInteger, primary_key=True, autoincrement=False), _text("who"),
        _need("at", sa.BigInteger),
    )  # fmt: skip
    op.create_table(
        "decisions",
        _need("watch_id", sa.Integer), _need("hour", sa.Integer), _text("state"), _need("negative", sa.BigInteger),
        _need("relevant", sa.BigInteger), sa.Column("share", sa.Float), sa.Column("expected", sa.Float),
        sa.Column("score", sa.Float), _need("calibrated", sa.Boolean), _text("model"),
        _need("decided_at", sa.BigInteger), _text("sentence"), sa.PrimaryKeyConstraint("watch_id", "hour"),
    )  # fmt: skip
    op.create_table(
        "incidents",
        sa.Column("id", ID, primary_key=True), _need("watch_id", sa.Integer), _need("opened_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger), _text("close_reason"), _need("hour", sa.Integer),
        _need("last_hour", sa.Integer), _need("updated_at", sa.BigInteger), _need("negative", sa.BigInteger),
        _need("relevant", sa.BigInteger), sa.Column("share", sa.Float), sa.Column("expected", sa.Float),
        _need("calibrated", sa.Boolean), _text("model"), _text("sentence"),
    )  # fmt: skip
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "one_open_incident", "incidents", ["watch_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, primary_key=True),
        sa.Column("incident_id", ID, sa.ForeignKey("incidents.id"), nullable=False), _text("channel"), _text("kind"),
        _need("number", sa.Integer), _text("idempotency_key", unique=True), _text("state"),
        _need("attempts", sa.Integer), sa.Column("due_at", sa.BigInteger), sa.Column("sent_at", sa.BigInteger),
        sa.Column("failed_at", sa.BigInteger), _text("last_error"),
        sa.UniqueConstraint("incident_id", "channel", "kind", "number", name="outbox_by_number"),
    )  # fmt: skip
    op.create_index("outbox_due", "outbox", ["state", "due_at"])


def _counts(name: str) -> None:
    op.create_table(
        name,
        _need("watch_id", sa.Integer), _need("model_id", sa.Integer), _need("topic", sa.SmallInteger),
        _need("hour", sa.Integer), _need("source_id", sa.Integer), _text("lang"),
        *(_need(measure, sa.BigInteger) for measure in MEASURES),
        sa.PrimaryKeyConstraint("watch_id", "model_id", "topic", "hour", "source_id", "lang"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE posts_fts USING fts5(text, content='posts', content_rowid='id', "
            'tokenize="unicode61 remove_diacritics 0")'
        )
        return
    words = f"translate(left(text, 100000), '{PUNCTUATION}', '{' ' * 32}')"
    op.execute(
        f"ALTER TABLE posts ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', {words})) STORED"
    )
    op.execute("CREATE INDEX posts_by_word ON posts USING gin (search)")
