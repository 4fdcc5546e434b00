"""The ZIP code that a subscriber may give, as a keyed hash.

Revision ID: 0037
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("subscription", sa.Column("zip_hash", sa.LargeBinary(), nullable=True))
    op.add_column("sign_up", sa.Column("zip_hash", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_subscription_zip_of_live_alerts"),
        "subscription",
        "zip_hash IS NULL OR (topic = 'alerts' AND ended_at IS NULL)",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_constraint(op.f("ck_subscription_zip_of_live_alerts"), "subscription")
    op.drop_column("sign_up", "zip_hash")
    op.drop_column("subscription", "zip_hash")
