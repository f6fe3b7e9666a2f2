"""Documents of platforms: their versions, changes and clauses, and which texts of posts cite a clause."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; runs inside the caller's transaction."""
    op.create_table(
        "terms_sources",
        sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, nullable=False, unique=True),
        _text("cursor"), _need("generation", sa.Integer),
    )  # fmt: skip
    op.create_table(
        "terms_documents",
        sa.Column("id", sa.Integer, primary_key=True), _text("service"), _text("document"),
        sa.UniqueConstraint("service", "document", name="terms_documents_by_name"),
    )  # fmt: skip
    op.create_table(
        "terms_texts", sa.Column("hash", sa.LargeBinary(16), primary_key=True), _need("body", sa.LargeBinary())
    )
    op.create_table(
        "terms_versions",
        sa.Column("id", ID, primary_key=True), _need("document_id", sa.Integer), _need("source_id", sa.Integer),
        _need("generation", sa.Integer), _need("captured_at", sa.BigInteger), _need("key", sa.LargeBinary(16)),
        _need("text_hash", sa.LargeBinary(16)), _need("words", sa.Integer), _text("state"), _text("why"),
        _need("technical", sa.Boolean), _need("judged", sa.Boolean), _text("commit_id"), _text("subject"),
        _text("effective"), _text("amended"),
        sa.UniqueConstraint("document_id", "captured_at", "text_hash", name="terms_versions_by_time"),
    )  # fmt: skip
    _changes()
    _links()


def _changes() -> None:
    op.create_table(
        "terms_changes",
        sa.Column("id", sa.Text, primary_key=True), _need("document_id", sa.Integer),
        _need("before_id", sa.BigInteger), _need("after_id", sa.BigInteger), _need("at", sa.BigInteger),
        _text("status"), _need("decided_at", sa.BigInteger), _need("returns", sa.Integer), _text("kind"),
        _need("words_added", sa.Integer), _need("words_removed", sa.Integer), _text("effective"), _text("amended"),
    )  # fmt: skip
    op.create_index("ix_terms_changes_document_id", "terms_changes", ["document_id"])
    op.create_table(
        "terms_clauses",
        sa.Column("id", ID, primary_key=True), _text("change_id"), _need("number", sa.Integer), _text("action"),
        _text("before"), _text("after"), _text("removed"), _text("added"), _text("heading"), _text("classes"),
        _need("confidence", sa.Float), _text("direction"),
    )  # fmt: skip
    op.create_index("ix_terms_clauses_change_id", "terms_clauses", ["change_id"])


def _links() -> None:
    op.create_table(
        "terms_links",
        _need("text_key", sa.LargeBinary(16)), _need("clause_id", sa.BigInteger), _text("side"), _text("how"),
        _need("score", sa.Float), sa.PrimaryKeyConstraint("clause_id", "text_key", "side"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("terms_links_by_text", "terms_links", ["text_key"])
    op.create_table(
        "terms_linked",
        sa.Column("watch_id", sa.Integer, primary_key=True, autoincrement=False), _text("digest"),
        _need("last_post", sa.BigInteger),
    )  # fmt: skip


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _need(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
