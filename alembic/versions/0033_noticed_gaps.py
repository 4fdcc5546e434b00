"""A noticed gap has an end, so that what is left of it is no news.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing was noticed before it."""
    op.execute("DELETE FROM noticed_gap")
    op.add_column("noticed_gap", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("noticed_gap", "ends_at")
