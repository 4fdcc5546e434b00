"""Wishes typed on the web, which wait for their phone to confirm them.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sign_up",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.String(length=5), nullable=False),
        sa.Column("any_hour", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_sign_up_contact_id_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_sign_up")),
    )
    op.create_index(op.f("ix_sign_up_asked_at"), "sign_up", ["asked_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_sign_up_asked_at"), table_name="sign_up")
    op.drop_table("sign_up")
