"""Two people tell a county: nobody alone, nothing unconfirmed, nothing twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.alerts.approval import return_alert
from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput, Conflict, NotAllowed, VigiaError
from app.pipeline import Hotline
from app.pipeline_alerts import approve, draft_alert, propose, propose_update
from app.records.alerts import alert
from app.records.deliveries import delivery
from app.records.incidents import Incident
from app.records.verification import Outcome, task
from app.verification.decisions import decide
from app.verification.offers import record_observation
from app.volunteers.tables import Volunteer
from tests.alerts.conftest import DURHAM, Scene, person, proposed


async def test_an_alert_says_who_what_where_when_rights_and_until_when(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    async with database.transaction() as work:
        code, words, _ = await draft_alert(work, hotline, scene[0])

    for language, parts in {
        "en": ("Vigia ALERT", "Durham County", "Walmart, Durham", "12:00 PM", "signed by a judge", "2:00 PM", code, "STOP"),
        "es": (
            "Vigia ALERTA",
            "condado de Durham",
            "Walmart, Durham",
            "12:00 pm",
            "firmada por un juez",
            "2:00 pm",
            code,
            "ALTO",
        ),
    }.items():
        assert [part for part in parts if part not in words[language]] == []


async def test_the_author_can_not_approve(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    waiting = await proposed(database, hotline, about, olga)
    with pytest.raises(NotAllowed, match="someone else must approve"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, olga)


async def test_the_database_refuses_one_person_twice(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    waiting = await proposed(database, hotline, about, olga)
    with pytest.raises(IntegrityError, match="two_people"):
        async with database.transaction() as work:
            await work.execute(alert.update().where(alert.c.id == waiting.id).values(approver_id=olga.id))


async def test_the_only_one_who_saw_it_can_not_approve_it(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, _, luz = scene
    waiting = await proposed(database, hotline, about, olga)
    with pytest.raises(NotAllowed, match="only one who saw"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, luz)


async def test_a_witness_who_takes_it_back_stops_the_alert(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, luz = scene
    waiting = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await record_observation(work, about, luz.id, Outcome.NOTHING, on_site=True)
    with pytest.raises(Conflict, match="took it back"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, tom)


async def test_two_who_approve_at_once_send_it_once(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, _ = scene
    eva = await person(database, "Eva", "organizer")
    waiting = await proposed(database, hotline, about, olga)

    async def sign(who: Volunteer) -> str:
        try:
            async with database.transaction() as work:
                await approve(work, hotline, waiting.id, who)
        except Conflict as refusal:
            return refusal.message
        return "approved"

    answers = await asyncio.gather(sign(tom), sign(eva), sign(tom))

    assert answers.count("approved") == 1
    assert all("already" in answer for answer in answers if answer != "approved")
    async with database.transaction() as work:
        texts = (await work.execute(select(delivery.c.contact_id).where(delivery.c.lane == 2))).scalars().all()
    assert len(texts) == len(set(texts)) == 3


async def test_an_incident_that_was_decided_differently_meanwhile_is_not_alerted(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    about, olga, tom, _ = scene
    waiting = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await decide(work, about, Outcome.POLICE, tom.id)
    with pytest.raises(Conflict, match="no longer confirmed"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, tom)


async def test_an_alert_that_is_out_of_date_is_not_sent(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    waiting = await proposed(database, hotline, about, olga)
    clock.advance(timedelta(hours=3))
    with pytest.raises(Conflict, match="out of date"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, tom)


async def test_a_returned_alert_can_not_be_approved(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, _ = scene
    waiting = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await return_alert(work, waiting.id, tom, "say which entrance")
    with pytest.raises(Conflict, match="went back to its author"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, tom)


async def test_nothing_unconfirmed_becomes_an_alert(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, *_ = scene
    about.state = "verifying"
    with pytest.raises(Conflict, match="Only a confirmed incident"):
        await proposed(database, hotline, about, olga)


async def test_no_observation_from_the_place_no_confirmation(database: Database, hotline: Hotline) -> None:
    ana = await person(database, "Ana", "dispatcher")
    async with database.transaction() as work:
        about = Incident(
            id=work.new_id(),
            code="KD1111",
            kind="report",
            county=DURHAM,
            reports=9,
            first_report_at=work.now,
            last_report_at=work.now,
        )
        await work.add(about)
    with pytest.raises(Conflict, match="from the place"):
        async with database.transaction() as work:
            await decide(work, about, Outcome.CONFIRM, ana.id)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("They have a white van, plate ABC-1234", "plate"),
        ("Run away and hide in your homes", "evasion"),
        ("Call 919-555-0110 now", "number"),
        ("See www.example.org for more", "link"),
        ("", "missing"),
    ],
)
async def test_words_that_must_not_go_out_are_held(
    database: Database, hotline: Hotline, scene: Scene, words: str, problem: str
) -> None:
    about, olga, *_ = scene
    with pytest.raises(BadInput, match=problem):
        async with database.transaction() as work:
            await propose(work, hotline, about, olga, {"en": words, "es": "Se confirmó en Durham."})


async def test_a_dispatcher_can_propose_and_only_an_organizer_approves(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    about, *_ = scene
    ben = await person(database, "Ben", "dispatcher")
    waiting = await proposed(database, hotline, about, await person(database, "Bea", "dispatcher"))
    with pytest.raises(NotAllowed, match="Only organizers"):
        async with database.transaction() as work:
            await approve(work, hotline, waiting.id, ben)


async def test_a_correction_follows_a_change_of_mind_and_needs_two_again(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    about, olga, tom, _ = scene
    sent = await proposed(database, hotline, about, olga)
    async with database.transaction() as work:
        await approve(work, hotline, sent.id, tom)
    async with database.transaction() as work:
        await work.execute(text("UPDATE delivery SET state = 'delivered' WHERE lane = 2"))
        changed = await decide(work, about, Outcome.POLICE, olga.id)
        correction = await propose_update(work, hotline, changed, olga)
    with pytest.raises(VigiaError):
        async with database.transaction() as work:
            await approve(work, hotline, correction.id, olga)
    async with database.transaction() as work:
        _, planned = await approve(work, hotline, correction.id, tom)

    assert correction.type == "correction" and sent.code in correction.texts["es"]
    assert planned.recipients == 3


async def test_deciding_ends_the_task(database: Database, hotline: Hotline, scene: Scene) -> None:
    async with database.transaction() as work:
        assert await work.scalar(select(task.c.state).where(task.c.incident_id == scene[0].id)) == "done"
