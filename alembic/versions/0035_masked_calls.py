"""Calls that join a dispatcher with somebody of an incident.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "masked_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_with", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(report_id IS NULL) <> (offer_id IS NULL)", name=op.f("ck_masked_call_about_one")),
        sa.CheckConstraint(
            "state IN ('waiting', 'placing', 'ringing', 'joined', 'over', 'failed')", name=op.f("ck_masked_call_state")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_masked_call_contact_id_contact")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_masked_call_report_id_report"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_masked_call_offer_id_offer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["volunteer.id"], name=op.f("fk_masked_call_asked_by_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masked_call")),
    )
    for column in ("report_id", "offer_id"):
        op.create_index(op.f(f"ix_masked_call_{column}"), "masked_call", [column])
    op.create_index("ix_masked_call_waiting", "masked_call", ["asked_at"], postgresql_where=sa.text("state = 'waiting'"))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("masked_call")
