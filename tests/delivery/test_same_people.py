"""Whatever people do between an alert and its correction, the correction reaches exactly those who got the alert and have not said stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.plan import Message, plan_to_county, plan_to_same, withdraw
from app.delivery.sender import Sender
from app.privacy.erasure import erase_contact
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.subscribers.choices import choose_hours, leave, pause
from app.subscribers.consent import stop, subscribe
from tests.delivery.outgoing import DURHAM, WAKE, PhoneCompany, consent_of

ALERT, CORRECTION = {"en": "alert", "es": "alert"}, {"en": "correction", "es": "correction"}
numbers = count()

DEEDS = ("nothing", "stop", "leave", "move", "pause", "by_day", "erase", "stop_and_join", "move_and_stop", "leave_and_join")
SILENT = {"stop", "erase", "move_and_stop"}
"""After these nobody gets anything more."""


async def join(database: Database, number: str, county: str) -> UUID:
    async with database.transaction() as work:
        who = await contact_for(work, number, "en")
        await subscribe(work, consent_of(database, who, number), county)
    return who


async def do(database: Database, deed: str, who: UUID, number: str) -> None:
    async with database.transaction() as work:
        consent = consent_of(database, who, number)
        for step in deed.split("_and_"):
            match step:
                case "stop":
                    await stop(work, consent)
                case "leave":
                    await leave(work, consent, DURHAM)
                case "move":
                    await leave(work, consent, DURHAM)
                    await subscribe(work, consent, WAKE)
                case "pause":
                    await pause(work, consent)
                case "by_day":
                    await choose_hours(work, consent, any_hour=False)
                case "erase":
                    await erase_contact(work, consent)
                case "join":
                    await subscribe(work, consent, DURHAM)
                case _:
                    assert step == "nothing"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(st.sampled_from(DEEDS), min_size=2, max_size=9),
    went=st.integers(0, 9),
    newcomers=st.integers(0, 3),
    later=st.integers(1, 90),
)
async def test_a_correction_reaches_exactly_whom_the_alert_reached(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock,
    deeds: Sequence[str], went: int, newcomers: int, later: int,
) -> None:  # fmt: skip
    async with database.transaction() as work:  # an example knows nothing of the one before
        await work.execute(text("TRUNCATE subscription, delivery, outgoing_text, outgoing_message CASCADE"))
    company.log.clear()
    crowd = {f"+1{200 + n // 100}55501{n % 100:02d}": deed for n, deed in zip(numbers, deeds, strict=False)}
    known = {number: await join(database, number, DURHAM) for number in crowd}
    about = database.new_id()
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.ALERT, "alert", ALERT, about), DURHAM)
        late = (await work.execute(select(delivery.c.id).limit(max(0, len(crowd) - went)))).scalars().all()
        await work.execute(delivery.update().where(delivery.c.id.in_(late)).values(not_before=clock() + timedelta(days=1)))
    await sender.drain()
    reached = {one.to for one in company.log}
    assert len(reached) == min(went, len(crowd))

    for number, deed in crowd.items():
        await do(database, deed, known[number], number)
    for _ in range(newcomers):
        n = next(numbers)
        await join(database, f"+1{200 + n // 100}55501{n % 100:02d}", DURHAM)
    clock.advance(timedelta(minutes=later))
    async with database.transaction() as work:
        await withdraw(work, about, "alert")
        await plan_to_same(work, Message(Lane.CORRECTION, "correction", CORRECTION, database.new_id()), about)
    await sender.drain()

    corrected = [one.to for one in company.log if one.body == "correction"]
    assert sorted(corrected) == sorted(number for number in reached if crowd[number] not in SILENT)
