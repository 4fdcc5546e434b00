"""A phone that rings for what somebody has by now is asked to stop, once.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and find what rings by an index."""
    op.add_column("urgent_call", sa.Column("hushed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_urgent_call_ringing", "urgent_call", ["task_id"], postgresql_where=sa.text("state = 'placed' AND hushed_at IS NULL")
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_urgent_call_ringing", "urgent_call")
    op.drop_column("urgent_call", "hushed_at")
