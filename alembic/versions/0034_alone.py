"""Alerts end after a word; one person may send alone where an administrator opened a county, and another reviews it.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, the columns and the guard."""
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.String(length=5), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("enabled_by", sa.Uuid(), nullable=False),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["enabled_by"], ["volunteer.id"], name=op.f("fk_break_glass_enabled_by_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index(op.f("ix_break_glass_county"), "break_glass", ["county"], unique=False)
    op.add_column("alert", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alert", sa.Column("let_end_by", sa.Uuid(), nullable=True))
    op.add_column("alert", sa.Column("break_glass_id", sa.Uuid(), nullable=True))
    op.add_column("alert", sa.Column("alone_reason", sa.String(length=400), nullable=True))
    op.add_column("alert", sa.Column("reviewed_by", sa.Uuid(), nullable=True))
    op.add_column("alert", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alert", sa.Column("review_note", sa.String(length=400), nullable=True))
    op.create_foreign_key(op.f("fk_alert_let_end_by_volunteer"), "alert", "volunteer", ["let_end_by"], ["id"])
    op.create_foreign_key(op.f("fk_alert_reviewed_by_volunteer"), "alert", "volunteer", ["reviewed_by"], ["id"])
    op.create_foreign_key(op.f("fk_alert_break_glass_id_break_glass"), "alert", "break_glass", ["break_glass_id"], ["id"])
    op.drop_constraint(op.f("ck_alert_two_people"), "alert", type_="check")
    op.create_check_constraint(
        op.f("ck_alert_two_people"), "alert", "approver_id IS NULL OR approver_id <> author_id OR break_glass_id IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_alert_alone_for_a_reason"), "alert", "break_glass_id IS NULL OR alone_reason IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_alert_reviewed_by_another"), "alert", "reviewed_by IS NULL OR reviewed_by <> approver_id"
    )
    op.execute("""
        CREATE FUNCTION keep_glass() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM break_glass b WHERE b.id = NEW.break_glass_id AND b.county = NEW.county
                    AND b.enabled_by <> NEW.approver_id AND NEW.approved_at >= b.enabled_at
                    AND NEW.approved_at < coalesce(b.ended_at, b.expires_at)
            ) THEN
                RAISE EXCEPTION 'nobody let this person send alone to this county now'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER keep_glass BEFORE INSERT OR UPDATE OF break_glass_id, approver_id, approved_at, county ON alert
        FOR EACH ROW WHEN (NEW.break_glass_id IS NOT NULL) EXECUTE FUNCTION keep_glass()
    """)


def downgrade() -> None:
    """Drop them. What one person sent alone then counts as never approved."""
    op.execute("DROP TRIGGER keep_glass ON alert")
    op.execute("DROP FUNCTION keep_glass()")
    op.execute("""
        UPDATE alert SET approver_id = NULL, approved_at = NULL, state = 'expired' WHERE approver_id = author_id
    """)
    for name in ("reviewed_by_another", "alone_for_a_reason", "two_people"):
        op.drop_constraint(op.f(f"ck_alert_{name}"), "alert", type_="check")
    op.create_check_constraint(op.f("ck_alert_two_people"), "alert", "approver_id IS NULL OR approver_id <> author_id")
    for name in ("review_note", "reviewed_at", "reviewed_by", "alone_reason", "break_glass_id", "let_end_by", "reminded_at"):
        op.drop_column("alert", name)
    op.drop_table("break_glass")
