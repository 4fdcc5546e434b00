from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from app.console.alert_page import Rendering, audience_of
from app.core.clock import ManualClock
from app.records.deliveries import delivery
from app.records.states import DeliveryState
from app.rights.topics import Rights
from app.telephony.segments import size_of
from tests.console.conftest import Desk

RIGHTS = Rights.from_pack("us_nc")

DURHAM_PEOPLE = {"+19195550120": "JUNTAR Durham", "+19195550121": "JOIN Durham", "+19195550122": "JUNTAR Durham"}


async def everything_arrives(desk: Desk) -> None:
    """What the worker and the phone company would do."""
    async with desk.database.transaction() as work:
        for state in (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.DELIVERED):
            await work.execute(delivery.update().values(state=state.value))


async def test_an_alert_goes_from_proposal_to_a_county_with_two_signatures(desk: Desk) -> None:
    for phone, words in DURHAM_PEOPLE.items():
        await desk.texts(phone, words)
    path = await desk.proposed()
    tomas = await desk.browser("Tomas")
    page = (await tomas.get(path)).text
    assert 'data-state="proposed"' in page
    assert "2 people" in page and "1 person" in page
    assert "GSM-7" in page
    assert "not yet reviewed by attorneys" in page
    assert "Luz, " in page
    assert (await tomas.post(f"{path}/approve")).status_code == 303
    page = (await tomas.get(path)).text
    assert "Approved. 3 people are being told." in page
    assert 'data-recipients="3"' in page and 'data-pending="3"' in page


async def test_who_wrote_it_is_told_why_they_can_not_sign_and_is_refused(desk: Desk) -> None:
    path = await desk.proposed()
    olga = await desk.browser("Olga")
    page = (await olga.get(path)).text
    assert "You wrote this alert; someone else must approve it." in page
    assert f'action="{path}/approve"' not in page
    assert (await olga.post(f"{path}/approve")).status_code == 403


async def test_a_dispatcher_sees_the_alert_and_why_they_can_not_sign(desk: Desk) -> None:
    path = await desk.proposed()
    assert "Only organizers approve alerts." in (await (await desk.browser("Beto")).get(path)).text


async def test_a_second_press_of_approve_is_explained(desk: Desk) -> None:
    path = await desk.proposed()
    tomas = await desk.browser("Tomas")
    await tomas.post(f"{path}/approve")
    answer = await tomas.post(f"{path}/approve")
    assert answer.status_code == 409
    assert "approved this alert already" in answer.text


async def test_an_alert_in_own_words_carries_its_own_code_whatever_the_draft_said(desk: Desk) -> None:
    incident = await desk.confirmed()
    olga = await desk.browser("Olga")
    page = (await olga.get(incident)).text
    draft = re.search(r'name="draft_code" value="([A-Z]{2}\d{4})"', page)
    assert draft is not None
    own = {
        "text_en": f"Vigia: agents in Durham, 11:50 AM. {RIGHTS.line('en')} Until 2 PM. Code {draft[1]}. STOP to end.",
        "text_es": f"Vigia: agentes en Durham, 11:50 am. {RIGHTS.line('es')} Hasta las 2 pm. Clave {draft[1]}. ALTO: terminar.",
        "draft_code": draft[1],
        "until": "2026-03-02T19:00:00+00:00",
    }
    path = str((await olga.post(f"{incident}/alert", data=own)).headers["location"])
    page = (await olga.get(path)).text
    code = path.rpartition("/")[2]
    assert f"Code {code}. STOP to end." in page
    assert "license plate" not in page


async def test_own_words_without_rights_code_and_stop_are_held(desk: Desk) -> None:
    incident = await desk.confirmed()
    olga = await desk.browser("Olga")
    answer = await olga.post(f"{incident}/alert", data={"text_en": "ICE everywhere, tell everyone!", "text_es": "Hay redada."})

    assert answer.status_code == 422
    assert "line of rights" in answer.text and "how to stop" in answer.text and "lacks its code" in answer.text


async def test_words_that_must_not_go_out_are_named_and_nothing_is_proposed(desk: Desk) -> None:
    incident = await desk.confirmed()
    olga = await desk.browser("Olga")
    words = {"text_en": "Hide now! Car ABC-1234.", "text_es": "Cuidado."}
    answer = await olga.post(f"{incident}/alert", data=words)
    assert answer.status_code == 422
    assert "license plate" in answer.text and "advises to hide" in answer.text
    assert re.search(r"/console/alerts/[A-Z]{2}\d", (await olga.get(incident)).text) is None


