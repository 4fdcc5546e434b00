"""Writing to the person behind a report through the hotline: their answers come back, nobody sees a number, and one who looks says why."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.delivery.switch import halt
from app.records.contacts import contact
from app.records.deliveries import OutgoingText, delivery, outgoing_message, outgoing_text
from app.records.events import event, verify_chain
from app.records.incidents import report
from app.records.masked import CallState, MaskedCall, masked_call
from app.verification.contact import LASTS
from app.volunteers.roster import add_volunteer
from tests.console.conftest import LUZ_PHONE, ROSA, Browser, Desk


async def talk_page(desk: Desk, alias: str = "Ana") -> tuple[Browser, str]:
    """A neighbour has reported and a dispatcher holds it: their browser and the address of the talk."""
    client, path, _ = await desk.taken(alias)
    link = re.search(rf"{path}/contacts/[\w-]+", (await client.get(path)).text)
    assert link is not None
    return client, link[0]


async def sent_by_hand(desk: Desk) -> list[str]:
    """What the outbox has of dispatchers' words, with its state."""
    async with desk.database.transaction() as work:
        rows = await work.all(
            select(outgoing_text, delivery.c.state)
            .join(outgoing_message, outgoing_message.c.id == outgoing_text.c.message_id)
            .join(delivery, delivery.c.message_id == outgoing_message.c.id)
            .where(outgoing_message.c.purpose == "contact", outgoing_text.c.language == delivery.c.language)
            .order_by(outgoing_message.c.created_at)
        )
        found = []
        for row in rows:
            body = OutgoingText(**{c.name: getattr(row, c.name) for c in outgoing_text.c}).body_sealed
            assert body is not None
            found.append(work.unseal(body, "outgoing_text", "body", row.id))
        return found


async def test_a_dispatcher_and_a_reporter_write_to_each_other_and_neither_sees_a_number(desk: Desk) -> None:
    client, path = await talk_page(desk)
    first = await client.get(path)
    answer = await client.post(path, data={"words": "¿Siguen ahí los chalecos?"})
    reply = await desk.texts(ROSA, "si, siguen junto a la entrada del jardin")
    live = await client.get(path, headers={"hx-request": "true"})

    assert "They write Spanish" in first.text
    assert answer.status_code == 303
    assert await sent_by_hand(desk) == ["Vigia: ¿Siguen ahí los chalecos?"]
    assert not reply
    assert "junto a la entrada del jardin" in live.text and "Ana, " in live.text and "on its way" in live.text
    assert "<html" not in live.text
    for page in (first.text, live.text):
        assert ROSA not in page and ROSA[2:] not in page


