"""How high an hour that was not yet closed has stood when it was looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table; runs inside the caller's transaction."""
    op.create_table(
        "looks",
        sa.Column("watch_id", sa.Integer, nullable=False),
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("evidence", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "model_id", "hour"),
        sqlite_with_rowid=False,
    )
