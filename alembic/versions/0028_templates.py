"""Organizers' own words for alerts, and the choice for a language that has none.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the column."""
    op.add_column("alert", sa.Column("fallbacks", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}"))
    op.create_table(
        "alert_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_template")),
    )
    op.create_table(
        "alert_template_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["alert_template.id"], name=op.f("fk_alert_template_version_template_id_alert_template")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["volunteer.id"], name=op.f("fk_alert_template_version_author_id_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_template_version")),
        sa.UniqueConstraint("template_id", "version", name=op.f("uq_alert_template_version_template_id_version")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alert_template_version")
    op.drop_table("alert_template")
    op.drop_column("alert", "fallbacks")
