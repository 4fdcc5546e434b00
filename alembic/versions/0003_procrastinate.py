"""The job library's own tables and functions, from the schema file that the pinned library ships."""

from __future__ import annotations

from procrastinate.schema import SchemaManager

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    raise RuntimeError("the jobs waiting in these tables would be lost; restore a backup instead")
