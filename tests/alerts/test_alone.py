"""Break-glass: off by default, one county, a while, a reason, never by whoever opened it, and somebody else looks afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.alerts.alone import allow_alone, end_allowance, review_alone, unreviewed
from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput, Conflict, NotAllowed
from app.pipeline import Hotline
from app.pipeline_endings import send_alone
from app.records.alerts import alert
from app.records.deliveries import delivery, outgoing_message
from app.records.events import event, verify_chain
from app.records.phone_book import contact_for
from app.volunteers.tables import Volunteer, volunteer
from tests.alerts.conftest import DURHAM, Scene, person, proposed

REASON = "Nobody else answers and it is happening now"


async def administrator(database: Database) -> Volunteer:
    return await person(database, "Ada", "admin", "organizer")


async def opened(database: Database, county: str = DURHAM) -> Volunteer:
    ada = await administrator(database)
    async with database.transaction() as work:
        await allow_alone(work, county, timedelta(hours=4), "The storm cut two of us off", ada)
    return ada


async def test_nobody_sends_alone_where_no_administrator_allowed_it(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    waiting = await proposed(database, hotline, about, olga)
    await opened(database, "37183")  # another county
    with pytest.raises(NotAllowed, match="someone else must approve"):
        async with database.transaction() as work:
            await send_alone(work, hotline, waiting.id, olga, REASON)


async def test_one_person_sends_alone_and_everybody_hears_of_it(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, _ = scene
    ada = await opened(database)
    for n, who in enumerate((tom, ada)):
        async with database.transaction() as work:
            phone = await contact_for(work, f"+1919555017{n}", "en")
            await work.execute(volunteer.update().where(volunteer.c.id == who.id).values(contact_id=phone))
    waiting = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await send_alone(work, hotline, waiting.id, olga, REASON)
    async with database.transaction() as work:
        texted = select(delivery.c.id).join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        assert len(await work.all(texted.where(outgoing_message.c.purpose == "alone"))) == 2
        assert len(await work.all(texted.where(outgoing_message.c.purpose == "alert"))) == 3
        assert [one.code for one in await unreviewed(work)] == [waiting.code]
        told = await work.first(select(event.c.facts, event.c.link).where(event.c.verb == "alert.sent_alone"))
        assert told is not None and told.link is not None and told.facts["reason"] == REASON
        assert (await verify_chain(work)).broken_at is None


async def test_whoever_opened_it_may_not_use_it(database: Database, hotline: Hotline, scene: Scene) -> None:
    ada = await opened(database)
    waiting = await proposed(database, hotline, scene[0], ada)
    with pytest.raises(NotAllowed, match="can't be you"):
        async with database.transaction() as work:
            await send_alone(work, hotline, waiting.id, ada, REASON)


async def test_a_bare_word_is_no_reason(database: Database, hotline: Hotline, scene: Scene) -> None:
    await opened(database)
    waiting = await proposed(database, hotline, scene[0], scene[1])
    with pytest.raises(BadInput, match="in a sentence"):
        async with database.transaction() as work:
            await send_alone(work, hotline, waiting.id, scene[1], "urgent")


@pytest.mark.parametrize("how", ["time", "hand"])
async def test_it_ends_by_itself_and_by_hand(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock, how: str
) -> None:
    ada = await administrator(database)
    async with database.transaction() as work:
        glass = await allow_alone(work, DURHAM, timedelta(hours=1), "The storm cut two of us off", ada)
    if how == "time":
        clock.advance(timedelta(hours=1))
    else:
        async with database.transaction() as work:
            await end_allowance(work, glass.id, ada)
    waiting = await proposed(database, hotline, scene[0], scene[1])
    with pytest.raises(NotAllowed, match="someone else must approve"):
        async with database.transaction() as work:
            await send_alone(work, hotline, waiting.id, scene[1], REASON)


async def test_the_sole_verifier_sends_nothing_alone_either(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, _, _, luz = scene
    await opened(database)
    waiting = await proposed(database, hotline, about, luz)
    with pytest.raises(NotAllowed, match="only one who saw"):
        async with database.transaction() as work:
            await send_alone(work, hotline, waiting.id, luz, REASON)


async def test_the_database_refuses_what_nobody_allowed(database: Database, hotline: Hotline, scene: Scene) -> None:
    ada = await administrator(database)
    async with database.transaction() as work:
        elsewhere = await allow_alone(work, "37183", timedelta(hours=4), "The storm cut two of us off", ada)
    waiting = await proposed(database, hotline, scene[0], scene[1])
    forged = {"approver_id": scene[1].id, "state": "approved", "break_glass_id": elsewhere.id, "alone_reason": REASON}
    with pytest.raises(IntegrityError, match="nobody let this person"):
        async with database.transaction() as work:
            await work.execute(alert.update().where(alert.c.id == waiting.id).values(approved_at=work.now, **forged))


async def test_only_somebody_else_reviews_and_only_once(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, _ = scene
    await opened(database)
    waiting = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await send_alone(work, hotline, waiting.id, olga, REASON)
    with pytest.raises(NotAllowed, match="Someone else"):
        async with database.transaction() as work:
            await review_alone(work, waiting.id, olga, "fine")
    async with database.transaction() as work:
        await review_alone(work, waiting.id, tom, "It was true; three reporters say so.")
        assert await unreviewed(work) == []
    with pytest.raises(Conflict, match="reviewed this already"):
        async with database.transaction() as work:
            await review_alone(work, waiting.id, tom, "again")
