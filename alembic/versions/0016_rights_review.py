"""What people approved of the rights texts.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "rights_wording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("long", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_wording")),
    )
    op.create_index(op.f("ix_rights_wording_topic"), "rights_wording", ["topic"])
    op.create_table(
        "rights_approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wording_id", sa.Uuid(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_approval")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_rights_approval_volunteer_id_volunteer")),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["rights_wording.id"], name=op.f("fk_rights_approval_wording_id_rights_wording")
        ),
        sa.UniqueConstraint("wording_id", "volunteer_id", name=op.f("uq_rights_approval_wording_id_volunteer_id")),
    )
    op.create_index(op.f("ix_rights_approval_wording_id"), "rights_approval", ["wording_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("rights_approval")
    op.drop_table("rights_wording")
