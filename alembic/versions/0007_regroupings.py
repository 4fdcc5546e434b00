"""Merges and splits are kept, so that they can be undone.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "regrouping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("act IN ('merge', 'split')", name=op.f("ck_regrouping_act")),
        sa.CheckConstraint(
            "reason IN ('same_event', 'same_place', 'copies', 'other_place', 'other_time', 'other_event')",
            name=op.f("ck_regrouping_reason"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["volunteer.id"], name=op.f("fk_regrouping_author_id_volunteer")),
        sa.ForeignKeyConstraint(["from_id"], ["incident.id"], name=op.f("fk_regrouping_from_id_incident")),
        sa.ForeignKeyConstraint(["to_id"], ["incident.id"], name=op.f("fk_regrouping_to_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrouping")),
    )
    op.create_index(op.f("ix_regrouping_from_id"), "regrouping", ["from_id"], unique=False)
    op.create_index(op.f("ix_regrouping_to_id"), "regrouping", ["to_id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("regrouping")
