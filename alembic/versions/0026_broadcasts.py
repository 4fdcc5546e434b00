"""Organizers' broadcasts: what they say, each time that one goes out, how far each person is in a series, and where links may lead.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "allowed_host",
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["volunteer.id"], name=op.f("fk_allowed_host_added_by_volunteer")),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_allowed_host")),
    )
    op.create_table(
        "broadcast",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("counties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fallback", sa.String(length=8), nullable=True),
        sa.Column("fallback_reason", sa.String(length=200), nullable=False),
        sa.Column("rights_topics", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("repeats", sa.String(length=16), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fallback IS NULL OR fallback_reason <> ''", name=op.f("ck_broadcast_fallback_for_a_reason")),
        sa.CheckConstraint("kind IN ('announcement', 'series')", name=op.f("ck_broadcast_kind")),
        sa.CheckConstraint("repeats = 'once' OR first_on IS NOT NULL", name=op.f("ck_broadcast_repeats_from_a_day")),
        sa.CheckConstraint("repeats IN ('once', 'weekly', 'monthly')", name=op.f("ck_broadcast_repeats")),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'returned', 'scheduled', 'paused', 'cancelled', 'done')",
            name=op.f("ck_broadcast_state"),
        ),
        sa.CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name=op.f("ck_broadcast_two_people")),
        sa.ForeignKeyConstraint(["approver_id"], ["volunteer.id"], name=op.f("fk_broadcast_approver_id_volunteer")),
        sa.ForeignKeyConstraint(["author_id"], ["volunteer.id"], name=op.f("fk_broadcast_author_id_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint("code", name=op.f("uq_broadcast_code")),
    )
    op.create_index("ix_broadcast_due", "broadcast", ["next_at"], unique=False, postgresql_where=sa.text("state = 'scheduled'"))
    op.create_table(
        "broadcast_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_run_broadcast_id_broadcast"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_run")),
        sa.UniqueConstraint("broadcast_id", "due_at", name=op.f("uq_broadcast_run_broadcast_id_due_at")),
    )
    op.create_table(
        "series_progress",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("rights_topic", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_series_progress_broadcast_id_broadcast"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_series_progress_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["broadcast_run.id"], name=op.f("fk_series_progress_run_id_broadcast_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", "broadcast_id", "rights_topic", name=op.f("pk_series_progress")),
    )
    op.create_index(op.f("ix_series_progress_run_id"), "series_progress", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ("series_progress", "broadcast_run", "broadcast", "allowed_host"):
        op.drop_table(table)
