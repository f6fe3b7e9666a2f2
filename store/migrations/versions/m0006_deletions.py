"""When each post is asked after again, and a log of deletions that names nobody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add two tables; runs inside the caller's transaction."""
    op.create_table(
        "rechecks",
        sa.Column("post", ID, primary_key=True, autoincrement=False),
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("checked_at", sa.BigInteger),
    )
    op.create_index("rechecks_due", "rechecks", ["source_id", "due_at"])
    op.create_table(
        "erasures",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("posts", sa.BigInteger, nullable=False),
        sa.Column("exports", sa.BigInteger, nullable=False),
    )
