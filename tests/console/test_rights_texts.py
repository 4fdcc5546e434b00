"""Two people approve each rights text in each language; until then it carries its mark, and after its time it is not sent."""

from __future__ import annotations

import re
from datetime import date, timedelta

import httpx2
from sqlalchemy import select

from app.core.clock import ManualClock
from app.records.events import event, verify_chain
from app.rights.review import changes
from app.rights.topics import STALE, Rights
from app.telephony.segments import spelled_to_fit
from tests.console.conftest import Browser, Desk

PATH = "/console/rights/door/en"
KEN = "+19195550111"


async def approve(client: Browser, *, path: str = PATH, days: int = 90) -> httpx2.Response:
    page = (await client.get(path)).text
    digest, first = re.search(r'name="digest" value="(\w+)"', page), re.search(r'min="([\d-]+)"', page)
    assert digest is not None and first is not None
    until = date.fromisoformat(first[1]) + timedelta(days=days)
    return await client.post(f"{path}/approve", data={"digest": digest[1], "expires_on": until.isoformat()})


async def test_a_text_loses_its_mark_when_two_different_people_approved_it(desk: Desk) -> None:
    olga, tomas = await desk.browser("Olga"), await desk.browser("Tomas")
    assert "not yet reviewed" in (await desk.texts(KEN, "RIGHTS DOOR") or "")
    assert (await approve(olga)).status_code == 303
    page = (await olga.get(PATH)).text
    assert "Approved by Olga" in page and 'name="digest"' not in page
    assert "not yet reviewed" in (await desk.texts(KEN, "RIGHTS DOOR") or "")
    assert (await approve(tomas)).status_code == 303
    assert "not yet reviewed" not in (await desk.texts(KEN, "RIGHTS DOOR") or "")
    assert "sin revision" in (await desk.texts("+19195550112", "DERECHOS PUERTA") or "")
    assert "reviewed" in (await olga.get("/console/rights")).text


async def test_one_person_can_not_approve_twice_from_another_tab(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    page = (await olga.get(PATH)).text
    digest = re.search(r'name="digest" value="(\w+)"', page)
    usual = re.search(r'value="(20[\d-]+)"', page)
    assert digest is not None and usual is not None
    form = {"digest": digest[1], "expires_on": usual[1]}
    assert (await olga.post(f"{PATH}/approve", data=form)).status_code == 303
    again = await olga.post(f"{PATH}/approve", data=form)
    assert again.status_code == 409 and "another person" in again.text


async def test_words_that_changed_meanwhile_are_not_approved(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    answer = await olga.post(f"{PATH}/approve", data={"digest": "0" * 64, "expires_on": "2027-01-01"})
    assert answer.status_code == 409 and "read them again" in answer.text


async def test_a_text_whose_time_is_over_is_not_sent_and_says_so(desk: Desk, clock: ManualClock) -> None:
    await approve(await desk.browser("Olga"), days=200)
    await approve(await desk.browser("Tomas"), days=10)
    clock.advance(timedelta(days=12))
    assert await desk.texts(KEN, "RIGHTS DOOR") == spelled_to_fit(STALE["en"])
    assert "out of date" in (await (await desk.browser("Olga")).get("/console/rights")).text


async def test_a_text_with_a_fault_is_out_of_use_at_once_and_every_act_is_on_record(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    await approve(olga)
    await approve(await desk.browser("Tomas"))
    assert (await olga.post(f"{PATH}/withdraw")).status_code == 303
    assert await desk.texts(KEN, "RIGHTS DOOR") == spelled_to_fit(STALE["en"])
    assert (await olga.post(f"{PATH}/withdraw")).status_code == 409
    async with desk.database.transaction() as work:
        verbs = (await work.execute(select(event.c.verb).where(event.c.verb.like("rights.%")).order_by(event.c.id))).scalars()
        assert list(verbs) == ["rights.approved", "rights.approved", "rights.withdrawn"]
        assert (await verify_chain(work)).broken_at is None


async def test_new_words_wait_while_the_approved_ones_are_sent_and_the_page_shows_what_changed(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    await approve(olga)
    await approve(await desk.browser("Tomas"))
    topics = desk.hotline.rights.topics
    door = topics["door"]
    wording = door.wordings["en"].model_copy(
        update={"long": door.wordings["en"].long.replace("need not open", "never have to open")}
    )
    changed = door.model_copy(update={"wordings": {**door.wordings, "en": wording}})
    object.__setattr__(desk.hotline, "rights", Rights({**topics, "door": changed}))
    try:
        assert "need not open" in (await desk.texts(KEN, "RIGHTS DOOR") or "")
        page = (await olga.get(PATH)).text
        assert "<del>need not</del>" in page and "<ins>never have to</ins>" in page
    finally:
        object.__setattr__(desk.hotline, "rights", Rights(topics))


def test_what_changed_is_told_in_runs_of_words() -> None:
    assert changes("you need not open", "you must not open it") == [
        ("same", "you"), ("gone", "need"), ("new", "must"), ("same", "not open"), ("new", "it"),
    ]  # fmt: skip
