"""Changing people in the console: what they may do no longer they stop doing at once, each change has an author, somebody administers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from sqlalchemy import select

from app.pipeline_swaps import take_swap
from app.records.deliveries import delivery, outgoing_message
from app.records.events import event, verify_chain
from app.records.states import OfferState
from app.records.verification import offer
from app.volunteers.roster import get_volunteer
from app.volunteers.shift_tables import swap
from app.volunteers.swaps import get_swap
from app.volunteers.tables import Volunteer, volunteer
from app.volunteers.witnesses import confirming_witnesses
from tests.console.conftest import DURHAM, LUZ_PHONE, Desk

LUZ: dict[str, Any] = {
    "roles": ["verifier"],
    "languages": ["en", "es"],
    "counties": [DURHAM],
    "trained": "true",
    "vetting": "known",
}
ANA: dict[str, Any] = {"roles": ["dispatcher"], "languages": ["en", "es"]}


async def person(desk: Desk, alias: str) -> Volunteer:
    async with desk.database.transaction() as work:
        found = await work.get(Volunteer, volunteer.c.alias == alias)
        assert found is not None
        return found


async def changes(desk: Desk, alias: str) -> list[tuple[str, str, Any, Any]]:
    async with desk.database.transaction() as work:
        author = volunteer.alias("author")
        rows = await work.all(
            select(event, author.c.alias)
            .join(author, author.c.id == event.c.actor_id)
            .where(event.c.verb == "volunteer.changed", event.c.subject_id == desk.people[alias].id)
            .order_by(event.c.id)
        )
        assert (await verify_chain(work)).broken_at is None
    return [(row.alias, row.facts["field"], row.facts["was"], row.facts["now"]) for row in rows]


async def test_every_field_is_changed_and_each_change_is_in_the_chain_under_its_author(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    wanted = {
        "roles": ["verifier", "dispatcher"], "languages": ["es"], "counties": ["37183", DURHAM], "zones": " East  Durham, Braggtown,",
        "skills": ["detention"], "drives": "true", "vetting": "vetted", "trainee": "true",
    }  # fmt: skip
    assert (await ada.post("/console/people/Luz", data=wanted)).status_code == 303
    luz = await person(desk, "Luz")
    page = (await ada.get("/console/people/Luz")).text

    assert (luz.roles, luz.languages, luz.counties) == (["dispatcher", "verifier"], ["es"], [DURHAM, "37183"])
    assert (luz.zones, luz.skills, luz.drives) == (["East Durham", "Braggtown"], ["detention"], True)
    assert (luz.vetting, luz.trainee, luz.trained) == ("vetted", True, False)
    told = await changes(desk, "Luz")
    assert {author for author, *_ in told} == {"Ada"}
    assert [field for _, field, *_ in told] == [
        "roles", "languages", "counties", "zones", "skills", "drives", "trained", "vetting", "trainee"
    ]  # fmt: skip
    assert ("Ada", "trained", True, False) in told and ("Ada", "counties", [DURHAM], [DURHAM, "37183"]) in told
    assert "Braggtown" in page and "Durham, Wake" in re.sub(r"\s+", " ", page)
    assert page.count("A person was changed") == 9


async def test_what_did_not_change_is_not_written_down(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    assert (await ada.post("/console/people/Luz", data=LUZ)).status_code == 303
    assert await changes(desk, "Luz") == []


async def test_who_is_no_dispatcher_any_more_holds_nothing(desk: Desk) -> None:
    _, path, post = await desk.taken()
    ada, beto = await desk.browser("Ada"), await desk.browser("Beto")
    await ada.post("/console/people/Ana", data=ANA | {"roles": ["organizer"]})

    assert (await post("release")).status_code == 403
    assert (await beto.post("/console/tasks/pull")).headers["location"] == path


async def test_who_is_suspended_on_the_way_is_told_not_to_go_and_is_asked_no_more(desk: Desk) -> None:
    _, _, post = await desk.taken()
    await post("offer", volunteer="Luz")
    await desk.texts(LUZ_PHONE, "Si")
    ada = await desk.browser("Ada")
    assert (await ada.post("/console/people/Luz/suspend")).status_code == 303
    late = await desk.texts(LUZ_PHONE, "confirmo")
    async with desk.database.transaction() as work:
        states = (await work.execute(select(offer.c.state))).scalars().all()
        rows = await work.all(
            select(outgoing_message.c.purpose, delivery.c.state)
            .join(delivery, delivery.c.message_id == outgoing_message.c.id)
            .where(outgoing_message.c.purpose.in_(("offer", "stand_down")))
            .order_by(outgoing_message.c.created_at)
        )
    assert states == [OfferState.STOOD_DOWN]
    assert [(row.purpose, row.state) for row in rows] == [("offer", "skipped"), ("stand_down", "pending")]
    assert "noted" not in str(late)


async def test_who_is_no_longer_trained_is_not_sent(desk: Desk) -> None:
    _, path, post = await desk.taken()
    await post("offer", volunteer="Luz")
    ada, ana = await desk.browser("Ada"), await desk.browser("Ana")
    await ada.post("/console/people/Luz", data={key: value for key, value in LUZ.items() if key != "trained"})

    assert "Called off" in (await ana.get(path)).text


async def test_the_last_administrator_stays_one(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    refused = await ada.post("/console/people/Ada", data={"roles": ["organizer"], "languages": ["en"]})
    await ada.post("/console/people/Olga", data={"roles": ["organizer", "admin"], "languages": ["en", "es"]})
    done = await ada.post("/console/people/Ada", data={"roles": ["organizer"], "languages": ["en"]})

    assert refused.status_code == 403 and "The hotline needs an administrator" in refused.text
    assert done.status_code == 303
    assert (await ada.get("/console/people")).status_code == 403


async def test_of_two_administrators_who_suspend_each_other_in_one_moment_one_stays(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    await ada.post("/console/people/Olga", data={"roles": ["organizer", "admin"], "languages": ["en", "es"]})
    olga = await desk.browser("Olga")
    answers = await asyncio.gather(
        ada.post("/console/people/Olga/suspend"), olga.post("/console/people/Ada/suspend"), return_exceptions=True
    )
    async with desk.database.transaction() as work:
        rows = await work.all(
            select(volunteer.c.alias).where(volunteer.c.roles.contains(["admin"]), volunteer.c.standing == "active")
        )

    assert len(answers) == 2
    assert len(rows) == 1


async def test_what_nobody_can_be_is_refused_in_words(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    for wrong, says in (
        ({"roles": ["organizer"], "vetting": "new"}, "Nobody new can be"),
        ({"roles": ["dispatcher", "lead"], "trainee": "true"}, "A trainee can"),
        ({"roles": ["lead"]}, "must be a dispatcher too"),
        ({"zones": "Durham; DROP"}, "towns or parts of towns"),
        ({"zones": ",".join("abcdefghijklmn")}, "towns or parts of towns"),
        ({"counties": ["99999"]}, "Choose counties of the list"),
        ({"vetting": "saint"}, "does not fit"),
    ):
        answer = await ada.post("/console/people/Luz", data=LUZ | wrong)
        assert answer.status_code == 422, wrong
        assert says in answer.text
    assert (await ada.post("/console/people/Ana", data=ANA | {"roles": ["verifier"]})).status_code == 422, "without a phone"
    assert (await ada.get("/console/people/Nobody")).status_code == 404
    assert await changes(desk, "Luz") == []


async def test_what_a_trainee_saw_does_not_confirm(desk: Desk) -> None:
    await desk.confirmed()
    about = await desk.incident()
    async with desk.database.transaction() as work:
        before = await confirming_witnesses(work, about.id)
    ada = await desk.browser("Ada")
    await ada.post("/console/people/Luz", data=LUZ | {"trainee": "true"})
    async with desk.database.transaction() as work:
        after = await confirming_witnesses(work, about.id)

    assert (before, after) == ({desk.people["Luz"].id}, set())


async def test_who_is_suspended_asks_for_no_swap_and_takes_none(desk: Desk) -> None:
    ada, beto = await desk.browser("Ada"), await desk.browser("Beto")
    await ada.post("/console/people", data={"alias": "Nia", "roles": "dispatcher", "languages": "en", "counties": DURHAM})
    for who in ("Ana", "Beto"):
        extra = {"kind": "extra", "day": "2026-03-06", "begins": "18:00", "ends": "22:00", "who": who}
        await beto.post("/console/shifts/once", data=extra)
        hours = {"begins": "2026-03-06T23:00:00+00:00", "ends": "2026-03-07T03:00:00+00:00", "who": who}
        assert (await beto.post("/console/shifts/swaps", data=hours)).status_code == 303
    async with desk.database.transaction() as work:
        nia, asked = await get_volunteer(work, "Nia"), await get_swap(work, 2)
        assert asked is not None and await take_swap(work, desk.hotline, asked, nia) == "waits"
    for who in ("Ana", "Nia"):
        await ada.post(f"/console/people/{who}/suspend")
    async with desk.database.transaction() as work:
        rows = await work.all(select(swap.c.state, swap.c.taker_id).order_by(swap.c.number))

    assert [(row.state, row.taker_id) for row in rows] == [("withdrawn", None), ("open", None)]
