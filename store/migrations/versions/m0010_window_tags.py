"""Tags that readers give to windows of a watch, and an index of tags by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.types import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table and the index. Runs inside the caller's transaction."""
    op.create_table(
        "window_tags",
        sa.Column("watch_id", sa.Integer, nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "since", "until", "tag"),
    )
    op.create_index("tags_by_name", "tags", ["tag", "post"])
