"""Finding the sent texts whose words are still kept, oldest first.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: it holds the last thirty days only, since what is older has no words."""
    op.create_index(
        "ix_outgoing_text_words_kept", "outgoing_text", ["message_id"], postgresql_where=sa.text("body_sealed IS NOT NULL")
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_outgoing_text_words_kept", table_name="outgoing_text")
