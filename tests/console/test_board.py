from __future__ import annotations

from datetime import timedelta

from app.core.clock import ManualClock
from tests.console.conftest import KEN, LUZ_PHONE, ROSA, Desk

MARISOL = "+19195550112"


async def test_a_quiet_board_says_so(desk: Desk) -> None:
    page = (await (await desk.browser("Ana")).get("/console/")).text
    assert "All quiet." in page
    assert "Nothing waits" in page


async def test_a_report_is_on_the_board_with_its_place_and_its_county_on_the_map(desk: Desk) -> None:
    await desk.texts(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    page = (await (await desk.browser("Ana")).get("/console/")).text
    assert "1 incident waits" in page
    assert "Durham County: 1 incident, Open" in page
    assert page.count("<path ") == 101  # a hundred counties and the eye of the brand


async def test_who_takes_the_most_urgent_finds_it_on_the_board_until_it_is_given_back(desk: Desk) -> None:
    client, path, post = await desk.taken()
    code = path.rpartition("/")[2]
    assert f"Go on with {code}" in (await client.get("/console/")).text
    assert "Ana has it" in (await (await desk.browser("Beto")).get("/console/")).text
    assert (await post("release")).headers["location"] == "/console/"
    assert "1 incident waits" in (await client.get("/console/")).text


async def test_taking_when_nothing_waits_leads_back_with_a_word(desk: Desk) -> None:
    client = await desk.browser("Ana")
    assert (await client.post("/console/tasks/pull")).headers["location"] == "/console/"
    assert "Nothing waits for you right now." in (await client.get("/console/")).text
    assert "Nothing waits for you right now." not in (await client.get("/console/")).text  # said once


async def test_what_was_merged_into_another_incident_is_nobodys_work(desk: Desk) -> None:
    await desk.texts(MARISOL, "se estan llevando gente afuera de la walmart, son de migracion con chalecos")
    await desk.texts(ROSA, "Hay camionetas de la migra afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    await desk.texts(MARISOL, "Durham, la de la Roxboro")
    client = await desk.browser("Ana")
    page = (await client.get("/console/")).text
    assert "1 incident waits" in page
    taken = await client.get((await client.post("/console/tasks/pull")).headers["location"])
    assert 'data-state="open"' in taken.text
    assert taken.text.count("data-report=") == 2


async def test_only_the_live_part_comes_when_the_page_asks_for_it(desk: Desk) -> None:
    client = await desk.browser("Ana")
    part = (await client.get("/console/", headers={"HX-Request": "true"})).text
    assert "<html" not in part
    assert "Open incidents" in part


async def test_a_verifier_is_led_to_their_offers_and_an_administrator_to_the_people(desk: Desk) -> None:
    assert (await (await desk.browser("Luz")).get("/console/")).headers["location"] == "/console/offers"
    assert (await (await desk.browser("Ada")).get("/console/")).headers["location"] == "/console/people"


async def test_a_verifier_sees_the_exact_place_only_after_saying_yes(desk: Desk) -> None:
    _, _, post = await desk.taken()
    await post("offer", volunteer="Luz")
    luz = await desk.browser("Luz")
    asked = (await luz.get("/console/offers")).text
    assert "Asked, no answer yet" in asked
    assert "Roxboro" not in asked
    await desk.texts(LUZ_PHONE, "Y")
    assert "Roxboro" in (await luz.get("/console/offers")).text


async def test_ages_are_told_in_the_largest_unit_that_fits(desk: Desk, clock: ManualClock) -> None:
    await desk.texts(KEN, "ICE agents outside the Walmart on Roxboro Rd in Durham right now")
    clock.advance(timedelta(minutes=7))
    client = await desk.browser("Ana")
    assert "7 min ago" in (await client.get("/console/")).text
    await client.post("/console/language", data={"language": "es"})
    assert "hace 7 min" in (await client.get("/console/")).text


async def test_work_is_found_also_after_redis_lost_everything(desk: Desk) -> None:
    await desk.texts(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    await desk.hotline.redis.flushall()
    client = await desk.browser("Ana")
    assert "/console/incidents/" in (await client.post("/console/tasks/pull")).headers["location"]


async def test_who_is_out_there_and_not_known_to_be_ok_stands_on_top(desk: Desk) -> None:
    _, path, post = await desk.taken()
    await post("offer", volunteer="Luz")
    await desk.texts(LUZ_PHONE, "Y")
    client = await desk.browser("Ana")
    assert "not known to be OK" not in (await client.get("/console/")).text

    await desk.texts(LUZ_PHONE, "HELP")

    page = (await client.get("/console/")).text
    assert "Luz is not known to be OK." in page
    assert f'href="{path}"' in page
    await client.post("/console/language", data={"language": "es"})
    assert "No se sabe si Luz está bien." in (await client.get("/console/")).text

    await desk.texts(LUZ_PHONE, "OK")
    assert "No se sabe si" not in (await client.get("/console/")).text
