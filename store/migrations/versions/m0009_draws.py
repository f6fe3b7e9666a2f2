"""Random samples of posts that people label, with their weights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.types import UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables. Runs inside the caller's transaction."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "draws",
        sa.Column("id", number, primary_key=True),
        sa.Column("watch_id", sa.Integer, nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("population", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_table(
        "drawn",
        sa.Column("draw_id", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("post", sa.BigInteger, nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("draw_id", "position"),
    )
    op.create_index("ix_drawn_post", "drawn", ["post"])
