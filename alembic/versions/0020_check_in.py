"""Whether those who went are OK: when they are asked, and since when nobody knows.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAMES = ("check_at", "check_asked_at", "alarmed_at")


def upgrade() -> None:
    """Add the columns."""
    for name in NAMES:
        op.add_column("offer", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for name in reversed(NAMES):
        op.drop_column("offer", name)
