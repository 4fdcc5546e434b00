"""From a text to a report, and what is remembered of the conversation when it has been answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction, row_as
from app.intake.conversation import Answer
from app.intake.keep import Kept
from app.intake.restraint import Memory
from app.records.contacts import conversation
from app.records.inbound import inbound_message
from app.records.incidents import Report, report
from app.records.reading import Assessment, Kind, Location, Reading
from app.records.states import ReportState
from app.telephony.addresses import Channel

LONGEST_KEPT: Final = 20_000
"""Characters of a report's text that are kept together; each inbound text is kept whole besides."""

MOST_LOOSE: Final = 5
"""How many texts that mean nothing by themselves are read together."""

LOOSE: Final = """
    SELECT id, body_sealed FROM inbound_message
    WHERE contact_id = %(contact)s AND id <> %(this)s AND received_at >= %(since)s AND kind = ANY(%(kinds)s)
        AND report_id IS NULL AND body_sealed IS NOT NULL
    ORDER BY received_at, id LIMIT %(most)s
"""

_LOOSE_KINDS: Final = [Kind.OTHER.value, Kind.ABUSE.value]

FINISH: Final = """
    WITH said AS (
        UPDATE inbound_message SET kind = %(kind)s, report_id = CAST(%(report)s AS uuid), reply_sealed = %(reply)s WHERE id = %(message)s
    ), spoke AS (
        UPDATE contact SET language = CAST(%(language)s AS text)
        WHERE id = %(contact)s AND NOT language_chosen AND language IS DISTINCT FROM CAST(%(language)s AS text)
    )
    UPDATE conversation
    SET awaiting = CAST(%(awaiting)s AS text), report_id = %(about)s, questions = %(questions)s,
        asked_at = CASE WHEN CAST(%(awaiting)s AS text) IS NULL THEN NULL ELSE CAST(%(now)s AS timestamptz) END,
        last_report_id = CASE WHEN %(reported)s THEN CAST(%(report)s AS uuid) ELSE last_report_id END,
        last_report_at = CASE WHEN %(reported)s THEN CAST(%(now)s AS timestamptz) ELSE last_report_at END,
        home_counties = CASE WHEN CAST(%(county)s AS text) IS NULL OR CAST(%(county)s AS text) = ANY(home_counties)
            THEN home_counties ELSE (ARRAY[CAST(%(county)s AS text)] || home_counties)[1:5] END,
        last_words = %(last_words)s, last_reply = %(last_reply)s, same_words = %(same_words)s, same_since = %(same_since)s,
        unasked = %(unasked)s, unasked_since = %(unasked_since)s
    WHERE contact_id = %(contact)s
"""


_OF_A_REPORT: Final = (
    "id", "state", "channel", "contact_id", "language", "kind", "urgent", "county", "place", "latitude", "longitude", "text_sealed",
    "reading_sealed", "received_at",
)  # fmt: skip

ADD_REPORT: Final = (
    f"INSERT INTO report ({', '.join(_OF_A_REPORT)}) VALUES ({', '.join(f'%({column})s' for column in _OF_A_REPORT)})"  # noqa: S608  # names of ours
)


def write_report(work: Transaction, kept: Kept, channel: Channel, words: str, reading: Reading, where: Location) -> Report:
    """A new report, waiting for its place or about to join an incident."""
    said, (latitude, longitude) = reading.assessment, where.point or (None, None)
    report_id = work.new_id()
    values = {
        "id": report_id,
        "state": ReportState.ASKING.value,
        "channel": channel.value,
        "contact_id": kept.sender.id,
        "language": said.language,
        "kind": said.kind.value,
        "urgent": said.urgent,
        "county": where.county,
        "place": where.label,
        "latitude": latitude,
        "longitude": longitude,
        "text_sealed": work.seal(words[:LONGEST_KEPT], "report", "text", report_id),
        "reading_sealed": work.seal(json.dumps(replace(reading, location=where).as_json()), "report", "reading", report_id),
        "received_at": work.now,
    }
    work.execute_later(ADD_REPORT, values)
    return row_as(Report, values | {"incident_id": None, "why_joined": None})


async def get_report(work: Transaction, report_id: UUID, *, lock: bool = True) -> Report | None:
    """A report, locked unless it is only looked at."""
    return await work.get(Report, report.c.id == report_id, lock=lock)


def words_of(work: Transaction, told: Report) -> str:
    """What the person wrote, all fragments together."""
    return work.unseal(told.text_sealed, "report", "text", told.id) if told.text_sealed else ""


