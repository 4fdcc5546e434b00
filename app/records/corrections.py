"""Readings that a person put right, kept sealed for a while as labelled examples, so that the next texts are read better."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.records.columns import instant, sealed
from app.records.incidents import Report, report

KEPT_FOR: Final = timedelta(days=180)
"""So long an example is kept: long enough to read new words in it, and no longer."""


class Correction(SQLModel, table=True):
    """One report as a person read it. `example_sealed` is JSON: its text, kind, urgent, language and county."""

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="report.id", unique=True, ondelete="CASCADE")
    author_id: UUID = Field(foreign_key="volunteer.id")
    example_sealed: bytes | None = sealed()
    at: datetime = instant(index=True)


correction = table_of(Correction)


async def keep_example(work: Transaction, told: Report, by: UUID) -> None:
    """Keep a report as it is read now; the newest reading of a report replaces the one before. Without words there is nothing to keep."""
    if told.text_sealed is None:
        return
    known = await work.scalar(select(correction.c.id).where(correction.c.report_id == told.id).with_for_update())
    made = known or work.new_id()
    example = {
        "text": work.unseal(told.text_sealed, "report", "text", told.id),
        "kind": told.kind,
        "urgent": told.urgent,
        "language": told.language,
        "county": told.county,
    }
    values = {"author_id": by, "at": work.now, "example_sealed": work.seal(json.dumps(example), "correction", "example", made)}
    row = insert(correction).values(id=made, report_id=told.id, **values)
    await work.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


async def read_examples(work: Transaction) -> list[dict[str, Any]]:
    """Every kept example, oldest first, unsealed: for the bench on the operator's own machine."""
    rows = await work.all(select(correction).where(correction.c.example_sealed.is_not(None)).order_by(correction.c.at))
    return [{"id": str(r.id)} | json.loads(work.unseal(r.example_sealed, "correction", "example", r.id)) for r in rows]


async def forget_old_examples(work: Transaction) -> None:
    """Delete the examples whose time is over."""
    await work.execute(correction.delete().where(correction.c.at <= work.now - KEPT_FOR))


async def forget_examples_of(work: Transaction, contact_id: UUID) -> None:
    """Delete what was kept of a person who is erased."""
    theirs = select(report.c.id).where(report.c.contact_id == contact_id)
    await work.execute(correction.delete().where(correction.c.report_id.in_(theirs)))
