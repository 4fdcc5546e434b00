"""What people wrote down of county policies.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "county_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fips", sa.String(length=5), nullable=False),
        sa.Column("agency", sa.String(length=80), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_county_policy")),
        sa.ForeignKeyConstraint(["recorded_by"], ["volunteer.id"], name=op.f("fk_county_policy_recorded_by_volunteer")),
    )
    op.create_index(
        "uq_county_policy_current",
        "county_policy",
        ["fips", "agency"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("county_policy")
