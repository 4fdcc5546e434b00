"""The hotline's own client against the simulator: what is taken, what is refused, and what nobody can know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from twilio.rest import Client

from app.simulator.account import SIMULATED_ACCOUNT_SID
from app.simulator.faults import Fault, Kind, Point
from app.telephony.pooled_http import PooledHttp
from app.telephony.rest import OutcomeUnknown, Refused, TwilioRest
from tests.simulator.conftest import KEY, LINE, Room

ROSA = "+19195550123"


@pytest.fixture
async def rest(room: Room) -> AsyncIterator[TwilioRest]:
    client = TwilioRest(SIMULATED_ACCOUNT_SID, *KEY, LINE, api_url=room.url)
    yield client
    await client.close()


async def send(rest: TwilioRest, body: str = "x") -> str:
    return await rest.send(ROSA, body, "http://127.0.0.1:1/status", 600)


async def test_what_was_sent_is_found_in_the_log_also_before_it_went_out(room: Room, rest: TwilioRest) -> None:
    sids = [await send(rest, str(n)) for n in range(3)]
    logged = await rest.log_of(ROSA, datetime.now(UTC) - timedelta(minutes=5))

    assert {text.sid for text in logged} == set(sids)
    assert {text.body for text in logged} == {"0", "1", "2"}


async def test_an_answer_that_is_lost_leaves_the_outcome_unknown(room: Room, rest: TwilioRest) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.RESET))
    with pytest.raises(OutcomeUnknown):
        await send(rest)

    assert len(await rest.log_of(ROSA, datetime.now(UTC) - timedelta(minutes=5))) == 1


async def test_a_log_that_can_not_be_read_is_a_doubt_and_no_error(room: Room, rest: TwilioRest) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    for ask in (rest.log_of(ROSA, since), rest.received_since(LINE, since), rest.media_of("MM00000001")):
        room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=503))
        with pytest.raises(OutcomeUnknown):
            await ask


async def test_a_file_is_listed_fetched_and_deleted(room: Room, rest: TwilioRest) -> None:
    await room.devices(ROSA).texts("look", files={"image/jpeg": b"a picture", "text/vcard": b"a card"})
    [text] = [message for message in room.exchange.messages.values() if message.sender == ROSA]
    listed = await rest.media_of(text.sid)

    assert [one.declared_type for one in listed] == ["image/jpeg", "text/vcard"]
    assert (await rest.fetch_media(text.sid, listed[0].sid)).content == b"a picture"
    for _ in range(2):
        await rest.forget_media(text.sid, listed[0].sid)
    assert [one.sid for one in await rest.media_of(text.sid)] == [listed[1].sid]
    with pytest.raises(OutcomeUnknown):
        await rest.fetch_media(text.sid, listed[0].sid)


async def test_a_429_says_how_long_to_wait(room: Room, rest: TwilioRest) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=429, retry_after=2))
    with pytest.raises(Refused) as refused:
        await send(rest)

    assert (refused.value.code, refused.value.retry_after) == (20429, 2)
    assert not room.exchange.messages


async def test_a_server_error_is_no_refusal(room: Room, rest: TwilioRest) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=503))
    with pytest.raises(OutcomeUnknown):
        await send(rest)


async def test_a_wrong_number_is_refused_with_its_code(rest: TwilioRest) -> None:
    with pytest.raises(Refused) as refused:
        await rest.send("nobody", "x", "http://127.0.0.1:1/status", 600)

    assert (refused.value.code, refused.value.retry_after) == (21211, None)


async def test_where_nobody_listens_nothing_was_sent(room: Room) -> None:
    client = TwilioRest(SIMULATED_ACCOUNT_SID, *KEY, LINE, api_url="http://127.0.0.1:1")
    with pytest.raises(Refused) as refused:
        await send(client)
    await client.close()

    assert refused.value.retry_after is not None


async def test_a_time_limit_holds_although_the_text_went_out(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.TIMEOUT))
    http = PooledHttp(room.url, seconds=0.2)
    with pytest.raises(TimeoutError):
        await Client(*KEY, SIMULATED_ACCOUNT_SID, http_client=http).messages.create_async(to=ROSA, from_=LINE, body="x")
    await room.exchange.settled()
    await http.close()

    assert len(room.exchange.arrivals(ROSA)) == 1


async def test_forgetting_a_text_twice_is_fine(room: Room, rest: TwilioRest) -> None:
    sid = await send(rest)
    await room.exchange.settled()
    await rest.forget_text(sid)
    await rest.forget_text(sid)

    assert await rest.log_of(ROSA, datetime.now(UTC) - timedelta(minutes=5)) == []


async def test_without_the_secret_twilio_takes_nothing(room: Room) -> None:
    """Which is how the web stands: it knows the account and the token that signs, and not the key that sends."""
    client = TwilioRest(SIMULATED_ACCOUNT_SID, KEY[0], "", LINE, api_url=room.url)
    with pytest.raises(Refused) as refused:
        await send(client)
    await client.close()

    assert refused.value.code == 20003
    assert not room.exchange.messages


async def test_the_log_is_read_over_many_pages_and_no_further_than_asked(room: Room, rest: TwilioRest) -> None:
    for n in range(120):
        await send(rest, str(n))
    everything = await rest.log_of(ROSA, datetime.now(UTC) - timedelta(minutes=5))
    nothing = await rest.log_of(ROSA, datetime.now(UTC) + timedelta(minutes=5))

    assert {text.body for text in everything} == {str(n) for n in range(120)}
    assert nothing == []


async def test_a_text_that_was_deleted_has_no_status_any_more(room: Room, rest: TwilioRest) -> None:
    sid = await send(rest)
    await room.exchange.settled()
    assert await rest.status_of(sid) is not None
    await rest.forget_text(sid)

    assert await rest.status_of(sid) is None
