"""Two machines never talk for ever, and no report is lost for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.pipeline_subscribers import Answering
from app.records.contacts import contact
from app.records.events import event
from app.records.inbound import inbound_message
from app.records.incidents import report
from tests.subscribers.phones import LINE, Phone

SIGHTING = "ICE agents are banging on a door on Roxboro Rd in Durham right now"


@pytest.fixture
def phone(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


async def reasons(database: Database) -> list[str]:
    async with database.transaction() as work:
        rows = await work.execute(select(event.c.facts).where(event.c.verb == "contact.not_answered").order_by(event.c.id))
        return [facts["reason"] for facts in rows.scalars()]


async def test_the_same_words_are_answered_twice_and_then_kept_silently(
    phone: Phone, database: Database, clock: ManualClock
) -> None:
    answers = [await phone.texts("Your call is important to us.") for _ in range(5)]

    assert [answer is not None for answer in answers] == [True, True, False, False, False]
    assert await reasons(database) == ["same_words"]
    clock.advance(timedelta(minutes=11))
    assert await phone.texts("Your call is important to us.") is not None


async def test_our_own_words_coming_back_end_there(phone: Phone, database: Database) -> None:
    ours = await phone.texts("hello")
    assert ours is not None

    assert await phone.texts(ours) is None
    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.stopped_at)) is None  # though our words tell how to stop


async def test_five_answers_that_nobody_asked_for_are_enough(phone: Phone, database: Database, clock: ManualClock) -> None:
    answers = [await phone.texts(f"Ticket {number} was opened, we will see") for number in range(8)]

    assert [answer is not None for answer in answers] == [True] * 5 + [False] * 3
    assert await reasons(database) == ["unasked"]
    clock.advance(timedelta(minutes=31))
    assert await phone.texts("Ticket 9 was opened, we will see") is not None


async def test_whoever_asks_for_something_by_name_is_answered_again(phone: Phone) -> None:
    for number in range(8):
        await phone.texts(f"Ticket {number} was opened, we will see")

    assert await phone.texts("JOIN Durham") is not None
    assert await phone.texts("what is this number") is not None


async def test_an_urgent_report_is_answered_whatever_came_before(phone: Phone) -> None:
    for number in range(8):
        await phone.texts(f"Ticket {number} was opened, we will see")

    assert "Durham County" in str(await phone.texts(SIGHTING))


async def test_reports_are_kept_while_the_answering_rests(phone: Phone, database: Database, clock: ManualClock) -> None:
    for _ in range(6):
        await phone.texts(SIGHTING)
        clock.advance(timedelta(seconds=100))

    async with database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(inbound_message)) == 6
        assert await work.scalar(select(func.count()).select_from(report)) == 6


@pytest.mark.parametrize(
    "words",
    [
        "Automatic reply: I am out of the office until Monday",
        "I’m driving with Driving Focus turned on. I’ll see your message when I get where I’m going.",
        "Respuesta automática: este número no recibe mensajes.",
    ],
)
async def test_a_text_that_says_a_machine_wrote_it_gets_no_answer(phone: Phone, database: Database, words: str) -> None:
    assert await phone.texts(words) is None
    assert await reasons(database) == ["machine"]


@pytest.mark.parametrize("sender", ["22000", "ALERTS", "+19195550199"])
async def test_short_codes_names_and_our_own_lines_get_no_answer(database: Database, hotline: Hotline, sender: str) -> None:
    ours = replace(hotline, answering=Answering(frozenset({LINE, "+19195550199"}), ()))

    assert await Phone(database, ours, sender).texts("hello there") is None
    assert await reasons(database) == ["no_phone"]


async def test_the_limit_holds_without_redis_and_for_each_phone_alone(
    phone: Phone, database: Database, hotline: Hotline
) -> None:
    for number in range(8):
        await phone.texts(f"Ticket {number} was opened, we will see")
    await hotline.redis.flushall()

    assert await phone.texts("Ticket 9 was opened, we will see") is None
    assert await Phone(database, hotline, "+19195550111").texts("Ticket 9 was opened, we will see") is not None
