"""The page with the phones: whole without its script, closed to other machines and other sites, and able to play a story."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from app.simulator.exchange import Exchange
from app.simulator.plans import PLANS
from app.simulator.staging import Mode, Stage, Tell
from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"


@pytest.fixture
async def browser(room: Room) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without scripts: follows redirects, keeps cookies, asks for English."""
    async with room.browser() as client:
        yield client


async def test_a_phone_is_made_texts_and_gets_its_reply_without_a_script(room: Room, browser: httpx2.AsyncClient) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Message>Where is it?</Message></Response>")
    made = await browser.post(
        "/simulator/phones", data={"number": "919 555 0123", "name": "Rosa", "county": "Durham", "language": "es"}
    )
    await browser.post("/simulator/texts", data={"phone": ROSA, "body": "ICE <b>here</b>"})
    await room.exchange.settled()
    page = await browser.get("/simulator/", params={"phone": ROSA})

    assert made.status_code == 200
    assert "(919) 555-0123" in made.text
    assert "ICE &lt;b&gt;here&lt;/b&gt;" in page.text
    assert "Where is it?" in page.text


async def test_a_call_is_made_and_ended_without_a_script(room: Room, browser: httpx2.AsyncClient) -> None:
    documents = {
        "/twilio/calls": '<Response><Gather input="dtmf speech" numDigits="1" action="/menu"><Say>Press 1.</Say></Gather></Response>',
        "/menu": "<Response><Say>This is recorded.</Say><Record/></Response>",
    }
    room.hotline.answer = lambda got: (200, documents.get(got.path, "<Response/>"))
    ringing = await browser.post("/simulator/calls", data={"phone": ROSA})
    [call] = room.exchange.calls.values()
    recording = await browser.post(f"/simulator/calls/{call.sid}", data={"act": "keys", "value": "1"})
    over = await browser.post(f"/simulator/calls/{call.sid}", data={"act": "hangup"})
    closed = await browser.post(f"/simulator/calls/{call.sid}", data={"act": "away"})

    assert "Press 1." in ringing.text
    assert "Leave a message" in recording.text
    assert "The call has ended." in over.text
    assert "The call has ended." not in closed.text


async def test_unread_texts_are_counted_until_the_phone_is_looked_at(room: Room, browser: httpx2.AsyncClient) -> None:
    room.exchange.reply(LINE, ROSA, "one")
    room.exchange.reply(LINE, ROSA, "two")
    await room.exchange.settled()
    before = await browser.get("/simulator/parts/phones")
    await browser.get("/simulator/", params={"phone": ROSA})
    after = await browser.get("/simulator/parts/phones")

    assert re.search(r'class="badge"[^>]*>2<', before.text)
    assert "badge" not in after.text


async def test_a_number_that_is_not_fictional_is_refused_with_a_sentence(room: Room, browser: httpx2.AsyncClient) -> None:
    refused = await browser.post("/simulator/phones", data={"number": "202 555 1234"})

    assert refused.status_code == 422
    assert "555-0100 to 555-0199" in refused.text
    assert not room.exchange.phones


async def test_a_phone_that_is_off_gets_nothing_until_it_is_on(room: Room, browser: httpx2.AsyncClient) -> None:
    await browser.post("/simulator/trouble", data={"phone": ROSA, "code": "30003"})
    lost = room.exchange.reply(LINE, ROSA, "lost")
    await room.exchange.settled()
    await browser.post("/simulator/trouble", data={"phone": ROSA})
    room.exchange.reply(LINE, ROSA, "found")
    await room.exchange.settled()

    assert lost.error_code == 30003
    assert [message.body for message in room.exchange.arrivals(ROSA)] == ["found"]


async def test_the_language_is_remembered(browser: httpx2.AsyncClient) -> None:
    await browser.get("/simulator/", params={"lang": "es"})
    again = await browser.get("/simulator/")

    assert '<html lang="es">' in again.text


