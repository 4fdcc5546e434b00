"""Whatever never reached us is found in Twilio's log, and so is an answer that never left; nothing is taken in or answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Table, func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import Conflict
from app.core.ids import new_id
from app.intake.acknowledged import Acknowledged
from app.intake.spool import Request, name_of, spooled
from app.intake.spool_folder import Spool
from app.pipeline import Hotline, receive_text
from app.pipeline_calls import hear_of_call, receive_call
from app.pipeline_recovery import HORIZON, RECENT, WHOLE_EVERY, Recovery, recover_answers, recover_recent, recover_whole
from app.privacy.purge import purge_calls, purge_texts
from app.records.deliveries import delivery, outgoing_message
from app.records.inbound import inbound_call, inbound_message, log_sweep
from app.records.incidents import report
from app.settings import Settings
from app.simulator import voice
from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Kind, Point
from app.simulator.messages import Message
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.forms import CallForm, TextForm, read_form
from app.telephony.rest import TwilioRest
from tests.conftest import HOTLINE_NUMBER, LogBook

ROSA, KEN = "+19195550123", "+17045550188"
GRACE = timedelta(seconds=45)


@dataclass
class Away:
    """A phone company whose webhooks all get lost, and a worker that can read its log."""

    exchange: Exchange
    recovery: Recovery
    database: Database

    async def text(self, body: str, number: str = ROSA) -> Message:
        """A text whose webhook is dropped."""
        return (await self.exchange.text(number, body)).message

    async def count(self, table: Table) -> int:
        async with self.database.transaction() as work:
            return int(await work.scalar(select(func.count()).select_from(table)))

    async def sids(self, table: Table) -> set[str]:
        async with self.database.transaction() as work:
            return set((await work.execute(select(table.c.sid))).scalars())

    async def hears(self, message: Message, **more: str) -> str | None:
        """The webhook comes after all."""
        async with self.database.transaction() as work:
            return await receive_text(work, self.recovery.hotline, form_of(message, more))


def form_of(message: Message, more: Mapping[str, str] | None = None) -> TextForm:
    told = {"MessageSid": message.sid, "From": message.sender, "To": message.to, "Body": message.body}
    return read_form(TextForm, told | dict(more or {}))


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(f"{name}_total") or 0.0


@pytest.fixture
async def away(
    settings: Settings, database: Database, hotline: Hotline, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Away]:
    listener = loopback_socket()
    twilio = address_of(listener)
    nowhere = "http://127.0.0.1:1/twilio"
    line = SimulatedLine(HOTLINE_NUMBER, f"{nowhere}/messages", f"{nowhere}/calls", f"{nowhere}/calls/status", "Durham")
    token, secret = settings.auth_token.get_secret_value(), settings.api_key_secret.get_secret_value()
    config = SimulatorConfig(
        SIMULATED_ACCOUNT_SID, token, settings.api_key_sid, secret, lines=[line], public_url=twilio, seed=7, now=clock
    )
    simulator = create_simulator(config)
    exchange: Exchange = simulator.state.exchange
    exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind.DROP, times=None))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator, listener))
        rest = TwilioRest(SIMULATED_ACCOUNT_SID, settings.api_key_sid, secret, HOTLINE_NUMBER, api_url=twilio)
        spool = Spool(tmp_path / "spool", database.keys)
        yield Away(exchange, Recovery(database, hotline, spool, rest, [HOTLINE_NUMBER], GRACE), database)
        await rest.close()


async def test_ten_minutes_without_webhooks_lose_no_text_and_no_call(away: Away, clock: ManualClock) -> None:
    texts, calls = counted("vigia_texts_recovered"), counted("vigia_calls_recovered")
    for minute in range(10):
        await away.text(f"ICE agents at the Food Lion in Durham, car number {minute}", f"+1919555{110 + minute:04}")
        await away.text("JOIN Wake County", f"+1704555{110 + minute:04}")
        await voice.call(away.exchange, f"+1336555{110 + minute:04}")
        clock.advance(timedelta(minutes=1))
        await recover_recent(away.recovery)
    clock.advance(GRACE)
    for _ in range(2):
        await recover_recent(away.recovery)

    assert await away.sids(inbound_message) == {sid for sid, one in away.exchange.messages.items() if one.to == HOTLINE_NUMBER}
    assert await away.sids(inbound_call) == set(away.exchange.calls)
    assert (await away.count(inbound_message), await away.count(inbound_call), await away.count(report)) == (20, 10, 10)
    assert await away.count(delivery) == 20  # each text has its answer in the outbox, once
    assert counted("vigia_texts_recovered") - texts == 20
    assert counted("vigia_calls_recovered") - calls == 10


async def test_what_the_minute_missed_the_hour_finds_since_the_last_whole_reading(away: Away, clock: ManualClock) -> None:
    await away.text("this was before the hotline")
    clock.advance(RECENT + GRACE)
    await recover_whole(away.recovery)
    assert await away.count(inbound_message) == 0
    missed = [await away.text(f"ICE at the Food Lion in Durham {n}") for n in range(60)]  # more than a page of the log
    clock.advance(WHOLE_EVERY * 5)
    await recover_recent(away.recovery)
    assert await away.count(inbound_message) == 0
    away.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=503))
    await recover_whole(away.recovery)
    assert await away.count(inbound_message) == 0  # it could not be read, so it counts as not read
    await recover_whole(away.recovery)

    assert await away.sids(inbound_message) == {message.sid for message in missed}
    async with away.database.transaction() as work:
        assert await work.scalar(select(log_sweep.c.read_until)) == clock()


async def test_no_reading_goes_back_farther_than_the_horizon(away: Away, clock: ManualClock) -> None:
    await recover_whole(away.recovery)
    await away.text("too old to help anybody")
    clock.advance(HORIZON + timedelta(hours=1))
    fresh = await away.text("ICE at the Food Lion in Durham")
    clock.advance(GRACE)
    await recover_whole(away.recovery)

    assert await away.sids(inbound_message) == {fresh.sid}


async def test_a_line_that_can_not_be_read_stops_none_of_the_others(away: Away, clock: ManualClock, log_book: LogBook) -> None:
    for number in range(3):
        message = await away.text(f"ICE at the Food Lion in Durham {number}")
        if number == 1:
            message.sender = ""
    clock.advance(GRACE)
    await recover_recent(away.recovery)

    assert await away.count(inbound_message) == 2
    assert sum("log_line_unreadable" in line for line in log_book.errors()) == 1
    assert "5550123" not in log_book.text.getvalue()


async def test_a_text_is_left_to_twilios_own_retries_and_to_our_disk_first(away: Away, clock: ManualClock) -> None:
    message = await away.text("ICE at the Food Lion in Durham")
    await recover_recent(away.recovery)
    assert await away.count(inbound_message) == 0
    keys = away.database.keys
    entry = spooled(Request.TEXT, [("MessageSid", message.sid)], clock(), new_id())
    away.recovery.spool.keep(name_of(keys, Request.TEXT, message.sid), entry)
    clock.advance(GRACE)
    await recover_recent(away.recovery)
    assert await away.count(inbound_message) == 0
    away.recovery.spool.remove(name_of(keys, Request.TEXT, message.sid))
    await recover_recent(away.recovery)

    assert await away.count(inbound_message) == 1
    assert await away.hears(message) is None  # its answer is in the outbox already


async def test_an_answer_that_died_with_its_web_process_is_sent_once(away: Away, clock: ManualClock) -> None:
    message = await away.text("hay agentes de ICE afuera de mi trabajo")
    lost = await away.hears(message)
    await recover_answers(away.recovery)
    assert await away.count(delivery) == 0  # Twilio may still ask again
    clock.advance(GRACE)
    for _ in range(2):
        await recover_answers(away.recovery)

    assert lost is not None
    assert await away.count(delivery) == 1
    assert await away.count(outgoing_message) == 1
    assert await away.hears(message) is None


async def test_an_answer_that_twilio_got_is_not_sent_again_whether_or_not_we_noted_it(away: Away, clock: ManualClock) -> None:
    noted = Acknowledged(away.database)
    one, two = await away.text("hay agentes de ICE afuera de mi trabajo"), await away.text("JOIN Durham", KEN)
    first, second = await away.hears(one), await away.hears(two)
    assert first and second
    await noted.note(one.sid)
    await noted.write_down()
    away.exchange.reply(HOTLINE_NUMBER, KEN, second)
    clock.advance(GRACE)
    away.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=503))
    await recover_answers(away.recovery)  # the log can't be read: nothing is decided
    await recover_answers(away.recovery)

    assert await away.count(delivery) == 0
    async with away.database.transaction() as work:
        assert await work.scalar(select(func.count()).where(inbound_message.c.answered_at.is_not(None))) == 2


async def test_a_replay_of_a_text_that_was_purged_is_known_and_teaches_us_nothing(away: Away, clock: ManualClock) -> None:
    message = await away.text("ICE at the Food Lion in Durham")
    await away.hears(message)
    clock.advance(timedelta(days=100))
    async with away.database.transaction() as work:
        assert await purge_texts(work, clock() - timedelta(days=90)) == 1
        await work.execute(report.delete())
    assert await away.count(inbound_message) == 0

    assert await away.hears(message) is None
    assert await away.hears(message, From=KEN) is None
    clock.advance(GRACE)
    message.created = message.sent = clock() - GRACE
    await recover_recent(away.recovery)
    assert (await away.count(inbound_message), await away.count(report)) == (0, 0)


async def test_a_replay_of_a_call_that_was_purged_is_refused_and_not_found_in_the_log(away: Away, clock: ManualClock) -> None:
    call = await voice.call(away.exchange, ROSA)
    told = {"CallSid": call.sid, "From": ROSA, "To": HOTLINE_NUMBER, "CallStatus": "in-progress"}
    sound = {"RecordingSid": "RE00000000000000000000000000000001", "RecordingUrl": "https://api.twilio.com/x"}
    hotline, form = away.recovery.hotline, read_form(CallForm, told)
    await away.database.run(lambda work: receive_call(work, hotline, form, None, 0))
    clock.advance(timedelta(days=100))
    assert await away.database.run(lambda work: purge_calls(work, clock() - timedelta(days=90))) == 1
    again = read_form(CallForm, told | sound)
    for replay in (lambda work: receive_call(work, hotline, again, None, 0), lambda work: hear_of_call(work, hotline, again)):
        with pytest.raises(Conflict):
            await away.database.run(replay)
    clock.advance(GRACE)
    call.created = call.started = clock() - GRACE
    await recover_recent(away.recovery)

    assert (await away.count(inbound_call), await away.count(report)) == (0, 0)
