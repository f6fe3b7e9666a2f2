"""Rules and owners of incidents, their updates, one message per group and channel, and the steps of the service."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Add columns and tables; runs inside the caller's transaction."""
    op.add_column("incidents", sa.Column("rule", sa.Text, nullable=False, server_default="spike"))
    op.add_column("incidents", sa.Column("subject", sa.Text, nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("parent", sa.BigInteger))
    op.drop_index("one_open_incident", "incidents")
    op.create_index(
        "one_open_incident", "incidents", ["watch_id", "rule", "subject"], unique=True, sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )  # fmt: skip
    op.add_column("outbox", sa.Column("grouped", sa.Text, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("batch", sa.Text, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("update_id", sa.BigInteger))
    op.execute(
        "UPDATE outbox SET grouped = (SELECT w.name FROM incidents i JOIN watches w ON w.id = i.watch_id "
        "WHERE i.id = outbox.incident_id)"
    )
    op.create_table(
        "slots",
        _text("grouped"), _text("channel"), _need("next_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("grouped", "channel"), sqlite_with_rowid=False,
    )  # fmt: skip
    _incidents()
    op.create_table(
        "steps",
        _text("watch"), _text("step"), _need("due_at", sa.BigInteger), _text("holder"),
        sa.Column("until", sa.BigInteger), sa.Column("done_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("watch", "step"), sqlite_with_rowid=False,
    )  # fmt: skip


def _incidents() -> None:
    op.create_table(
        "incident_updates",
        sa.Column("id", ID, primary_key=True), _need("incident_id", sa.BigInteger), _need("at", sa.BigInteger),
        _text("kind"), _text("sentence"), _text("figures"),
    )  # fmt: skip
    op.create_index("ix_incident_updates_incident_id", "incident_updates", ["incident_id"])
    op.create_table(
        "incident_owners",
        sa.Column("incident_id", sa.BigInteger, primary_key=True, autoincrement=False), _text("who"),
        _need("at", sa.BigInteger),
    )  # fmt: skip
    op.create_table(
        "incident_notes",
        sa.Column("id", ID, primary_key=True), _need("incident_id", sa.BigInteger), _text("text"), _text("author"),
        _need("made_at", sa.BigInteger),
    )  # fmt: skip
    op.create_index("ix_incident_notes_incident_id", "incident_notes", ["incident_id"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _need(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
