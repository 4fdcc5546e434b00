"""An incident that nobody confirms ends in the time of its kind, and whoever reported it or asked hears that once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.hotline import tell_outcome
from app.incidents.expiry import UNCONFIRMED_FOR
from app.pipeline import Hotline
from app.pipeline_incidents import expire_incidents
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.events import event
from app.records.incidents import Incident, incident
from app.records.reading import Kind
from app.records.verification import Outcome, task
from app.verification.decisions import decide
from tests.intake.test_hard_conversations import a_dispatcher
from tests.intake.test_receive_text import KEN, ROSA, a_text, send

RUMOR = "es verdad que la migra anda en la Walmart de la Roxboro en Durham?"
SIGHTING = "la migra esta afuera de la Walmart de la Roxboro en Durham"


async def expired(database: Database, hotline: Hotline) -> int:
    async with database.transaction() as work:
        return await expire_incidents(work, hotline)


async def told(database: Database) -> list[str]:
    async with database.transaction() as work:
        rows = await work.all(
            select(outgoing_text)
            .join(
                delivery,
                (delivery.c.message_id == outgoing_text.c.message_id) & (delivery.c.language == outgoing_text.c.language),
            )
            .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
            .where(outgoing_message.c.purpose == "outcome")
        )
        return sorted(work.unseal(row.body_sealed, "outgoing_text", "body", row.id) for row in rows)


@pytest.mark.parametrize(("words", "kind"), [(RUMOR, Kind.RUMOR), (SIGHTING, Kind.REPORT)])
async def test_what_nobody_confirms_ends_in_its_time_and_no_sooner(
    database: Database, hotline: Hotline, clock: ManualClock, words: str, kind: Kind
) -> None:
    await send(database, hotline, a_text(words))
    clock.advance(UNCONFIRMED_FOR[kind.value] - timedelta(minutes=1))
    assert await expired(database, hotline) == 0
    clock.advance(timedelta(minutes=2))
    assert (await expired(database, hotline), await expired(database, hotline)) == (1, 0)

    async with database.transaction() as work:
        assert await work.scalar(select(incident.c.state)) == "unable"
        assert await work.scalar(select(task.c.state)) == "done"
        assert await work.scalar(select(func.count()).where(event.c.verb == "incident.expired")) == 1


async def test_who_reported_and_who_asked_each_hear_it_in_words_that_fit(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text(SIGHTING, ROSA))
    await send(database, hotline, a_text("is it true that ICE is at the Walmart on Roxboro in Durham?", KEN))
    clock.advance(timedelta(hours=5))
    await expired(database, hotline)

    spanish, english = await told(database)
    assert "We do not know if it is true" in english
    assert "su reporte" in spanish


async def test_what_somebody_works_on_does_not_end_under_their_hands(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text(SIGHTING))
    clock.advance(timedelta(hours=5))
    async with database.transaction() as work:
        await work.execute(task.update().values(state="leased", lease_until=work.now + timedelta(minutes=5)))
    assert await expired(database, hotline) == 0


async def test_who_asked_about_a_rumor_hears_each_change_once_in_their_language(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text(RUMOR, ROSA))
    async with database.transaction() as work:
        [about] = await work.find(Incident, select(incident))
    for outcome in (Outcome.NOTHING, Outcome.POLICE):
        async with database.transaction() as work:
            locked = await work.get(Incident, incident.c.id == about.id, lock=True)
            assert locked is not None
            await decide(work, locked, outcome, await a_dispatcher(work))
            await tell_outcome(work, hotline, locked)
        clock.advance(timedelta(minutes=5))

    nothing, police = await told(database)
    assert "No encontramos agentes" in nothing
    assert "policia local" in police
    assert (await send(database, hotline, a_text(RUMOR, KEN)) or "").count("policia local") == 1
