"""Calls to those who must hear of something urgent that nobody takes.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "urgent_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=True),
        sa.Column("ended_with", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'calling', 'unknown', 'placed', 'acknowledged', 'over', 'failed', 'skipped')",
            name=op.f("ck_urgent_call_state"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_urgent_call_task_id_task")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_urgent_call_volunteer_id_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgent_call")),
    )
    op.create_index(op.f("ix_urgent_call_task_id"), "urgent_call", ["task_id"])
    op.create_index(
        "ix_urgent_call_open",
        "urgent_call",
        ["due_at"],
        postgresql_where=sa.text("state IN ('waiting', 'calling', 'unknown')"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("urgent_call")
