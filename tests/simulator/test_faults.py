"""What goes wrong at a phone company goes wrong here too, when told to."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import aiohttp
import httpx2
import pytest
from pydantic import ValidationError
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.failures import can_end_with, failure_of
from app.simulator.faults import POSSIBLE, Fault, Faults, Kind, Plan, Point
from app.simulator.inbound import WEBHOOK_ERRORS
from app.simulator.messages import digest_of
from app.simulator.plans import PLANS
from app.simulator.refusals import REFUSALS
from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"
KNOWN_CODES = {int(code) for code in tomllib.loads(Path("app/telephony/error_codes.toml").read_text())["codes"]}

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def send(room: Room, body: str = "x") -> str:
    """Send one text with a status callback; gives its SID."""
    async with AsyncTwilioHttpClient() as http:
        sent = await room.client(http=http).messages.create_async(
            to=ROSA, from_=LINE, body=body, status_callback=f"{room.hotline.url}/twilio/messages/status"
        )
    return str(sent.sid)


def callbacks(room: Room) -> list[str]:
    """The statuses that were called back, in order of arrival."""
    return [got.form["MessageStatus"] for got in room.hotline.at("/twilio/messages/status")]


async def test_an_answer_can_be_lost_after_the_text_was_accepted(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.RESET))
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(room)
    await room.exchange.settled()

    assert len(room.exchange.arrivals(ROSA)) == 1
    assert callbacks(room) == ["sending", "sent", "delivered"]


async def test_a_connection_can_break_before_anything_was_accepted(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.RESET))
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(room)

    assert not room.exchange.messages


async def test_too_many_requests_say_when_to_come_back(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=429, retry_after=3))
    with pytest.raises(TwilioRestException) as refused:
        await send(room)
    await send(room)

    assert (refused.value.status, refused.value.code) == (429, 20429)
    assert len(room.exchange.messages) == 1


async def test_an_error_answer_may_hide_that_the_text_went_out(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.REFUSE, status=500))
    with pytest.raises(TwilioRestException) as refused:
        await send(room)
    await room.exchange.settled()

    assert refused.value.status == 500
    assert len(room.exchange.arrivals(ROSA)) == 1


async def test_callbacks_come_twice_late_or_never(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, only={"status": "sending"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DELAY, seconds=20, only={"status": "sent"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DUPLICATE, only={"status": "delivered"}))
    await send(room)
    await room.hotline.has(2, "/twilio/messages/status")
    await room.clock.asleep()
    await room.clock.advance(20)
    await room.exchange.settled()

    assert callbacks(room) == ["delivered", "delivered", "sent"]


async def test_a_callback_may_come_after_the_one_that_follows_it(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.REORDER, only={"status": "sending"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.REORDER, only={"status": "delivered"}))
    await send(room)
    await room.exchange.settled()

    assert callbacks(room) == ["sent", "sending", "delivered"]


async def test_every_callback_may_overtake_the_answer(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.EARLY))
    await send(room)

    assert callbacks(room) == ["sending", "sent", "delivered"]


@pytest.mark.parametrize(("point", "accepted"), [(Point.ACCEPT, 0), (Point.ANSWER, 1)])
async def test_a_request_may_get_no_answer_at_all(room: Room, point: Point, accepted: int) -> None:
    room.exchange.faults.add(Fault(point=point, kind=Kind.TIMEOUT, seconds=60))
    asked = asyncio.create_task(send(room))
    await room.clock.asleep()
    await room.clock.advance(60)
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked
    await room.exchange.settled()

    assert len(room.exchange.messages) == accepted


async def test_an_answer_may_be_slow(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.DELAY, seconds=9))
    asked = asyncio.create_task(send(room))
    await room.clock.asleep()
    still_waiting = not asked.done()
    await room.clock.advance(9)

    assert still_waiting
    assert await asked in room.exchange.messages


async def test_a_text_may_never_reach_its_phone_or_be_filtered(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.DELIVERY, kind=Kind.DROP))
    room.exchange.faults.add(Fault(point=Point.DELIVERY, kind=Kind.FAIL, code=30007))
    stuck, filtered = await send(room), await send(room)
    await room.exchange.settled()

    assert room.exchange.message(stuck).status == "sent"
    assert (room.exchange.message(filtered).status, room.exchange.message(filtered).error_code) == ("undelivered", 30007)
    assert room.exchange.arrivals(ROSA) == []


async def test_an_inbound_webhook_may_come_twice_or_never(room: Room) -> None:
    rosa = room.devices(ROSA)
    await room.devices.post("reset", {})
    for kind in ("duplicate", "drop"):
        room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind(kind)))
    twice, never = await rosa.texts("one"), await rosa.texts("two")

    assert [got.form["MessageSid"] for got in room.hotline.at("/twilio/messages")] == [twice["sid"], twice["sid"]]
    assert never["status"] is None
    assert room.exchange.message(never["sid"]).body == "two"


async def test_an_inbound_text_may_be_overtaken_by_the_next(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.exists()
    room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind.REORDER))
    first = asyncio.create_task(rosa.texts("one"))
    await room.clock.asleep()
    await rosa.texts("two")
    await first

    assert [got.form["Body"] for got in room.hotline.at("/twilio/messages")] == ["two", "one"]


async def test_an_overtaken_text_does_not_wait_for_ever(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.exists()
    room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind.REORDER, seconds=5))
    only = asyncio.create_task(rosa.texts("one"))
    await room.clock.asleep()
    await room.clock.advance(5)

    assert (await only)["status"] == 200


async def test_a_call_may_be_announced_twice_or_never(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Gather/></Response>")
    rosa = room.devices(ROSA)
    await rosa.exists()
    for kind in ("duplicate", "drop"):
        room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind(kind), only={"what": "call"}))
    await rosa.texts("a text is not a call")
    twice, never = await rosa.calls(), await rosa.calls()
    await room.exchange.settled()

    assert [got.form["CallSid"] for got in room.hotline.at("/twilio/calls")] == [twice.sid, twice.sid]
    assert never.state["status"] == "failed"


async def test_every_code_that_the_hotline_knows_can_be_produced(room: Room) -> None:
    for code in filter(can_end_with, KNOWN_CODES):
        room.exchange.faults.add(Fault(point=Point.DELIVERY, kind=Kind.FAIL, code=code))
        sid = await send(room)
        await room.exchange.settled()
        assert (room.exchange.message(sid).error_code, callbacks(room)[-1]) == (code, failure_of(code).end)
    for code in KNOWN_CODES & REFUSALS.keys():
        room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, code=code))
        with pytest.raises(TwilioRestException) as refused:
            await send(room)
        assert (refused.value.code, refused.value.status) == (code, REFUSALS[code][0])

    assert all(can_end_with(code) for code in KNOWN_CODES - REFUSALS.keys() - WEBHOOK_ERRORS)


async def test_a_share_of_texts_is_filtered_and_the_same_ones_in_each_run(room: Room) -> None:
    filtered = Plan(seed=3, faults=(Fault(point=Point.DELIVERY, kind=Kind.FAIL, code=30007, times=None, probability=0.3),))

    async def run() -> list[str]:
        await room.devices.post("reset", {})
        room.exchange.faults.replace(filtered)
        await asyncio.gather(*(send(room, str(number)) for number in range(40)))
        await room.exchange.settled()
        return [message.status.value for message in room.exchange.messages.values()]

    first = await run()

    assert first == await run()
    assert 5 < first.count("undelivered") < 20


async def test_a_plan_is_set_read_and_taken_away_over_the_api(room: Room) -> None:
    async with httpx2.AsyncClient(base_url=f"{room.url}/simulator/api/", trust_env=False) as api:
        named = (await api.put("faults", json={"plan": "everything", "seed": 12})).json()
        written = (await api.put("faults", json={"faults": [{"point": "callback", "kind": "drop"}]})).json()
        added = await api.post("faults", json={"point": "webhook", "kind": "delay", "seconds": 1, "times": None})
        wrong = await api.post("faults", json={"point": "webhook", "kind": "refuse"})
        cleared = (await api.delete("faults")).json()

    assert named["seed"] == written["seed"] == 12
    assert len(named["faults"]) > 15
    assert [fault["kind"] for fault in added.json()["faults"]] == ["drop", "delay"]
    assert (added.status_code, wrong.status_code, cleared["faults"]) == (201, 422, [])


def test_every_named_plan_holds_what_it_says() -> None:
    kinds = {(fault.point, fault.kind) for fault in PLANS["everything"].faults}
    possible = {(point, kind) for point, some in POSSIBLE.items() for kind in some}

    assert kinds == possible


async def test_the_ledger_counts_copies_and_keeps_what_was_deleted(room: Room) -> None:
    async with httpx2.AsyncClient(base_url=f"{room.url}/simulator/api/", trust_env=False) as api:
        sids = [await send(room, "once"), await send(room, "twice"), await send(room, "twice")]
        await room.exchange.settled()
        room.exchange.delete(sids[0])
        sums = (await api.get("ledger")).json()
        [doubled] = (await api.get("ledger/outbound", params={"copies": 2})).json()
        everything = (await api.get("ledger/outbound", params={"number": ROSA})).json()

    assert (sums["accepted"], sums["texts"], sums["doubled"], sums["arrived"]) == (3, 2, 1, 3)
    assert sums["callbacks"] == {"200": 9}
    assert (doubled["copies"], doubled["digest"], doubled["status"]) == (2, digest_of("twice"), ["delivered"] * 2)
    assert [row["sids"] for row in everything] == [sids[:1], sids[1:]]


async def test_the_ledger_tells_what_the_hotline_answered_to_each_text(room: Room) -> None:
    answers = iter([(503, ""), (200, "<Response/>"), (503, ""), (503, ""), (503, "")])
    room.hotline.answer = lambda _got: next(answers)
    rosa = room.devices(ROSA)
    kept, lost = await rosa.texts("kept at the second try"), await rosa.texts("never kept")
    room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind.DROP))
    await rosa.texts("never posted")
    async with httpx2.AsyncClient(base_url=f"{room.url}/simulator/api/", trust_env=False) as api:
        rows = (await api.get("ledger/inbound")).json()

    assert [row["sid"] for row in rows[:2]] == [kept["sid"], lost["sid"]]
    assert [(row["kept"], row["attempts"], row["answers"], row["left_out"]) for row in rows] == [
        (True, 2, {"200": 1}, 0),
        (False, 3, {"503": 1}, 0),
        (False, 0, {}, 1),
    ]


async def test_many_texts_are_sent_by_one_request(room: Room) -> None:
    texts = [{"number": f"+191955501{number:02d}", "body": str(number)} for number in range(20, 60)]
    async with httpx2.AsyncClient(base_url=f"{room.url}/simulator/api/", trust_env=False) as api:
        sent = (await api.post("texts", json={"texts": texts})).json()
    await room.exchange.settled()

    assert {got.form["MessageSid"] for got in room.hotline.at("/twilio/messages")} == set(sent["sids"])


def test_faults_count_skip_and_end() -> None:
    faults = Faults(seed=1)
    faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, skip=1, times=2))

    assert [faults.ask(Point.CALLBACK, str(n)) is not None for n in range(5)] == [False, True, True, False, False]
    assert faults.ask(Point.WEBHOOK, "1") is None
    assert faults.happened == {"callback.drop": 2}


def test_chance_hangs_on_the_occurrence_and_not_on_the_order() -> None:
    def run(names: list[str]) -> dict[str, float]:
        faults = Faults(seed=5)
        faults.add(Fault(point=Point.CALLBACK, kind=Kind.DELAY, times=None, probability=0.5, seconds=1, spread=4))
        return {name: fault.seconds for name in names if (fault := faults.ask(Point.CALLBACK, name)) is not None}

    names = [f"+19195550123/{number}" for number in range(50)]
    happened = run(names)

    assert happened == run(names[::-1])
    assert 10 < len(happened) < 40
    assert all(1 <= seconds <= 5 for seconds in happened.values())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"point": "webhook", "kind": "refuse"}, "can't happen at webhook"),
        ({"point": "delivery", "kind": "fail", "code": 12345}, "can't end with code 12345"),
        ({"point": "accept", "kind": "refuse", "code": 30007}, "isn't refused with code 30007"),
        ({"point": "answer", "kind": "refuse", "status": 429}, "never carries out"),
    ],
)
def test_a_fault_that_can_not_happen_there_is_refused(asked: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Fault.model_validate(asked)
