"""<Dial> rings phones for a caller: together, with a document of their own first, and the first who stays is joined."""

from __future__ import annotations

from tests.simulator.conftest import LINE, Room

ROSA, ANA, LUIS = "+19195550123", "+19195550124", "+19195550125"

DIAL = f"""<Response><Say>Please hold.</Say>
  <Dial action="/after" timeout="20" callerId="{LINE}"><Number url="/screen">{ANA}</Number><Number url="/screen">{LUIS}</Number></Dial>
</Response>"""
SCREEN = '<Response><Gather numDigits="1" action="/taken"><Say>Press 1 to take it.</Say></Gather><Hangup/></Response>'


def answer_with(room: Room, **more: str) -> None:
    """Let the hotline dial Ana and Luis for whoever calls."""
    documents = {
        "/twilio/calls": DIAL,
        "/screen": SCREEN,
        "/taken": "<Response/>",
        "/after": "<Response><Say>Nobody is here.</Say></Response>",
    }
    room.hotline.answer = lambda got: (200, {**documents, **more}.get(got.path, ""))


async def test_the_first_to_press_1_talks_to_the_caller_and_the_other_stops_ringing(room: Room) -> None:
    answer_with(room)
    caller = await room.devices(ROSA).calls()
    ana = await room.devices(ANA).answers()
    ana.hears("Press 1")
    await ana.presses("1")
    child = room.exchange.calls[ana.sid]
    await room.exchange.until(lambda: True if child.waiting and child.waiting.partner else None, 10)  # type: ignore[union-attr]  # joined
    luis = next(call for call in room.exchange.calls.values() if call.phone == LUIS)
    await ana.hangs_up()
    await room.hotline.has(1, "/after")
    await room.exchange.settled()

    [after] = room.hotline.at("/after")
    assert (child.caller, child.direction, child.parent_sid) == (LINE, "outbound-dial", caller.sid)
    assert luis.status == "canceled"
    assert (after.form["DialCallStatus"], after.form["DialCallSid"], after.form["DialBridged"]) == (
        "completed",
        ana.sid,
        "true",
    )


async def test_a_person_who_does_not_press_1_lets_the_others_go_on_ringing(room: Room) -> None:
    answer_with(room)
    await room.devices(ROSA).calls()
    ana = await room.devices(ANA).answers()
    await ana.stays_silent()
    luis = await room.devices(LUIS).declines()
    await room.exchange.settled()

    [after] = room.hotline.at("/after")
    assert (ana.state["status"], luis.state["status"], after.form["DialBridged"]) == ("completed", "busy", "false")


async def test_nobody_answers_and_the_caller_is_told(room: Room) -> None:
    answer_with(room)
    caller = await room.devices(ROSA).calls()
    await room.clock.asleep(2)
    await room.clock.advance(20)
    await room.exchange.settled()

    heard = [heard.text for heard in room.exchange.calls[caller.sid].heard]
    assert room.hotline.at("/after")[0].form["DialCallStatus"] == "no-answer"
    assert "Nobody is here." in heard


async def test_a_caller_who_hangs_up_stops_the_ringing(room: Room) -> None:
    answer_with(room)
    caller = await room.devices(ROSA).calls()
    await room.clock.asleep(2)
    await caller.hangs_up()
    await room.exchange.settled()

    assert {call.status.value for call in room.exchange.calls.values() if call.phone != ROSA} == {"canceled"}
    assert not room.hotline.at("/after")


async def test_a_plain_number_is_joined_at_once(room: Room) -> None:
    answer_with(room, **{"/twilio/calls": f"<Response><Dial>{ANA}</Dial></Response>"})
    caller = await room.devices(ROSA).calls()
    ana = await room.devices(ANA).answers()
    await caller.hangs_up()
    await room.exchange.settled()

    assert room.exchange.calls[ana.sid].caller == ROSA
    assert room.exchange.calls[ana.sid].status == "completed"
