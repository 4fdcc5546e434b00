from __future__ import annotations

import asyncio
from datetime import timedelta

from app.core.clock import ManualClock
from app.volunteers.access import LinkRefused, sign_in
from app.volunteers.tables import LinkPurpose
from tests.console.conftest import Desk


async def test_an_invitation_asks_for_a_press_of_the_button_and_works_once(desk: Desk) -> None:
    token, client = await desk.link("Ana", LinkPurpose.INVITE), await desk.stranger()
    path = f"/console/login/{token}"
    assert "Welcome, Ana" in (await client.get(path)).text  # a link preview used nothing up
    assert (await client.post(path)).status_code == 303
    assert (await client.get("/console/")).status_code == 200
    again = await (await desk.stranger()).post(path)
    assert again.status_code == 403
    assert "does not work any more" in again.text


async def test_an_invitation_used_twice_in_the_same_moment_signs_one_browser_in(desk: Desk) -> None:
    token = await desk.link("Ana", LinkPurpose.INVITE)

    async def use() -> bool:
        async with desk.database.transaction() as work:
            try:
                await sign_in(work, token, lasts=timedelta(hours=1))
            except LinkRefused:
                return False
            return True

    assert sorted(await asyncio.gather(*(use() for _ in range(8)))) == [False] * 7 + [True]


async def test_a_demo_link_works_as_often_as_it_is_followed(desk: Desk) -> None:
    token = await desk.link("Luz", LinkPurpose.DEMO)
    for _ in range(3):
        answer = await (await desk.stranger()).get(f"/console/login/{token}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
        assert "httponly" in answer.headers["set-cookie"].lower()


async def test_a_newer_invitation_replaces_the_unused_one(desk: Desk) -> None:
    older = await desk.link("Ana", LinkPurpose.INVITE)
    await desk.link("Ana", LinkPurpose.INVITE)
    assert (await (await desk.stranger()).post(f"/console/login/{older}")).status_code == 403


async def test_a_link_and_a_session_end_with_their_time(desk: Desk, clock: ManualClock) -> None:
    late = await desk.link("Ana", LinkPurpose.DEMO, timedelta(hours=1))
    client = await desk.browser("Ana")
    clock.advance(timedelta(hours=13))
    assert (await client.get("/console/")).status_code == 401
    assert (await (await desk.stranger()).get(f"/console/login/{late}")).status_code == 403


async def test_who_signs_out_is_out_and_is_told(desk: Desk) -> None:
    client = await desk.browser("Ana")
    await client.post("/console/logout")
    answer = await client.get("/console/")
    assert answer.status_code == 401
    assert "You are signed out" in answer.text


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(desk: Desk) -> None:
    client, thief = await desk.browser("Ana"), await desk.stranger()
    thief.cookies.set("vigia_session", client.cookies["vigia_session"], domain="localhost", path="/console")
    await client.post("/console/logout")
    assert (await thief.get("/console/")).status_code == 401


async def test_the_language_that_a_volunteer_chose_follows_them_to_another_browser(desk: Desk) -> None:
    client = await desk.browser("Ana")
    await client.post("/console/language", data={"language": "es", "back": "/console/rights"})
    assert '<html lang="es">' in (await client.get("/console/rights")).text
    assert "Tablero" in (await (await desk.browser("Ana")).get("/console/")).text


async def test_a_form_can_not_send_its_reader_to_another_site(desk: Desk) -> None:
    client = await desk.browser("Ana")
    for back in ("https://evil.example/", "//evil.example/", "/console//evil.example", "/elsewhere"):
        answer = await client.post("/console/language", data={"language": "en", "back": back})
        assert answer.headers["location"] == "/console/"


async def test_a_shift_begins_and_ends_at_the_press_of_a_button(desk: Desk) -> None:
    client = await desk.browser("Luz")
    await client.post("/console/shift", data={"on": "false"})
    assert "nobody can ask you" in (await client.get("/console/offers")).text
    await client.post("/console/shift", data={"on": "true", "back": "/console/offers"})
    assert "Your shift began" in (await client.get("/console/offers")).text
