"""When a verifier said that they would be there, and that they are.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    for name in ("eta_at", "here_at"):
        op.add_column("offer", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for name in ("here_at", "eta_at"):
        op.drop_column("offer", name)
