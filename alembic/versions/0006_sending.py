"""What the sender remembers of trouble: pauses, lanes that the circuit breaker stopped, callbacks that came early, numbers that rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("contact", sa.Column("unreachable_until", INSTANT, nullable=True))
    op.add_column("outbound_switch", sa.Column("paused_at", INSTANT, nullable=True))
    op.add_column("outbound_switch", sa.Column("paused_until", INSTANT, nullable=True))
    op.add_column("outbound_switch", sa.Column("pause_code", sa.Integer(), nullable=True))
    op.add_column("outbound_switch", sa.Column("pauses", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "lane_halt",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_lane_halt")),
    )
    op.create_table(
        "parked_status",
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("heard_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_parked_status")),
    )
    op.create_index(op.f("ix_parked_status_heard_at"), "parked_status", ["heard_at"])
    op.create_index(
        "ix_delivery_watched",
        "delivery",
        ["claimed_at"],
        postgresql_where=sa.text("error_code IN (21610, 30007, 30034)"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_watched", "delivery")
    op.drop_table("parked_status")
    op.drop_table("lane_halt")
    for column in ("pauses", "pause_code", "paused_until", "paused_at"):
        op.drop_column("outbound_switch", column)
    op.drop_column("contact", "unreachable_until")
