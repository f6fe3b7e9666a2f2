"""Reposts counted apart among relevant posts, for they add to a volume and not to a share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add columns; every hour is counted anew at the next refresh. Runs inside the caller's transaction."""
    for table in ("rollups", "removed_counts"):
        for name in ("relevant_reposts", "negative_reposts", "against_reposts"):
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    for table in ("sightings", "removed_counts"):
        op.execute(
            f"INSERT INTO dirty_hours (watch_id, hour) SELECT DISTINCT watch_id, hour FROM {table} WHERE 1 = 1 "
            "ON CONFLICT DO NOTHING"
        )
