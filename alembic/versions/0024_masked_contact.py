"""Masked contact: a dispatcher and somebody of an incident write to each other through the hotline.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the talks, what came back into them, and who wrote what."""
    op.create_table(
        "masked_talk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(report_id IS NULL) <> (offer_id IS NULL)", name=op.f("ck_masked_talk_about_one")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_masked_talk_contact_id_contact")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_masked_talk_report_id_report"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_masked_talk_offer_id_offer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["opened_by"], ["volunteer.id"], name=op.f("fk_masked_talk_opened_by_volunteer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masked_talk")),
    )
    for column in ("contact_id", "report_id", "offer_id"):
        op.create_index(op.f(f"ix_masked_talk_{column}"), "masked_talk", [column])
    op.create_index(
        "uq_masked_talk_open", "masked_talk", ["contact_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "masked_answer",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("talk_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_message.id"], name=op.f("fk_masked_answer_message_id_inbound_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["talk_id"], ["masked_talk.id"], name=op.f("fk_masked_answer_talk_id_masked_talk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_masked_answer")),
    )
    op.create_index(op.f("ix_masked_answer_talk_id"), "masked_answer", ["talk_id"])
    op.create_table(
        "masked_words",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("talk_id", sa.Uuid(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["outgoing_message.id"],
            name=op.f("fk_masked_words_message_id_outgoing_message"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["talk_id"], ["masked_talk.id"], name=op.f("fk_masked_words_talk_id_masked_talk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["written_by"], ["volunteer.id"], name=op.f("fk_masked_words_written_by_volunteer")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_masked_words")),
    )
    op.create_index(op.f("ix_masked_words_talk_id"), "masked_words", ["talk_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("masked_words")
    op.drop_table("masked_answer")
    op.drop_table("masked_talk")
