"""What comes late: when an answer was handed over, the SIDs of what was purged, and until when Twilio's log has been read.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("inbound_message", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "forgotten_sid",
        sa.Column("sid_hash", sa.LargeBinary(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sid_hash", name="pk_forgotten_sid"),
    )
    op.create_table(
        "log_sweep",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_log_sweep"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("log_sweep")
    op.drop_table("forgotten_sid")
    op.drop_column("inbound_message", "answered_at")
