"""Since when a task waits, and whom its waiting was brought before.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("task", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("task", sa.Column("escalated", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("task", "escalated")
    op.drop_column("task", "waits_since")
