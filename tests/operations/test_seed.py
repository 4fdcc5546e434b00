"""The demo's people: everybody that a newcomer may want to be, and a week of shifts with one gap."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import httpx2
import pytest

from app.assembly import open_parts
from app.core.clock import ManualClock
from app.core.database import Database
from app.main import create_app
from app.operations.demo import doors
from app.operations.people_of_the_demo import ALAMANCE, DURHAM, VOLUNTEERS, WAKE
from app.operations.seed import seed_demo
from app.pipeline import Hotline
from app.pipeline_coverage import read_cover
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket, serving
from app.volunteers.coverage import Duty
from app.volunteers.presence import follow_plans
from app.volunteers.roster import list_volunteers, suspend
from app.volunteers.spoken import say_span
from app.volunteers.tables import Role


async def test_a_newcomer_can_be_a_person_of_every_role(database: Database) -> None:
    links = await seed_demo(database)

    assert {role for person in VOLUNTEERS if person.alias in links for role in person.roles} == set(Role)
    assert [door["role"] for door in doors(links)].count("admin") == 1


@pytest.mark.parametrize("day", range(7))
async def test_on_any_day_the_demos_week_has_the_one_gap_that_coverage_names(
    database: Database, hotline: Hotline, clock: ManualClock, settings: Settings, day: int
) -> None:
    await seed_demo(database, with_shifts=True)
    clock.advance(timedelta(days=day))
    async with database.transaction() as work:
        [gap] = (await read_cover(work, hotline, settings.covered_hours)).gaps

    assert (gap.duty, set(gap.counties)) == (Duty.FIELD, {DURHAM, WAKE, ALAMANCE})
    assert say_span(gap.span, hotline.time_zone, "en").startswith("Thu")


async def test_who_plans_a_week_is_on_duty_then_and_who_plays_the_story_always_is(database: Database, hotline: Hotline) -> None:
    await seed_demo(database, with_shifts=True)
    async with database.transaction() as work:
        await follow_plans(work, hotline.time_zone)
        there = {person.alias for person in await list_volunteers(work) if person.on_shift}

    assert there == {"Ana", "Beto", "Luz", "Sam", "Olga", "Tomas", "Vera", "Marta", "Teo", "Wanda"}  # Monday at noon


async def test_a_demo_from_before_gets_the_people_it_lacks_and_keeps_what_was_done_with_the_others(database: Database) -> None:
    await seed_demo(database)
    async with database.transaction() as work:
        people = {person.alias: person for person in await list_volunteers(work)}
        await suspend(work, people["Nilo"], people["Vera"])
    links = await seed_demo(database, with_shifts=True)
    async with database.transaction() as work:
        again = {person.alias: person for person in await list_volunteers(work)}

    assert {alias: person.id for alias, person in again.items()} == {alias: person.id for alias, person in people.items()}
    assert again["Nilo"].standing == "suspended"
    assert "Marta" in links


async def test_the_demos_front_page_has_a_door_for_each_role_in_the_readers_language(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = loopback_socket()
    demo = settings.model_copy(update={"public_url": address_of(listener), "demo": True})
    async with open_parts(demo) as parts:
        monkeypatch.setenv("VIGIA_DEMO_LINKS", json.dumps(doors(await seed_demo(parts.database))))
    async with (
        serving(create_app(demo), listener) as web,
        httpx2.AsyncClient(base_url=web, trust_env=False, follow_redirects=True) as client,
    ):
        page = (await client.get("/console/", headers={"Accept-Language": "es"})).text
        found = re.findall(r'href="(/console/login/[^"]+)">(\w+) <span class="soft">([^<]+)<', page)
        at = {alias: path for path, alias, _ in found}
        as_vera = (await client.get(at["Vera"])).text

    assert [(alias, role) for _, alias, role in found[-3:]] == [
        ("Marta", "Coordinación"),
        ("Nilo", "De reserva"),
        ("Vera", "Administración"),
    ]
    assert 'href="/console/people"' in as_vera