async def test_a_returned_alert_shows_its_reason_and_can_be_proposed_anew(desk: Desk) -> None:
    path = await desk.proposed()
    tomas = await desk.browser("Tomas")
    await tomas.post(f"{path}/return", data={"reason": "The street is missing."})
    page = (await tomas.get(path)).text
    assert 'data-state="returned"' in page
    assert "The street is missing." in page
    incident = re.search(r"/console/incidents/[A-Z0-9]+", page)
    assert incident is not None
    olga = await desk.browser("Olga")
    assert (await olga.post(f"{incident[0]}/alert")).status_code == 303


async def test_a_correction_shows_exactly_whom_it_would_reach(desk: Desk) -> None:
    for phone, words in DURHAM_PEOPLE.items():
        await desk.texts(phone, words)
    path = await desk.proposed()
    tomas, olga, ana = await desk.browser("Tomas"), await desk.browser("Olga"), await desk.browser("Ana")
    await tomas.post(f"{path}/approve")
    await everything_arrives(desk)
    await desk.texts("+19195550121", "STOP")
    await desk.texts("+19195550125", "JOIN Durham")  # came after the alert
    incident = re.search(r"/console/incidents/[A-Z0-9]+", (await tomas.get(path)).text)
    assert incident is not None
    assert (await ana.post(f"{incident[0]}/decide", data={"outcome": "police"})).status_code == 303
    correction = str((await olga.post(f"{incident[0]}/update")).headers["location"])
    page = (await tomas.get(correction)).text
    assert "Correction" in page
    assert "to 2 people" in page
    await tomas.post(f"{correction}/approve")
    assert 'data-recipients="2"' in (await tomas.get(correction)).text


async def test_an_alert_that_is_out_of_date_says_so(desk: Desk, clock: ManualClock) -> None:
    path = await desk.proposed()
    clock.advance(timedelta(hours=3))
    page = (await (await desk.browser("Tomas")).get(path)).text
    assert "This alert is out of date" in page


def test_the_audience_is_counted_by_segments() -> None:
    one, two = "a" * 160, "a" * 161
    renderings = [Rendering("en", one, size_of(one), 30), Rendering("es", two, size_of(two), 15)]
    assert audience_of(renderings).people_by_segments == {1: 30, 2: 15}


async def test_the_preview_says_who_is_held_back_and_what_it_costs(desk: Desk) -> None:
    for phone, words in DURHAM_PEOPLE.items():
        await desk.texts(phone, words)
    await desk.texts("+19195550121", "STOP")
    page = (await (await desk.browser("Tomas")).get(await desk.proposed())).text
    assert 'data-held="stopped"' in page and "said stop" in page
    assert "Time to the last phone" in page and "about $0.0" in page and "no number is looked up" in page


async def test_an_alert_pauses_goes_on_and_is_stopped_for_good_with_exact_counts(desk: Desk) -> None:
    for phone, words in DURHAM_PEOPLE.items():
        await desk.texts(phone, words)
    path = await desk.proposed()
    tomas, beto = await desk.browser("Tomas"), await desk.browser("Beto")
    await tomas.post(f"{path}/approve")
    assert (await beto.post(f"{path}/pause")).status_code == 403
    assert (await tomas.post(f"{path}/pause")).status_code == 303
    page = (await tomas.get(path)).text
    assert "3 people wait." in page and f'action="{path}/resume"' in page
    assert 'data-waits="message_held"><strong>3</strong> Somebody holds this message back.' in page
    assert "Nothing of this alert is going out now" in (await tomas.post(f"{path}/pause")).text
    assert (await tomas.post(f"{path}/resume")).status_code == 303
    assert "This alert is not paused" in (await tomas.post(f"{path}/resume")).text
    async with desk.database.transaction() as work:
        first = await work.scalar(select(delivery.c.id).where(delivery.c.lane == 2).limit(1))
        await work.execute(delivery.update().where(delivery.c.id == first).values(state="failed", error_code=30007))
    answer = await tomas.post(f"{path}/cancel")
    assert answer.status_code == 303, answer.text
    page = (await tomas.get(path)).text
    assert "Stopped for good. 2 people did not get it." in page
    assert 'data-failed="1" data-skipped="2" data-pending="0"' in page
    assert 'data-failure="30007"' in page and "Write plainer words without links" in page
    assert (await tomas.post(f"{path}/cancel")).status_code == 409
