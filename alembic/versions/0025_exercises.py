"""Practice alerts, which can reach nobody but volunteers who practise; what follows several alerts; alerts that pause.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ALERT_TYPES = "type IN ('alert', 'update', 'correction', 'all_clear')"
EARLIER_TYPES = "type IN ('alert', 'correction', 'all_clear')"


def upgrade() -> None:
    """Add the columns, the table and the guards."""
    op.add_column("volunteer", sa.Column("exercises", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("alert", sa.Column("exercise", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("alert", "incident_id", nullable=True)
    op.create_check_constraint(op.f("ck_alert_about_something"), "alert", "exercise OR incident_id IS NOT NULL")
    op.drop_constraint(op.f("ck_alert_type"), "alert", type_="check")
    op.create_check_constraint(op.f("ck_alert_type"), "alert", ALERT_TYPES)
    op.create_table(
        "alert_reference",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_reference_alert_id_alert")),
        sa.ForeignKeyConstraint(["earlier_id"], ["alert.id"], name=op.f("fk_alert_reference_earlier_id_alert")),
        sa.PrimaryKeyConstraint("alert_id", "earlier_id", name=op.f("pk_alert_reference")),
    )
    op.create_index(op.f("ix_alert_reference_earlier_id"), "alert_reference", ["earlier_id"], unique=False)
    op.execute("INSERT INTO alert_reference SELECT id, references_id FROM alert WHERE references_id IS NOT NULL")
    op.add_column("outgoing_message", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outgoing_message_paused",
        "outgoing_message",
        ["id"],
        unique=False,
        postgresql_where=sa.text("paused_at IS NOT NULL"),
    )
    # Lane 1 is dispatch: what our own people are told of an exercise. Everything else about it is for those who practise.
    op.execute("""
        CREATE FUNCTION keep_exercise_inside() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM (SELECT DISTINCT message_id FROM fresh) AS planned
                    JOIN outgoing_message m ON m.id = planned.message_id
                    JOIN alert a ON a.id = m.about_id AND a.exercise
                    JOIN fresh d ON d.message_id = m.id
                WHERE NOT EXISTS (
                    SELECT FROM volunteer v WHERE v.contact_id = d.contact_id AND (v.exercises OR m.lane = 1)
                )
            ) THEN
                RAISE EXCEPTION 'an exercise reaches only volunteers who practise'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER keep_exercise_inside AFTER INSERT ON delivery REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION keep_exercise_inside()
    """)
    op.execute("""
        CREATE FUNCTION refuse_other_aim() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'what a % is about, and for whom, never changes', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER keeps_its_aim BEFORE UPDATE OF exercise ON alert FOR EACH ROW
        WHEN (OLD.exercise IS DISTINCT FROM NEW.exercise) EXECUTE FUNCTION refuse_other_aim()
    """)
    op.execute("""
        CREATE TRIGGER keeps_its_aim BEFORE UPDATE OF about_id ON outgoing_message FOR EACH ROW
        WHEN (OLD.about_id IS DISTINCT FROM NEW.about_id) EXECUTE FUNCTION refuse_other_aim()
    """)
    op.execute("""
        CREATE TRIGGER keeps_its_aim BEFORE UPDATE OF message_id, contact_id ON delivery FOR EACH ROW
        WHEN (OLD.message_id IS DISTINCT FROM NEW.message_id OR OLD.contact_id IS DISTINCT FROM NEW.contact_id)
        EXECUTE FUNCTION refuse_other_aim()
    """)


def downgrade() -> None:
    """Drop them; practice alerts go, and updates become corrections."""
    for table in ("alert", "outgoing_message", "delivery"):
        op.execute(f"DROP TRIGGER keeps_its_aim ON {table}")
    op.execute("DROP TRIGGER keep_exercise_inside ON delivery")
    op.execute("DROP FUNCTION refuse_other_aim()")
    op.execute("DROP FUNCTION keep_exercise_inside()")
    op.drop_index("ix_outgoing_message_paused", table_name="outgoing_message")
    op.drop_column("outgoing_message", "paused_at")
    op.drop_table("alert_reference")
    op.execute("UPDATE alert SET references_id = NULL WHERE exercise")
    op.execute("DELETE FROM alert WHERE exercise")
    op.execute("UPDATE alert SET type = 'correction' WHERE type = 'update'")
    op.drop_constraint(op.f("ck_alert_type"), "alert", type_="check")
    op.create_check_constraint(op.f("ck_alert_type"), "alert", EARLIER_TYPES)
    op.drop_constraint(op.f("ck_alert_about_something"), "alert", type_="check")
    op.alter_column("alert", "incident_id", nullable=False)
    op.drop_column("alert", "exercise")
    op.drop_column("volunteer", "exercises")
