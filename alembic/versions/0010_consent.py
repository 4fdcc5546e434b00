"""What people may ask of us grows: leaving one county, topics, a pause, their hours; and what keeps two machines from talking for ever.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = ("opt_in", "opt_out", "resume", "leave", "pause", "hours", "revoke", "erase")
OLD_KINDS = ("opt_in", "opt_out", "resume", "erase")
TOPICS = ("alerts", "rights", "events")
RESTRAINT = (
    ("last_words", sa.LargeBinary()),
    ("last_reply", sa.LargeBinary()),
    ("same_words", sa.Integer()),
    ("same_since", sa.DateTime(timezone=True)),
    ("unasked", sa.Integer()),
    ("unasked_since", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Add the columns, the wordings, and the wider choices."""
    op.create_table(
        "consent_wording",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_consent_wording")),
    )
    op.execute("""
        CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON consent_wording FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.add_column("consent_event", sa.Column("version", sa.String(length=16), nullable=True))
    op.add_column("consent_event", sa.Column("any_hour", sa.Boolean(), nullable=True))
    _choices("consent_event", "kind", KINDS)
    _choices("subscription", "topic", TOPICS)
    op.add_column("contact", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    for name, kind in RESTRAINT:
        op.add_column("conversation", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Take them away; refused by the CHECKs where a wider choice was made already."""
    for name, _ in RESTRAINT:
        op.drop_column("conversation", name)
    op.drop_column("contact", "paused_until")
    _choices("subscription", "topic", TOPICS[:1])
    _choices("consent_event", "kind", OLD_KINDS)
    op.drop_column("consent_event", "any_hour")
    op.drop_column("consent_event", "version")
    op.drop_table("consent_wording")


def _choices(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, f"{column} IN ({', '.join(map(repr, values))})")
