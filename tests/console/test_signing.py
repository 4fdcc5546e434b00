"""Signing over real HTTP: a server on a socket, browsers beside each other, one right result and words that explain every other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.records.deliveries import delivery, outgoing_message
from app.simulator.server import loopback_socket, serving
from app.volunteers.tables import LinkPurpose, volunteer
from tests.console.conftest import LUZ_PHONE, Desk

PEOPLE = {"+19195550120": "JUNTAR Durham", "+19195550121": "JOIN Durham", "+19195550122": "JUNTAR Durham"}


@pytest.fixture
async def address(desk: Desk) -> AsyncIterator[str]:
    """The console, served on loopback."""
    async with serving(desk.app, loopback_socket()) as where:
        yield where


async def tab(desk: Desk, address: str, alias: str) -> httpx2.AsyncClient:
    """One more tab in which somebody is signed in."""
    client = httpx2.AsyncClient(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False)
    await desk.stack.enter_async_context(client)
    answer = await client.get(f"/console/login/{await desk.link(alias, LinkPurpose.DEMO)}")
    assert answer.status_code == 303
    return client


async def waiting(desk: Desk) -> str:
    for phone, words in PEOPLE.items():
        await desk.texts(phone, words)
    return await desk.proposed()


async def texts_planned(desk: Desk) -> int:
    async with desk.database.transaction() as work:
        told = select(delivery.c.contact_id).join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        people = (await work.execute(told.where(outgoing_message.c.purpose == "alert"))).scalars().all()
    assert len(people) == len(set(people))  # nobody twice
    return len(people)


def refusal(answer: httpx2.Response) -> str:
    """The page's own words, without its marks."""
    return re.sub(r"<[^>]+>", " ", answer.text).replace("&#39;", "'")


async def test_two_people_and_a_second_tab_sign_at_once_and_it_goes_out_once(desk: Desk, address: str) -> None:
    path = await waiting(desk)
    async with desk.database.transaction() as work:
        await work.execute(volunteer.update().where(volunteer.c.alias == "Beto").values(roles=["dispatcher", "organizer"]))
    tabs = [await tab(desk, address, alias) for alias in ("Tomas", "Beto", "Tomas", "Beto")]
    answers = await asyncio.gather(*(one.post(f"{path}/approve") for one in tabs))

    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert all("Somebody approved this alert already" in refusal(one) for one in answers if one.status_code == 409)
    assert await texts_planned(desk) == 3


async def test_a_second_press_and_the_author_in_another_tab_are_told_that_it_is_out(desk: Desk, address: str) -> None:
    path = await waiting(desk)
    tomas, first, second = [await tab(desk, address, alias) for alias in ("Tomas", "Olga", "Olga")]
    before = await first.post(f"{path}/approve")
    assert before.status_code == 403 and "someone else must approve it" in refusal(before)
    assert (await tomas.post(f"{path}/approve")).status_code == 303
    for again in (tomas, second):
        answer = await again.post(f"{path}/approve")
        assert answer.status_code == 409 and "approved this alert already" in refusal(answer)
    assert await texts_planned(desk) == 3


async def test_the_author_who_takes_it_back_while_another_signs_gets_one_of_two_right_results(desk: Desk, address: str) -> None:
    path = await waiting(desk)
    tomas, olga = await tab(desk, address, "Tomas"), await tab(desk, address, "Olga")
    signed, taken_back = await asyncio.gather(
        tomas.post(f"{path}/approve"), olga.post(f"{path}/return", data={"reason": "I named the wrong street"})
    )
    page = (await olga.get(path)).text
    if signed.status_code == 303:
        assert taken_back.status_code == 409 and 'data-state="approved"' in page and await texts_planned(desk) == 3
    else:
        assert signed.status_code == 409 and "went back to its author" in refusal(signed)
        assert taken_back.status_code == 303 and 'data-state="returned"' in page and await texts_planned(desk) == 0


async def test_after_its_time_is_over_nobody_signs(desk: Desk, address: str, clock: ManualClock) -> None:
    path = await waiting(desk)
    clock.advance(timedelta(hours=3))
    answer = await (await tab(desk, address, "Tomas")).post(f"{path}/approve")
    assert answer.status_code == 409 and "out of date. Propose it again" in refusal(answer)
    assert await texts_planned(desk) == 0


async def test_after_a_retraction_nobody_signs_and_the_page_says_why(desk: Desk, address: str) -> None:
    path = await waiting(desk)
    tomas = await tab(desk, address, "Tomas")
    await desk.texts(LUZ_PHONE, "nada")
    taken_back = await tomas.post(f"{path}/approve")
    assert taken_back.status_code == 409 and "took it back" in refusal(taken_back)
    incident = re.search(r"/console/incidents/[A-Z0-9]+", (await tomas.get(path)).text)
    assert incident is not None
    ana = await tab(desk, address, "Ana")
    assert (await ana.post(f"{incident[0]}/decide", data={"outcome": "nothing"})).status_code == 303
    decided = await tomas.post(f"{path}/approve")
    assert decided.status_code == 409 and "no longer confirmed" in refusal(decided)
    assert await texts_planned(desk) == 0


async def test_one_person_alone_over_http_only_after_an_administrator_opened_the_county(desk: Desk, address: str) -> None:
    path = await waiting(desk)
    olga, tomas, ada = [await tab(desk, address, alias) for alias in ("Olga", "Tomas", "Ada")]
    why = {"reason": "Nobody else answers and it is happening now"}
    assert (await olga.post(f"{path}/alone", data=why)).status_code == 403
    opening = {"county": "37063", "hours": "1", "reason": "The storm cut two of us off"}
    assert (await olga.post("/console/break-glass", data=opening)).status_code == 403
    assert (await ada.post("/console/break-glass", data=opening)).status_code == 303
    assert 'name="reason"' in (await olga.get(path)).text.split("Break-glass is open for this county")[1]
    assert (await olga.post(f"{path}/alone", data=why)).status_code == 303
    assert await texts_planned(desk) == 3
    assert f'data-alone="{path.rpartition("/")[2]}"' in (await tomas.get("/console/")).text
    page = (await tomas.get("/console/break-glass")).text
    review = re.search(r"/console/break-glass/review/[0-9a-f-]+", page)
    assert review is not None
    assert (await olga.post(review[0], data={"note": "it was fine"})).status_code == 403
    assert (await tomas.post(review[0], data={"note": "True, I called two reporters."})).status_code == 303
    assert "data-alone" not in (await tomas.get("/console/")).text
