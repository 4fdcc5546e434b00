"""A hotline in which neighbours text and dispatchers merge and split, for tests of what they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.pipeline import Hotline, decide_incident, receive_text
from app.pipeline_incidents import merge, split, undo
from app.records.deliveries import delivery, outgoing_message
from app.records.incidents import Incident, Report, incident, report
from app.records.phone_book import contact_for
from app.records.regroupings import Reason, regrouping
from app.records.verification import Outcome, task
from app.volunteers.tables import Volunteer
from tests.intake.test_receive_text import a_text

PHONES = [f"+1919555011{n}" for n in range(8)]
WALMART = "ICE agents with vests outside the Walmart on Roxboro in Durham"
ELSEWHERE = "la migra paro un carro rojo en la Fayetteville St en Durham"


class Room:
    """A hotline with two dispatchers, in which neighbours text. No dataclass: a failing example would show the whole gazetteer."""

    ana: Volunteer
    beto: Volunteer

    def __init__(self, database: Database, hotline: Hotline, clock: ManualClock) -> None:
        self.database, self.hotline, self.clock = database, hotline, clock

    async def open(self) -> Room:
        async with self.database.transaction() as work:
            self.ana, self.beto = [await a_person(work, alias, "dispatcher") for alias in ("Ana", "Beto")]
        return self

    async def texts(self, words: str, phone: str) -> None:
        async with self.database.transaction() as work:
            await receive_text(work, self.hotline, a_text(words, phone))

    async def two(self) -> tuple[Incident, Incident]:
        """Two open incidents of Durham, one report each."""
        await self.texts(WALMART, PHONES[0])
        self.clock.advance(timedelta(minutes=2))
        await self.texts(ELSEWHERE, PHONES[1])
        one, two = await self.incidents()
        return one, two

    async def incidents(self) -> list[Incident]:
        async with self.database.transaction() as work:
            return await work.find(Incident, select(incident).order_by(incident.c.first_report_at, incident.c.id))

    async def merges(self, one: str, two: str, **given: Any) -> Incident:
        async with self.database.transaction() as work:
            return await merge(work, self.hotline, one, two, Reason.SAME_EVENT, given.pop("by", self.ana), **given)

    async def splits(self, code: str, *reports: UUID, **given: Any) -> Incident:
        async with self.database.transaction() as work:
            return await split(work, self.hotline, code, reports, Reason.OTHER_PLACE, self.ana, **given)

    async def undoes(self, which: UUID | None = None) -> Incident:
        async with self.database.transaction() as work:
            newest = select(regrouping.c.id).where(regrouping.c.undone_at.is_(None)).order_by(regrouping.c.at.desc())
            act_id = which or await work.scalar(newest.limit(1))
            return await undo(work, self.hotline, act_id, self.ana)

    async def decides(self, about: Incident, outcome: Outcome) -> None:
        async with self.database.transaction() as work:
            await work.execute(
                task.update()
                .where(task.c.incident_id == about.id)
                .values(state="leased", fence=7, holder_id=self.ana.id, lease_until=work.now + timedelta(minutes=5))
            )
            locked = await work.get(Incident, incident.c.id == about.id, lock=True)
            assert locked is not None
            await decide_incident(work, self.hotline, locked, outcome, self.ana, 7)

    async def reports_of(self, about: Incident) -> list[Report]:
        async with self.database.transaction() as work:
            return await work.find(
                Report, select(report).where(report.c.incident_id == about.id).order_by(report.c.received_at)
            )

    async def scalar(self, statement: Any) -> Any:
        async with self.database.transaction() as work:
            return await work.scalar(statement)

    async def task_state(self, about: Incident) -> str:
        return str(await self.scalar(select(task.c.state).where(task.c.incident_id == about.id)))

    async def outcomes_told(self, about: Incident) -> int:
        told = (
            select(func.count())
            .select_from(delivery.join(outgoing_message))
            .where(outgoing_message.c.about_id == about.id, outgoing_message.c.purpose == "outcome")
        )
        return int(await self.scalar(told))


async def a_person(work: Transaction, alias: str, role: str, phone: str | None = None) -> Volunteer:
    person = Volunteer(
        id=work.new_id(), alias=alias, roles=[role], trained=True, on_shift=True, languages=["en", "es"], created_at=work.now
    )
    if phone:
        person.contact_id = await contact_for(work, phone)
    await work.add(person)
    return person
