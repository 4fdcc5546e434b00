"""How a task changed hands, what it asks for, and what a volunteer was trained for.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HOW = "how IN ('released', 'skipped', 'transferred', 'broken', 'signed_out', 'shift_ended', 'suspended')"


def upgrade() -> None:
    """Add the table, the two columns and the index of open tasks."""
    op.add_column("task", sa.Column("skill", sa.String(length=16), server_default="", nullable=False))
    op.alter_column("task", "skill", server_default=None)
    op.create_check_constraint(op.f("ck_task_skill"), "task", "skill IN ('', 'urgent', 'detention')")
    op.create_index("ix_task_open", "task", ["state"], postgresql_where=sa.text("state <> 'done'"))
    op.add_column("volunteer", sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.create_table(
        "handover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(HOW, name=op.f("ck_handover_how")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_handover_task_id_task")),
        sa.ForeignKeyConstraint(["holder_id"], ["volunteer.id"], name=op.f("fk_handover_holder_id_volunteer")),
        sa.ForeignKeyConstraint(["by_id"], ["volunteer.id"], name=op.f("fk_handover_by_id_volunteer")),
        sa.ForeignKeyConstraint(["to_id"], ["volunteer.id"], name=op.f("fk_handover_to_id_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_task_id"), "handover", ["task_id"])
    op.create_index("ix_handover_skipped", "handover", ["holder_id"], postgresql_where=sa.text("how = 'skipped'"))


def downgrade() -> None:
    """Drop them."""
    op.drop_table("handover")
    op.drop_column("volunteer", "skills")
    op.drop_index("ix_task_open", "task")
    op.drop_constraint(op.f("ck_task_skill"), "task")
    op.drop_column("task", "skill")
