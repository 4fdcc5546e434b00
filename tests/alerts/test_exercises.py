"""Practice goes through the whole line and reaches nobody but volunteers who asked for it, whoever tries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.alerts.approval import Draft, propose_alert
from app.alerts.published import Delay, published_alerts, published_incidents
from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput, NotAllowed
from app.delivery.plan import Message, plan_to, plan_to_county
from app.pipeline import Hotline
from app.pipeline_alerts import approve, draft_alert, put_forward
from app.records.alerts import Alert, alert
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery, outgoing_message
from app.records.phone_book import contact_for
from app.volunteers.tables import Volunteer, volunteer
from tests.alerts.conftest import DURHAM, Scene, person, proposed


async def practising(database: Database, alias: str, number: str, *, wants: bool) -> Volunteer:
    who = await person(database, alias, "verifier")
    async with database.transaction() as work:
        phone = await contact_for(work, number, "en")
        await work.execute(volunteer.update().where(volunteer.c.id == who.id).values(contact_id=phone, exercises=wants))
    return who


async def exercise(database: Database, hotline: Hotline, scene: Scene) -> Alert:
    about, olga, *_ = scene
    async with database.transaction() as work:
        code, words, until = await draft_alert(work, hotline, about)
        return await put_forward(work, hotline, about, olga, Draft(code, words, until, DURHAM, exercise=True))


async def test_an_exercise_reaches_only_volunteers_who_asked_for_practice(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    await practising(database, "Pam", "+19195550131", wants=True)
    await practising(database, "Pia", "+19195550132", wants=False)
    waiting = await exercise(database, hotline, scene)
    with pytest.raises(NotAllowed, match="someone else"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, scene[1])
    async with database.transaction() as work:
        _, planned = await approve(work, hotline, waiting.id, scene[2])

    assert planned.recipients == 1
    assert waiting.texts["en"].startswith("EXERCISE") and waiting.texts["es"].startswith("SIMULACRO")


async def test_the_planning_statement_keeps_an_exercise_from_a_whole_county(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    waiting = await exercise(database, hotline, scene)
    async with database.transaction() as work:
        message = Message(Lane.ALERT, "alert", waiting.texts, waiting.id, exercise=True)
        assert (await plan_to_county(work, message, DURHAM)).recipients == 0
        everyone = list((await work.execute(select(contact.c.id))).scalars())
        assert (await plan_to(work, message, everyone)).recipients == 0


async def test_the_database_refuses_an_exercise_to_a_subscriber(database: Database, hotline: Hotline, scene: Scene) -> None:
    waiting = await exercise(database, hotline, scene)
    forgotten = Message(Lane.ALERT, "alert", waiting.texts, waiting.id)  # nobody said that it is an exercise
    with pytest.raises(IntegrityError, match="only volunteers who practise"):
        async with database.transaction() as work:
            await plan_to_county(work, forgotten, DURHAM)
    async with database.transaction() as work:
        planned = await plan_to(work, Message(Lane.ALERT, "alert", waiting.texts, waiting.id, exercise=True), [])
        row = {
            "id": work.new_id(), "message_id": planned.id, "contact_id": await work.scalar(select(contact.c.id).limit(1)),
            "lane": 2, "language": "en", "state": "pending", "fence": 0, "attempts": 0, "rank": 0, "created_at": work.now,
        }  # fmt: skip
    with pytest.raises(IntegrityError, match="only volunteers who practise"):
        async with database.transaction() as work:
            await work.execute(insert(delivery).values(row))


async def test_an_exercise_can_not_be_turned_into_an_alert_afterwards(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    waiting = await exercise(database, hotline, scene)
    with pytest.raises(IntegrityError, match="never changes"):
        async with database.transaction() as work:
            await work.execute(alert.update().where(alert.c.id == waiting.id).values(exercise=False))
    async with database.transaction() as work:
        other = await plan_to(work, Message(Lane.REPLY, "answer", {"en": "a", "es": "b"}, work.new_id()), [])
    with pytest.raises(IntegrityError, match="never changes"):
        async with database.transaction() as work:
            await work.execute(outgoing_message.update().where(outgoing_message.c.id == other.id).values(about_id=waiting.id))


async def test_an_exercise_and_its_incident_are_in_no_public_feed(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    async with database.transaction() as work:
        delay = Delay(timedelta(0), 0.1)
        assert len((await published_incidents(work, delay))["features"]) == 1
    waiting = await exercise(database, hotline, scene)
    async with database.transaction() as work:
        await approve(work, hotline, waiting.id, scene[2])
    clock.advance(timedelta(minutes=1))
    async with database.transaction() as work:
        assert (await published_alerts(work, timedelta(0))).alerts == []
        assert (await published_alerts(work, timedelta(0), waiting.code)).alerts == []
        assert (await published_incidents(work, delay))["features"] == []


async def test_practice_needs_no_incident_and_real_alerts_do(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    async with database.transaction() as work:
        code, words, until = await draft_alert(work, hotline, about)
        made = await put_forward(work, hotline, None, olga, Draft(code, words, until, DURHAM, exercise=True))
        assert made.incident_id is None
    real = await proposed(database, hotline, about, olga)
    with pytest.raises(IntegrityError, match="about_something"):
        async with database.transaction() as work:
            await work.execute(alert.update().where(alert.c.id == real.id).values(incident_id=None))


async def test_practice_without_its_mark_is_held(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    async with database.transaction() as work:
        code, words, until = await draft_alert(work, hotline, about)
    with pytest.raises(BadInput, match="no_exercise"):
        async with database.transaction() as work:
            await propose_alert(work, about, olga, Draft(code, words, until, DURHAM, exercise=True))
