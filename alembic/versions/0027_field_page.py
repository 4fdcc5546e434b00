"""The page that a verifier answers on: a link for each offer that was taken on, its answers as messages that came by the web, and the
photos of these until they are drawn anew.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("inbound_message", "recording", "report")
BEFORE = "channel IN ('sms', 'mms', 'whatsapp', 'voice')"
NOW = "channel IN ('sms', 'mms', 'whatsapp', 'voice', 'web')"


def upgrade() -> None:
    """Add the column and the table; let messages come by the web."""
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_channel"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_channel"), table, NOW)
    op.add_column("offer", sa.Column("link_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_offer_link_hash"), "offer", ["link_hash"])
    op.create_table(
        "undeveloped_photo",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("image_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_undeveloped_photo_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_undeveloped_photo")),
    )


def downgrade() -> None:
    """Drop both; what came by the web goes."""
    op.drop_table("undeveloped_photo")
    op.drop_constraint(op.f("uq_offer_link_hash"), "offer", type_="unique")
    op.drop_column("offer", "link_hash")
    op.execute("DELETE FROM inbound_message WHERE channel = 'web'")
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_channel"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_channel"), table, BEFORE)
