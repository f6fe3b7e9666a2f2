"""Sampled spans, what was spent, and the permission of a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two tables and a column; runs inside the caller's transaction."""
    op.add_column("runs", sa.Column("permission", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "sampled",
        sa.Column("run_id", ID, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("volume", sa.BigInteger),
        sa.PrimaryKeyConstraint("run_id", "start", "end"),
    )
    op.create_table(
        "spending",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("units", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("source", "hour"),
        sqlite_with_rowid=False,
    )
