"""Where verifiers start from.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "home_zone",
        sa.Column("volunteer_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["volunteer_id"], ["volunteer.id"], name=op.f("fk_home_zone_volunteer_id_volunteer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("volunteer_id", name=op.f("pk_home_zone")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("home_zone")
