"""The public page asks the phone, and only the phone's YES subscribes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline_subscribers import forget_sign_ups
from app.records.contacts import contact
from app.records.deliveries import delivery, outgoing_message
from app.subscribers.sign_up import MOST_AN_HOUR
from app.subscribers.tables import ConsentEvent, consent_event, sign_up, subscription
from tests.console.conftest import DURHAM, ROSA, Desk

WISH = {"number": "(919) 555-0110", "county": DURHAM, "hours": "day"}


async def questions(database: Database) -> int:
    async with database.transaction() as work:
        asked = select(func.count()).select_from(delivery).join(outgoing_message).where(outgoing_message.c.purpose == "sign_up")
        return int(await work.scalar(asked))


async def counties(database: Database) -> list[tuple[str, bool]]:
    async with database.transaction() as work:
        rows = await work.all(select(subscription.c.county, subscription.c.any_hour).where(subscription.c.ended_at.is_(None)))
        return [(row.county, row.any_hour) for row in rows]


@pytest.mark.parametrize(("language", "yes", "reply"), [("en", "YES", "8am-9pm only"), ("es", "Sí", "solo 8am-9pm")])
async def test_yes_from_the_phone_subscribes_it_with_its_hours_and_the_question_as_proof(
    desk: Desk, language: str, yes: str, reply: str
) -> None:
    stranger = await desk.stranger()
    await stranger.post("/console/speak", data={"language": language})
    page = await stranger.post("/console/join", data=WISH)

    assert page.status_code == 200 and 'role="status"' in page.text
    assert await questions(desk.database) == 1
    assert await counties(desk.database) == []
    assert reply in str(await desk.texts(ROSA, yes))
    assert await counties(desk.database) == [(DURHAM, False)]
    async with desk.database.transaction() as work:
        lines = await work.find(ConsentEvent, select(consent_event).order_by(consent_event.c.id))
    assert [(line.kind, line.source, line.wording) for line in lines] == [
        ("opt_in", "web", "subscribe.confirm"),
        ("hours", "web", "subscribe.confirm"),
    ]
    assert all(line.version for line in lines)


async def test_the_same_number_is_asked_once_a_day(desk: Desk, clock: ManualClock) -> None:
    stranger = await desk.stranger()
    pages = [(await stranger.post("/console/join", data=WISH)).text for _ in range(3)]

    assert await questions(desk.database) == 1
    assert len(set(pages)) == 1
    clock.advance(timedelta(days=1, minutes=1))
    await stranger.post("/console/join", data=WISH)
    assert await questions(desk.database) == 2


async def test_who_said_stop_is_not_asked_and_the_page_does_not_tell(desk: Desk) -> None:
    await desk.texts(ROSA, "JOIN Durham")
    await desk.texts(ROSA, "STOP")
    stranger = await desk.stranger()
    page = await stranger.post("/console/join", data=WISH)

    assert page.status_code == 200 and 'role="status"' in page.text
    assert await questions(desk.database) == 0
    assert await desk.texts(ROSA, "YES") is None


async def test_a_stop_withdraws_the_question(desk: Desk) -> None:
    await (await desk.stranger()).post("/console/join", data=WISH)
    await desk.texts(ROSA, "STOP")
    await desk.texts(ROSA, "YES")

    assert await counties(desk.database) == []


@pytest.mark.parametrize("word", ["YES", "ok"])
async def test_a_yes_to_what_was_asked_of_a_report_since_is_no_consent(desk: Desk, clock: ManualClock, word: str) -> None:
    await (await desk.stranger()).post("/console/join", data=WISH)
    clock.advance(timedelta(minutes=1))
    await desk.texts(ROSA, "ICE agents with vests outside the Walmart on Roxboro in Durham")
    clock.advance(timedelta(minutes=1))
    await desk.texts(ROSA, word)

    assert await counties(desk.database) == []


async def test_who_reported_before_can_say_yes_to_the_question(desk: Desk, clock: ManualClock) -> None:
    await desk.texts(ROSA, "ICE agents with vests outside the Walmart on Roxboro in Durham")
    clock.advance(timedelta(minutes=1))
    await (await desk.stranger()).post("/console/join", data=WISH)
    clock.advance(timedelta(minutes=1))
    await desk.texts(ROSA, "YES")

    assert await counties(desk.database) == [(DURHAM, False)]


async def test_a_yes_of_the_next_day_is_too_late_and_the_number_is_forgotten(desk: Desk, clock: ManualClock) -> None:
    await (await desk.stranger()).post("/console/join", data=WISH)
    clock.advance(timedelta(days=1, minutes=1))
    async with desk.database.transaction() as work:
        assert await forget_sign_ups(work) == 1
    async with desk.database.transaction() as work:
        number_hash = work.keys.fingerprint("phone", ROSA)
        assert await work.scalar(select(contact.c.number_sealed).where(contact.c.number_hash == number_hash)) is None
        assert await work.scalar(select(func.count()).select_from(sign_up)) == 0
    await desk.texts(ROSA, "YES")
    assert await counties(desk.database) == []


async def test_a_neighbours_and_a_volunteers_number_is_not_forgotten_with_the_question(desk: Desk, clock: ManualClock) -> None:
    stranger = await desk.stranger()
    await desk.texts(ROSA, "hola")
    for number in ("919 555 0110", "919 555 0103"):
        await stranger.post("/console/join", data=WISH | {"number": number})
    clock.advance(timedelta(days=2))
    async with desk.database.transaction() as work:
        assert await forget_sign_ups(work) == 2
        gone = await work.scalar(select(func.count()).where(contact.c.number_sealed.is_(None)))
    assert gone == 0


@pytest.mark.parametrize("number", ["12", "+52 55 5555 0100", "911", "not a number", "+1 919 555"])
async def test_what_is_no_number_is_said_and_nothing_goes_out(desk: Desk, number: str) -> None:
    page = await (await desk.stranger()).post("/console/join", data=WISH | {"number": number})

    assert page.status_code == 422 and 'role="alert"' in page.text
    assert await questions(desk.database) == 0


async def test_strangers_cannot_be_texted_by_the_hundred(desk: Desk) -> None:
    stranger = await desk.stranger()
    pages = [
        await stranger.post("/console/join", data=WISH | {"number": f"{area} 555 01{last:02d}"})
        for area in (910, 984)
        for last in range(MOST_AN_HOUR // 2 + 1)
    ]

    assert [page.status_code for page in pages] == [200] * MOST_AN_HOUR + [429] * 2
    assert await questions(desk.database) == MOST_AN_HOUR


async def test_a_program_that_fills_in_every_field_is_thanked_and_ignored(desk: Desk) -> None:
    page = await (await desk.stranger()).post("/console/join", data=WISH | {"website": "http://example.org"})

    assert page.status_code == 200
    assert await questions(desk.database) == 0


async def test_who_changes_the_language_stays_on_the_page(desk: Desk) -> None:
    page = await (await desk.stranger()).post("/console/speak", data={"language": "es", "back": "/console/join"})

    assert page.headers["location"] == "/console/join"


async def test_the_page_of_a_county_shows_its_code(desk: Desk) -> None:
    page = await (await desk.stranger()).get(f"/console/join?county={DURHAM}")

    assert "data:image/svg+xml" in page.text and "JOIN Durham COUNTY" in page.text


@pytest.mark.parametrize(("near", "says"), [("27701", "first what is near 27701"), ("", "verified alerts for Durham")])
async def test_a_zip_code_may_be_given_with_the_number(desk: Desk, near: str, says: str) -> None:
    stranger = await desk.stranger()
    await stranger.post("/console/join", data=WISH | {"near": near})

    assert says in str(await desk.texts(ROSA, "YES"))
    async with desk.database.transaction() as work:
        [kept] = await work.all(select(subscription.c.zip_hash))
    assert (kept.zip_hash is not None) == bool(near)


async def test_a_zip_code_that_does_not_exist_is_said_and_asks_nobody(desk: Desk) -> None:
    page = await (await desk.stranger()).post("/console/join", data=WISH | {"near": "99999"})

    assert page.status_code == 422 and "leave it out" in page.text
    assert await questions(desk.database) == 0
