"""What people send along with a text.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = ("waiting", "kept", "other_kind", "too_large", "unreadable", "unavailable", "forgotten")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("message_sid", sa.String(length=64), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("declared_type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("taken_in", sa.String(length=5), nullable=True),
        sa.Column("glimpse_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name=op.f("ck_photo_state")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_message.id"], name=op.f("fk_photo_message_id_inbound_message"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_photo_incident_id_incident"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("message_id", "place", name=op.f("uq_photo_message_id_place")),
    )
    op.create_index(op.f("ix_photo_incident_id"), "photo", ["incident_id"])
    op.create_index(op.f("ix_photo_received_at"), "photo", ["received_at"])
    op.create_index("ix_photo_due", "photo", ["due_since"], postgresql_where=sa.text("due_since IS NOT NULL"))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("photo")
