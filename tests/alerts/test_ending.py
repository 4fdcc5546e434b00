"""No alert ends unnoticed: the organizers are asked before, and the board asks until somebody has chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.alerts.approval import expire_alerts
from app.alerts.ending import let_end, undecided_ends
from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import Conflict
from app.pipeline import Hotline
from app.pipeline_alerts import approve
from app.pipeline_endings import follow, remind_of_ends
from app.records.deliveries import Lane, delivery, outgoing_message
from app.records.phone_book import contact_for
from app.volunteers.tables import volunteer
from tests.alerts.conftest import Scene, sent


async def reminders(database: Database, hotline: Hotline) -> int:
    async with database.transaction() as work:
        await remind_of_ends(work, hotline)
        texts = select(func.coalesce(func.sum(outgoing_message.c.recipients), 0))
        return int(await work.scalar(texts.where(outgoing_message.c.purpose == "ends_soon")))


async def open_ends(database: Database) -> list[str]:
    async with database.transaction() as work:
        return [one.code for one in await undecided_ends(work)]


async def test_organizers_are_texted_once_before_an_alert_ends_and_the_board_asks_until_somebody_chose(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    async with database.transaction() as work:
        phone = await contact_for(work, "+19195550171", "es")
        await work.execute(volunteer.update().where(volunteer.c.id == olga.id).values(contact_id=phone))
    out = await sent(database, hotline, about, olga, tom)
    assert await reminders(database, hotline) == 0 and await open_ends(database) == []
    clock.advance(timedelta(minutes=101))
    assert await reminders(database, hotline) == 1
    assert await reminders(database, hotline) == 1  # once
    assert await open_ends(database) == [out.code]
    clock.advance(timedelta(minutes=30))
    async with database.transaction() as work:
        await expire_alerts(work)
    assert await open_ends(database) == [out.code]  # it ended without a word
    async with database.transaction() as work:
        await let_end(work, out.id, tom)
    assert await open_ends(database) == []
    with pytest.raises(Conflict, match="chose already"):
        async with database.transaction() as work:
            await let_end(work, out.id, tom)


@pytest.mark.parametrize("longer", [True, False])
async def test_an_update_or_an_all_clear_answers_the_question(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock, *, longer: bool
) -> None:
    about, olga, tom, _ = scene
    out = await sent(database, hotline, about, olga, tom)
    clock.advance(timedelta(minutes=110))
    async with database.transaction() as work:
        await work.execute(delivery.update().where(delivery.c.lane == int(Lane.ALERT)).values(state="delivered"))
        made = await follow(work, hotline, out, olga, longer=longer)
    assert made.type == ("update" if longer else "all_clear")
    assert await open_ends(database) == []  # it waits for the second signature
    async with database.transaction() as work:
        _, planned = await approve(work, hotline, made.id, tom)
        lane = await work.scalar(select(outgoing_message.c.lane).where(outgoing_message.c.about_id == made.id))
    assert (planned.recipients, lane) == (3, Lane.CORRECTION)
    clock.advance(timedelta(minutes=110))
    assert await open_ends(database) == ([made.code] if longer else [])  # the update ends, too
