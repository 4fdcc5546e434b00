"""The undo of a decision on an incident's page: who sees it, for how long, what it says beforehand, and what it answers afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import update

from app.core.clock import ManualClock
from app.records.deliveries import delivery
from app.volunteers.tables import volunteer
from tests.console.conftest import Browser, Desk


async def undo(client: Browser, path: str, page: str, **fields: str) -> tuple[int, str]:
    """Press the button of a page: the status, and the page that follows or the refusal."""
    which = re.search(r'name="decision" value="([^"]+)"', page)
    assert which is not None, "the page offers no undo"
    answer = await client.post(f"{path}/decision/undo", data={"decision": which[1], "ground": "slip", **fields})
    shown = await client.get(answer.headers["location"]) if answer.status_code == 303 else answer
    return answer.status_code, shown.text


async def test_a_decision_is_undone_by_a_button_that_counts_down_and_says_who_will_hear(desk: Desk, clock: ManualClock) -> None:
    client, path, post = await desk.taken()
    await post("decide", outcome="police")
    page = (await client.get(path)).text
    assert "Undo (10 min left)" in page and 'data-key="z"' in page
    assert "Nobody has heard it yet" in page
    async with desk.database.transaction() as work:
        await work.execute(update(delivery).values(state="delivered"))
    clock.advance(timedelta(minutes=1, seconds=1))
    page = (await client.get(path)).text
    assert "Undo (9 min left)" in page
    assert "1 person is told by text that what they heard was wrong" in page
    status, shown = await undo(client, path, page, because="one key too far")
    assert status == 303
    assert "It is yours again. Told by text that it was wrong: 1." in shown
    assert 'data-state="open"' in shown and "This is yours." in shown
    assert "The decision was undone: " in shown and "(the wrong button was pressed)" in shown and "one key too far" in shown
    assert "Undo (" not in shown


async def test_the_button_is_for_who_decided_and_for_a_lead(desk: Desk) -> None:
    client, path, post = await desk.taken()
    await post("decide", outcome="police")
    page = (await client.get(path)).text
    assert "Undo (" in (await (await desk.browser("Beto")).get(path)).text
    olga = await desk.browser("Olga")
    assert "Undo (" not in (await olga.get(path)).text
    assert (await undo(olga, path, page))[0] == 403


async def test_after_ten_minutes_the_button_is_gone_and_an_old_page_is_refused_in_both_languages(
    desk: Desk, clock: ManualClock
) -> None:
    client, path, post = await desk.taken()
    await post("decide", outcome="police")
    page = (await client.get(path)).text
    clock.advance(timedelta(minutes=10))
    assert "Undo (" not in (await client.get(path)).text
    status, refusal = await undo(client, path, page)
    assert status == 409 and "can be undone for ten minutes" in refusal
    async with desk.database.transaction() as work:
        await work.execute(update(volunteer).values(interface_language="es"))
    assert "durante diez minutos" in (await undo(client, path, page))[1]


async def test_an_alert_keeps_it_and_the_page_says_what_to_do_instead(desk: Desk) -> None:
    client, path, post = await desk.taken()
    await post("offer", volunteer="Luz")
    await desk.texts("+19195550103", "Si")
    await desk.texts("+19195550103", "confirmo")
    await post("decide", outcome="confirm")
    page = (await client.get(path)).text
    assert (await (await desk.browser("Olga")).post(f"{path}/alert", data={})).status_code == 303
    shown = (await client.get(path)).text
    assert "Have it returned to its author first" in shown and "Undo (" not in shown
    status, refusal = await undo(client, path, page)
    assert status == 409 and "Have it returned to its author first" in refusal


async def test_a_second_press_and_words_about_a_person_are_refused(desk: Desk) -> None:
    client, path, post = await desk.taken()
    await post("decide", outcome="police")
    page = (await client.get(path)).text
    assert (await undo(client, path, page, because="her name was given"))[0] == 422
    assert (await undo(client, path, page, ground="seen_there"))[0] == 422
    assert (await undo(client, path, page))[0] == 303
    status, refusal = await undo(client, path, page)
    assert status == 409 and "undone already" in refusal
