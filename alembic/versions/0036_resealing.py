"""The consent ledger only grows, but its words may be sealed anew under another key; they keep their length then.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SAID = ("id", "number_hash", "kind", "county", "topic", "wording", "version", "any_hour", "source", "at")


def upgrade() -> None:
    """Let the sealed words change where nothing else does."""
    op.execute("DROP TRIGGER only_grows ON consent_event")
    op.execute(
        f"CREATE TRIGGER only_grows BEFORE DELETE OR UPDATE OF {', '.join(SAID)} ON consent_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("""
        CREATE TRIGGER keeps_its_words BEFORE UPDATE OF words_sealed ON consent_event FOR EACH ROW
        WHEN (octet_length(OLD.words_sealed) IS DISTINCT FROM octet_length(NEW.words_sealed))
        EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    """Let nothing change."""
    op.execute("DROP TRIGGER keeps_its_words ON consent_event")
    op.execute("DROP TRIGGER only_grows ON consent_event")
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON consent_event FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