async def loose_words(work: Transaction, kept: Kept, within: timedelta) -> list[str]:
    """What the sender wrote in the last moments that was of no report and meant nothing by itself, oldest first."""
    rows = await work.query(
        LOOSE,
        {"contact": kept.sender.id, "this": kept.id, "since": work.now - within, "kinds": _LOOSE_KINDS, "most": MOST_LOOSE},
    )
    return [work.unseal(row["body_sealed"], "inbound_message", "body", row["id"]) for row in rows]


async def find_silent(work: Transaction, silence: timedelta) -> list[Report]:
    """Reports whose sender was asked for the place so long ago and said nothing; locked, and those that others hold stepped over."""
    return await work.find(
        Report,
        select(report)
        .where(report.c.state == ReportState.ASKING.value, report.c.incident_id.is_(None))
        .where(report.c.received_at <= work.now - silence)
        .limit(100)
        .with_for_update(skip_locked=True),
    )


async def add_to_report(work: Transaction, told: Report, more: str, reading: Reading, where: Location) -> Report:
    """Join a further text to a report: `reading` is of all its words together, `where` the place to keep if it is more than was known."""
    said = reading.assessment
    told.urgent = told.urgent or said.urgent
    if said.kind in {Kind.DETENTION, Kind.REPORT} and told.kind != Kind.DETENTION:
        told.kind = said.kind.value
    if where.county is not None and (told.county is None or told.county == where.county):
        told.county = where.county
        told.place = where.label or told.place
        if where.point is not None:
            told.latitude, told.longitude = where.point
    together = f"{words_of(work, told)}\n{more}"[:LONGEST_KEPT]
    told.text_sealed = work.seal(together, "report", "text", told.id)
    told.reading_sealed = work.seal(json.dumps(replace(reading, location=where).as_json()), "report", "reading", told.id)
    await work.execute(
        report.update()
        .where(report.c.id == told.id)
        .values(
            urgent=told.urgent,
            kind=told.kind,
            county=told.county,
            place=told.place,
            latitude=told.latitude,
            longitude=told.longitude,
            text_sealed=told.text_sealed,
            reading_sealed=told.reading_sealed,
        )
    )
    return told


async def place_report(work: Transaction, told: Report, where: Location) -> Report:
    """A report that had no place has one, learned otherwise than by a text: its reading says from what. `where` has one county."""
    told.county, told.place = where.county, where.label
    if where.point is not None:
        told.latitude, told.longitude = where.point
    known = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) if told.reading_sealed else {}
    known |= {"counties": list(where.counties), "place": where.label, "point": where.point, "ask_place": False}
    known["evidence"] = [*known.get("evidence", []), *(piece.as_json() for piece in where.evidence)]
    await work.execute(
        report.update()
        .where(report.c.id == told.id)
        .values(
            county=told.county,
            place=told.place,
            latitude=told.latitude,
            longitude=told.longitude,
            reading_sealed=work.seal(json.dumps(known), "report", "reading", told.id),
        )
    )
    return told


async def close_question(work: Transaction, told: Report) -> None:
    """Where a report is need not be asked any more; what its sender writes within a minute or so still belongs to it."""
    await work.execute(
        conversation.update()
        .where(conversation.c.contact_id == told.contact_id, conversation.c.report_id == told.id)
        .values(awaiting=None, report_id=None, asked_at=None, questions=0, last_report_id=told.id, last_report_at=work.now)
    )


def finish_text(work: Transaction, kept: Kept, said: Assessment, answer: Answer, memory: Memory) -> None:
    """Put the answer and what it means for the conversation on record, in one statement."""
    if said.kind is Kind.DELETE:
        memory = Memory()
    reply = work.seal(answer.reply, "inbound_message", "reply", kept.id) if answer.reply is not None else None
    work.execute_later(
        FINISH,
        {
            "kind": said.kind.value,
            "report": answer.report_id,
            "reply": reply,
            "message": kept.id,
            "contact": kept.sender.id,
            "language": None if said.kind is Kind.DELETE else answer.language or said.language,  # who was erased has none
            "awaiting": answer.question.value if answer.question else None,
            "about": answer.report_id if answer.question else None,
            "questions": answer.questions if answer.question else 0,
            "reported": answer.reported,
            "county": answer.county,
            "now": work.now,
            **vars(memory),
        },
    )


async def answer_otherwise(work: Transaction, kept: Kept, told: str | None) -> None:
    """What there is to say to a text goes by the outbox, so its webhook, should it come, hears only what was `told` already."""
    sealed = work.seal(told, "inbound_message", "reply", kept.id) if told is not None else None
    await work.execute(
        inbound_message.update().where(inbound_message.c.id == kept.id).values(reply_sealed=sealed, answered_at=work.now)
    )
