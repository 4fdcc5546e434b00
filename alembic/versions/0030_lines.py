"""Several lines: which one a text goes out from, its turn in its message, and what each brand has sent in a day.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, the indexes by which a line claims, and the two tables."""
    op.add_column("delivery", sa.Column("line", sa.String(length=32), server_default="", nullable=False))
    op.add_column("delivery", sa.Column("turn", sa.SmallInteger(), server_default="0", nullable=False))
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["line", "lane", "message_id", "turn", "id"],
        postgresql_where=sa.text("state = 'pending' AND not_before IS NULL"),
    )
    op.create_index(
        "ix_delivery_held", "delivery", ["not_before"], postgresql_where=sa.text("state = 'pending' AND not_before IS NOT NULL")
    )
    op.create_table(
        "line_slot",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_line_slot")),
    )
    op.create_table(
        "brand_day",
        sa.Column("brand", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "day", name=op.f("pk_brand_day")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("brand_day")
    op.drop_table("line_slot")
    op.drop_index("ix_delivery_held", table_name="delivery")
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index("ix_delivery_due", "delivery", ["lane", "message_id", "id"], postgresql_where=sa.text("state = 'pending'"))
    op.drop_column("delivery", "turn")
    op.drop_column("delivery", "line")
