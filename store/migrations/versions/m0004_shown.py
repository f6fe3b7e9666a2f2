"""Exports by an id of their own, figures as they were shown, and how many texts a person took out in a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add two columns and two tables; runs inside the caller's transaction."""
    op.add_column("export_log", sa.Column("mark", sa.Text, nullable=False, server_default=""))
    op.add_column("export_log", sa.Column("who", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "shown",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("watch_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("shown_at", sa.BigInteger, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
    )
    op.create_table(
        "texts_taken",
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("texts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("who", "source", "day"),
        sqlite_with_rowid=False,
    )
