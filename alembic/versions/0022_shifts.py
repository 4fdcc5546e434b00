"""Shifts, swaps and gaps; what is known of a volunteer.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables."""
    for column in (
        sa.Column("zones", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("drives", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("vetting", sa.String(length=16), server_default="known", nullable=False),
        sa.Column("trainee", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("on_shift_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("volunteer", column)
    op.create_check_constraint(op.f("ck_volunteer_vetting"), "volunteer", "vetting IN ('new', 'known', 'vetted')")
    op.create_table(
        "weekly_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_weekly_shift_weekday")),
        sa.CheckConstraint(
            "begins BETWEEN 0 AND 1439 AND ends BETWEEN 1 AND 1440 AND begins <> ends", name=op.f("ck_weekly_shift_hours")
        ),
        _volunteer("weekly_shift", "volunteer_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_shift")),
        sa.UniqueConstraint(
            "volunteer_id", "weekday", "begins", "ends", name=op.f("uq_weekly_shift_volunteer_id_weekday_begins_ends")
        ),
    )
    op.create_table(
        "shift_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_shift_change_span")),
        _volunteer("shift_change", "volunteer_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_change")),
    )
    op.create_index(op.f("ix_shift_change_volunteer_id"), "shift_change", ["volunteer_id"])
    op.create_index("ix_shift_change_ends_at", "shift_change", ["ends_at"])
    op.create_table(
        "swap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("taker_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'proposed', 'taken', 'withdrawn', 'expired')", name=op.f("ck_swap_state")),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_swap_span")),
        sa.CheckConstraint("(state IN ('proposed', 'taken')) = (taker_id IS NOT NULL)", name=op.f("ck_swap_taker")),
        _volunteer("swap", "asker_id"),
        _volunteer("swap", "taker_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swap")),
        sa.UniqueConstraint("number", name=op.f("uq_swap_number")),
    )
    op.create_index(op.f("ix_swap_asker_id"), "swap", ["asker_id"])
    op.create_index("ix_swap_waiting", "swap", ["begins_at"], postgresql_where=sa.text("state IN ('open', 'proposed')"))
    op.create_table(
        "noticed_gap",
        sa.Column("duty", sa.String(length=16), nullable=False),
        sa.Column("county", sa.String(length=5), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("duty", "county", "begins_at", name=op.f("pk_noticed_gap")),
    )
    op.create_index(
        "ix_handover_owed", "handover", ["holder_id"], postgresql_where=sa.text("how = 'shift_ended' AND note_sealed IS NULL")
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_handover_owed", "handover")
    for table in ("noticed_gap", "swap", "shift_change", "weekly_shift"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_volunteer_vetting"), "volunteer")
    for column in ("followed_at", "on_shift_until", "trainee", "vetting", "drives", "zones"):
        op.drop_column("volunteer", column)


def _volunteer(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["volunteer.id"], ondelete="CASCADE", name=op.f(f"fk_{table}_{column}_volunteer"))