async def test_nothing_comes_from_outside_and_no_script_stands_in_the_page(room: Room, browser: httpx2.AsyncClient) -> None:
    room.exchange.make_phone(ROSA, "Rosa")
    page = await browser.get("/simulator/", params={"phone": ROSA})
    files = [await browser.get(address) for address in re.findall(r'(?:src|href)="(/simulator/static/[^"]+)"', page.text)]

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text)
    assert not re.findall(r"<script>|<style|\sstyle=|\son[a-z]+=", page.text)
    assert {file.status_code for file in files} == {200}
    assert len(files) >= 3


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "127.0.0.1.evil.example:80"}],
)
async def test_other_sites_and_other_names_are_turned_away(
    browser: httpx2.AsyncClient, room: Room, headers: dict[str, str]
) -> None:
    refused = await browser.post("/simulator/phones", data={"number": ROSA}, headers=headers)

    assert refused.status_code == 403
    assert not room.exchange.phones


async def test_a_page_of_twilios_that_is_not_here_says_so_as_twilio_does(browser: httpx2.AsyncClient) -> None:
    missing = await browser.get("/2010-04-01/Accounts/ACsimulator/Nothing.json")

    assert (missing.status_code, missing.json()["code"]) == (404, 20404)


async def test_a_story_is_told_step_by_step(room: Room) -> None:
    async def story(mode: Mode, exchange: Exchange, console_url: str, links: Mapping[str, str], tell: Tell) -> None:
        tell("Rosa texts", "doing")
        await exchange.text(ROSA, f"{mode} {console_url} {links['dispatcher']}")
        tell("Rosa texts", "done", "kept")
        tell("Marcus texts", "failed", "no answer")

    stage = Stage(room.exchange, story, "http://127.0.0.1:8000/console", {"dispatcher": "link"})
    stage.begin("reports")
    await room.exchange.settled()

    assert [(step.words, step.state, step.detail) for step in stage.steps] == [
        ("Rosa texts", "done", "kept"),
        ("Marcus texts", "failed", "no answer"),
    ]
    assert stage.state == "failed"
    assert room.hotline.got[0].form["Body"] == "reports http://127.0.0.1:8000/console link"


async def test_a_story_that_breaks_says_why(room: Room) -> None:
    async def story(_mode: Mode, _exchange: Exchange, _console: str, _links: Mapping[str, str], tell: Tell) -> None:
        tell("Rosa texts", "doing")
        message = "the console is not there"
        raise ConnectionError(message)

    stage = Stage(room.exchange, story, "", {})
    stage.begin("everything")
    await room.exchange.settled()

    assert [step.state for step in stage.steps] == ["failed", "failed"]
    assert "the console is not there" in stage.steps[-1].words


async def test_without_a_story_none_is_played(browser: httpx2.AsyncClient) -> None:
    refused = await browser.post("/simulator/story", json={"mode": "reports"})
    unknown = await browser.post("/simulator/story", json={"mode": "half"})

    assert (refused.status_code, unknown.status_code) == (409, 422)


async def test_events_are_streamed_as_they_happen(room: Room, browser: httpx2.AsyncClient) -> None:
    async with browser.stream("GET", "/simulator/api/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        room.exchange.make_phone(ROSA, "Rosa")
        async for line in lines:
            if line.startswith("event:"):
                break

    assert line == "event: phone"


async def test_faults_are_set_and_taken_away_without_a_script(room: Room, browser: httpx2.AsyncClient) -> None:
    planned = await browser.post("/simulator/faults/plan", data={"name": "everything", "seed": "8"})
    set_now = room.exchange.faults.seed, len(room.exchange.faults.listed())
    cleared = await browser.post("/simulator/faults/clear")
    one = {"what": "delivery.fail", "share": "12.5", "times": "", "seconds": "0", "code": "30007"}
    added = await browser.post("/simulator/faults/add", data=one)
    [fault] = room.exchange.faults.listed()
    wrong = await browser.post("/simulator/faults/add", data={**one, "code": "21211"})
    terms = await browser.post("/simulator/faults/terms", data={"opt_out": "advanced", "segments_per_s": "2.5"})

    assert set_now == (8, len(PLANS["everything"].faults))
    assert "Let everything work again" in planned.text
    assert "Everything works." in cleared.text
    assert (fault.code, fault.probability, fault.times) == (30007, 0.125, None)
    assert "12.5 %" in added.text
    assert (wrong.status_code, "end with code 21211" in wrong.text) == (422, True)
    assert (room.exchange.terms.opt_out, room.exchange.terms.segments_per_s) == ("advanced", 2.5)
    assert 'value="2.5"' in terms.text


async def test_the_page_of_faults_speaks_spanish(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/simulator/faults", params={"lang": "es"})

    assert '<html lang="es">' in page.text
    assert "Todo funciona." in page.text
