"""What turn somebody had goes with the end of their text: kilometres to a place tell where they live.

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WAITS = "('pending', 'sending', 'unknown')"


def upgrade() -> None:
    """Forget the turn whenever a text no longer waits, and of those that went before."""
    op.execute("""
        CREATE FUNCTION forget_turn() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.turn := 0;
            RETURN NEW;
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER forgets_its_turn BEFORE INSERT OR UPDATE OF state ON delivery FOR EACH ROW
        WHEN (NEW.turn <> 0 AND NEW.state NOT IN {WAITS}) EXECUTE FUNCTION forget_turn()
    """)
    op.execute("UPDATE delivery SET turn = 0 WHERE turn <> 0 AND state NOT IN ('pending', 'sending', 'unknown')")


def downgrade() -> None:
    """Keep it again."""
    op.execute("DROP TRIGGER forgets_its_turn ON delivery")
    op.execute("DROP FUNCTION forget_turn()")
