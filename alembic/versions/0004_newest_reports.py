"""The newest reports of a county are found without reading its older ones.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_report_county_received_at", "report", ["county", "received_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_report_county_received_at", table_name="report")
