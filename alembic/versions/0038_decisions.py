"""Decisions are kept with what stood before them, so that a fresh one can be undone.

Revision ID: 0038
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

STATES = "'open', 'verifying', 'confirmed', 'police', 'nothing', 'gone', 'unable', 'dismissed'"


def upgrade() -> None:
    """Add the table. What was decided before it exists stands."""
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("before_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_decision_state")),
        sa.CheckConstraint(f"before IN ({STATES})", name=op.f("ck_decision_before")),
        sa.CheckConstraint("state <> before", name=op.f("ck_decision_changes")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_decision_undone_by_somebody")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_decision_incident_id_incident")),
        sa.ForeignKeyConstraint(["before_by"], ["volunteer.id"], name=op.f("fk_decision_before_by_volunteer")),
        sa.ForeignKeyConstraint(["decided_by"], ["volunteer.id"], name=op.f("fk_decision_decided_by_volunteer")),
        sa.ForeignKeyConstraint(["undone_by"], ["volunteer.id"], name=op.f("fk_decision_undone_by_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_standing", "decision", ["incident_id", "at"], postgresql_where=sa.text("undone_at IS NULL"))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("decision")