async def test_what_a_dispatcher_is_told_opens_no_report_of_its_own(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    desk_clock(desk).advance(timedelta(minutes=4))
    reply = await desk.texts(ROSA, "La migra trae tres camionetas blancas")

    async with desk.database.transaction() as work:
        reports = await work.all(select(report.c.id))
    assert len(reports) == 1 and not reply
    assert "tres camionetas blancas" in (await client.get(path)).text


async def test_a_report_from_elsewhere_stays_a_report_while_a_talk_is_open(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    desk_clock(desk).advance(timedelta(minutes=4))
    reply = await desk.texts(ROSA, "Ahora la migra esta en la Food Lion de Raleigh con camionetas")

    async with desk.database.transaction() as work:
        reports = await work.all(select(report.c.county))
    assert len(reports) == 2
    assert reply and "Food Lion de Raleigh" in (await client.get(path)).text


async def test_an_answer_after_the_stated_time_is_a_text_like_any_other(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    open_page = await client.get(path)
    desk_clock(desk).advance(LASTS)
    reply = await desk.texts(ROSA, "eran tres con jardin")
    again = await client.get(path)

    assert "Their answers come here until 1:00 PM." in open_page.text
    assert reply
    assert again.status_code == 403  # the claim ended, too
    beto = await desk.browser("Beto")
    assert "The talk is over" in (await beto.get(path)).text and "jardin" not in (await beto.get(path)).text


async def test_a_dispatcher_ends_the_talk(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    ended = await client.post(f"{path}/end")
    await desk.texts(ROSA, "gracias por todo amigos")

    assert ended.status_code == 303
    assert "gracias por todo" not in (await client.get(path)).text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("What is your name?", "it asks for a name"),
        ("¿Cómo se llama usted?", "it asks for a name"),
        ("Are you a citizen?", "somebody&#39;s status"),
        ("¿Tiene papeles?", "somebody&#39;s status"),
        ("Is it ABC-1234?", "license plate"),
        ("Call me at 919-555-0144", "a phone number"),
        ("Hide until they leave", "hide, flee or obstruct"),
        ("x " * 300, "longer than three segments"),
    ],
)
async def test_words_that_must_not_go_out_are_held_and_stay_on_the_page(desk: Desk, words: str, why: str) -> None:
    client, path = await talk_page(desk)
    typed = await client.post(f"{path}/size", data={"words": words}, headers={"hx-request": "true"})
    held = await client.post(path, data={"words": words})

    assert held.status_code == 422
    assert why in held.text and why in typed.text
    assert words.strip()[:12] in held.text
    assert await sent_by_hand(desk) == []


async def test_the_length_of_what_is_typed_is_counted_in_segments(desk: Desk) -> None:
    client, path = await talk_page(desk)
    plain = await client.post(f"{path}/size", data={"words": "a" * 150}, headers={"hx-request": "true"})
    longer = await client.post(f"{path}/size", data={"words": "a" * 170}, headers={"hx-request": "true"})

    assert "GSM-7" in plain.text and "1 segment" in plain.text
    assert "2 segments" in longer.text


async def test_who_said_stop_is_not_written_to_and_the_page_says_so(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    await desk.texts(ROSA, "STOP")
    page = await client.get(path)
    refused = await client.post(path, data={"words": "Please answer"})

    assert "They said STOP" in page.text and "<textarea" not in page.text
    assert refused.status_code == 409
    async with desk.database.transaction() as work:
        states = (
            await work.execute(select(delivery.c.state).join(outgoing_message).where(outgoing_message.c.purpose == "contact"))
        ).scalars()
        assert list(states) == ["skipped"]


async def test_the_kill_switch_stops_it(desk: Desk) -> None:
    client, path = await talk_page(desk)
    async with desk.database.transaction() as work:
        await halt(work, "test")
    refused = await client.post(path, data={"words": "How many are there?"})

    assert refused.status_code == 409 and "All sending is stopped" in refused.text
    assert await sent_by_hand(desk) == []


async def test_only_who_holds_the_incident_or_a_lead_may_write(desk: Desk) -> None:
    client, path = await talk_page(desk)
    beto, olga = await desk.browser("Beto"), await desk.browser("Olga")
    await client.post(f"{path.partition('/contacts')[0]}/release", data={"fence": "1"})
    refused = await client.post(path, data={"words": "How many are there?"})

    assert refused.status_code == 403 and "Only who holds this incident, or a lead" in refused.text
    assert (await olga.get(path)).status_code == 403
    assert (await beto.post(path, data={"words": "How many are there?"})).status_code == 303


async def test_a_verifier_is_written_to_alike_and_their_answers_keep_their_meaning(desk: Desk) -> None:
    client, path, post = await desk.taken()
    await post("offer", volunteer="Luz")
    await desk.texts(LUZ_PHONE, "Y")
    links = re.findall(rf"{path}/contacts/[\w-]+", (await client.get(path)).text)
    at = links[-1]
    assert (await client.post(at, data={"words": "Which entrance are you at?"})).status_code == 303
    await desk.texts(LUZ_PHONE, "by the garden center, nobody here")
    reply = await desk.texts(LUZ_PHONE, "NOTHING")

    page = await client.get(at)
    assert "Talk with Luz" in page.text and "by the garden center" in page.text
    assert reply and "Nothing there" in (await client.get(path)).text


async def test_a_number_is_shown_once_for_a_reason_that_stands_in_the_chain(desk: Desk) -> None:
    client, path = await talk_page(desk)
    without = await client.post(f"{path}/number", data={"reason": "because"})
    leaking = await client.post(f"{path}/number", data={"reason": "she said 919-555-0144 is hers"})
    shown = await client.post(f"{path}/number", data={"reason": "They are hurt and 911 asks where to call back."})
    beto = await desk.browser("Beto")
    seen = await beto.get("/console/reveals")

    assert (without.status_code, leaking.status_code) == (422, 422)
    assert ROSA not in without.text + leaking.text
    assert ROSA in shown.text
    assert shown.headers["cache-control"] == "no-store" and shown.headers["refresh"].startswith("60; url=")
    assert "911 asks where to call back" in seen.text and "Ana" in seen.text and ROSA not in seen.text
    assert (await client.get("/console/reveals")).status_code == 403
    async with desk.database.transaction() as work:
        lines = await work.all(select(event).where(event.c.verb == "contact.revealed"))
        assert len(lines) == 1 and lines[0].link is not None and ROSA not in str(lines[0].facts)
        assert (await verify_chain(work)).broken_at is None


async def test_a_number_that_is_hidden_or_erased_can_neither_be_written_to_nor_shown(desk: Desk) -> None:
    client, path = await talk_page(desk)
    async with desk.database.transaction() as work:
        await work.execute(contact.update().values(number_sealed=None))
    page = await client.get(path)
    refused = await client.post(f"{path}/number", data={"reason": "They are hurt and need help."})

    assert "was erased at their wish" in page.text
    assert "<textarea" not in page.text and "Show the number" not in page.text
    assert refused.status_code == 409


async def test_erasing_a_person_erases_what_was_written_to_them(desk: Desk) -> None:
    client, path = await talk_page(desk)
    await client.post(path, data={"words": "How many are there?"})
    await desk.texts(ROSA, "son tres con jardin")
    await desk.texts(ROSA, "BORRAR")

    page: httpx2.Response = await client.get(path)
    assert "These words were erased." in page.text
    assert "How many are there?" not in page.text and "jardin" not in page.text


def desk_clock(desk: Desk) -> ManualClock:
    """The clock of the test's database."""
    assert isinstance(desk.database.clock, ManualClock)
    return desk.database.clock


@pytest.mark.parametrize(
    ("state", "ended_with", "to_beto", "to_lea"),
    [
        (CallState.RINGING, None, "Your phone rings.", "Beto is about to call this person."),
        (CallState.JOINED, None, "You are on the phone with this person.", "Beto is on the phone with this person."),
        (CallState.OVER, "busy", "You called this person, and the line was busy.", "Beto called this person, and the line was busy."),
    ],
)  # fmt: skip
async def test_a_call_is_told_to_whoever_asked_for_it_and_to_others_in_their_own_words(
    desk: Desk, state: CallState, ended_with: str | None, to_beto: str, to_lea: str
) -> None:
    _, path = await talk_page(desk)
    async with desk.database.transaction() as work:
        given: dict[str, Any] = {"languages": ["en"], "counties": [], "trained": False}
        desk.people["Lea"] = await add_volunteer(work, "Lea", roles=["dispatcher", "lead"], number=None, **given)
        told = await work.first(select(report.c.id, report.c.contact_id))
        assert told is not None
        call = MaskedCall(
            id=work.new_id(), contact_id=told.contact_id, report_id=told.id, asked_by=desk.people["Beto"].id, asked_at=work.now
        )
        await work.add(call)
        changes = {"state": state.value, "ended_with": ended_with}
        await work.execute(masked_call.update().where(masked_call.c.id == call.id).values(changes))
    beto, lea = await desk.browser("Beto"), await desk.browser("Lea")

    assert to_beto in (await beto.get(path)).text
    assert to_lea in (await lea.get(path)).text
    await lea.post("/console/language", data={"language": "es"})
    assert "Beto " in (page := (await lea.get(path)).text) and to_lea not in page
