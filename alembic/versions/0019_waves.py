"""Asking the nearest in waves, and the hours in which a volunteer is not asked.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "search",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_wave_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waves", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_search_incident_id_incident")),
        sa.ForeignKeyConstraint(["started_by"], ["volunteer.id"], name=op.f("fk_search_started_by_volunteer")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_search")),
    )
    op.create_index("ix_search_due", "search", ["next_wave_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.add_column("offer", sa.Column("wave", sa.Integer(), server_default="0", nullable=False))
    op.add_column("volunteer", sa.Column("quiet_from", sa.Integer(), nullable=True))
    op.add_column("volunteer", sa.Column("quiet_until", sa.Integer(), nullable=True))
    op.add_column("volunteer", sa.Column("quiet_zone", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for column in ("quiet_zone", "quiet_until", "quiet_from"):
        op.drop_column("volunteer", column)
    op.drop_column("offer", "wave")
    op.drop_table("search")
