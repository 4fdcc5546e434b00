"""A phone company that does what a test says, and subscribers to text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.plan import Message, Planned, plan_to_county
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.subscribers.consent import Consent, subscribe
from app.telephony.rest import LoggedText, OutcomeUnknown

DURHAM, WAKE = "37063", "37183"
TEXTS = {"en": "Alert in English", "es": "Alerta en español"}


class PhoneCompany:
    """A carrier that does what the test says: `answers` are taken in turn, None meaning that it accepts."""

    def __init__(self, clock: ManualClock, answers: Sequence[Exception | None] = ()) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.log: list[LoggedText] = []
        self.loses_answers = False
        self.fate = "sent"
        self.asked: list[tuple[str, str, int]] = []
        """Of each call to send: the number, the callback, the seconds of validity."""
        self.lines: list[tuple[str, str | None]] = []
        """Of each call to send: the number, and the line that it was to go out from."""

    async def status_of(self, sid: str) -> tuple[str, int | None] | None:
        return (self.fate, None) if self.fate else None

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        self.asked.append((to, callback, validity_seconds))
        self.lines.append((to, sender))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        sid = f"SM{len(self.log):032d}"
        self.log.append(LoggedText(sid, to, body, "sent", None, self.clock()))
        if self.loses_answers:
            raise OutcomeUnknown("the line went dead")
        return sid

    async def log_of(self, to: str, since: datetime) -> list[LoggedText]:
        return [text for text in self.log if text.to == to and text.created_at >= since]


async def people(database: Database, county: str, n: int, language: str = "en") -> list[UUID]:
    """Subscribe n phones to a county."""
    made = []
    async with database.transaction() as work:
        for i in range(n):
            number = f"+1{'919' if county == DURHAM else '704'}5550{100 + i}"
            who = await contact_for(work, number, language if i % 2 else "es")
            await subscribe(work, consent_of(database, who, number), county)
            made.append(who)
    return made


def consent_of(database: Database, who: UUID, number: str) -> Consent:
    return Consent(who, database.keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms")


async def plan_alert(database: Database, county: str = DURHAM, lane: Lane = Lane.ALERT) -> tuple[UUID, Planned]:
    about = database.new_id()
    async with database.transaction() as work:
        return about, await plan_to_county(work, Message(lane, "alert", TEXTS, about), county)


async def states(database: Database) -> dict[str, int]:
    async with database.transaction() as work:
        rows = (await work.execute(select(delivery.c.state))).scalars().all()
    return {state: rows.count(state) for state in set(rows)}
