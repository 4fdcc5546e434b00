"""Wishes that a phone must confirm may come from an imported list, for several topics, and have an end of their own.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a wish that is open now ends a day after it was asked."""
    op.add_column("sign_up", sa.Column("topics", postgresql.ARRAY(sa.Text()), server_default="{alerts}", nullable=False))
    op.add_column("sign_up", sa.Column("source", sa.String(length=16), server_default="web", nullable=False))
    op.add_column("sign_up", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE sign_up SET ends_at = asked_at + interval '1 day'")
    op.alter_column("sign_up", "ends_at", nullable=False)
    op.create_index(op.f("ix_sign_up_ends_at"), "sign_up", ["ends_at"])


def downgrade() -> None:
    """Drop them."""
    for column in ("ends_at", "source", "topics"):
        op.drop_column("sign_up", column)
