"""Somebody calls from a simulated phone: signed webhooks over real HTTP, from the greeting to the queue and the sealed voicemail."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import select

from app.core.database import Database
from app.intake.recordings import fetch_recording
from app.records.inbound import InboundCall, Recording, inbound_call, recording
from app.records.incidents import Incident, Report, incident, report
from tests.conftest import LogBook
from tests.journeys.conftest import Switchboard

ROSA, KEN = "+19195550123", "+17045550188"


async def test_a_caller_reports_by_keys_and_speech_in_spanish(
    switchboard: Switchboard, database: Database, log_book: LogBook
) -> None:
    call = await switchboard.devices(ROSA, name="Rosa").calls()
    call.hears("For English, press 1", "Para español, oprima 2")
    await call.presses("2")
    call.hears("oprima 1", "9 1 1")
    await call.says("quiero reportar")
    call.hears("¿Dónde es?")
    await call.says("Henderson")
    call.hears("condado de Vance, oprima 1", "condado de Henderson, oprima 2")
    await call.presses("2")
    call.hears("¿Qué ve?")
    await call.says("dos agentes con chalecos se están llevando a un señor")
    call.hears("Gracias", "mensaje de texto")
    assert call.is_over
    await switchboard.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [about] = await work.find(Incident, select(incident))
        [kept] = await work.find(InboundCall, select(inbound_call))
    assert (told.channel, told.county, told.language, about.county) == ("voice", "37089", "es", "37089")
    assert (kept.report_id, kept.status) == (told.id, "completed")


async def test_a_caller_hears_their_rights_by_topic(switchboard: Switchboard, log_book: LogBook) -> None:
    call = await switchboard.devices(KEN, name="Ken").calls()
    await call.presses("1")
    await call.says("rights")
    call.hears("You have rights", "At your door: press 1")
    await call.presses("2")
    call.hears("stop safely")
    await call.presses("9")
    call.hears("To report immigration agents, press 1")
    await call.hangs_up()
    await switchboard.devices.check(log_book.text.getvalue(), log_book.errors())


@pytest.mark.parametrize("hanging_up", [True, False])
async def test_a_voicemail_is_in_the_queue_sealed_here_and_gone_there(
    switchboard: Switchboard, database: Database, log_book: LogBook, hanging_up: bool
) -> None:
    call = await switchboard.devices(KEN, name="Ken").calls()
    await call.presses("1")
    await call.presses("3")
    call.hears("The message is recorded")
    await call.leaves_message(4, hanging_up=hanging_up)
    await switchboard.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [waiting] = await work.find(Recording, select(recording))
    assert (waiting.report_id, waiting.seconds, told.state) == (told.id, 4, "joined")
    for _ in range(2):
        await fetch_recording(database, switchboard.carrier, waiting.id)
    async with database.transaction() as work:
        [fetched] = await work.find(Recording, select(recording))
    sound = database.keys.unseal_bytes(fetched.audio_sealed or b"", "recording", "audio", fetched.id)
    assert (sound[:4], fetched.content_type, fetched.url_sealed) == (b"RIFF", "audio/x-wav", None)
    await switchboard.devices.check(log_book.text.getvalue(), log_book.errors())


async def test_hanging_up_half_way_loses_nothing(switchboard: Switchboard, database: Database, log_book: LogBook) -> None:
    call = await switchboard.devices(ROSA, name="Rosa").calls()
    await call.presses("1")
    await call.presses("1")
    await call.presses("27701")
    call.hears("Durham County")
    await call.hangs_up()
    await switchboard.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert (told.county, told.state) == ("37063", "joined")


@pytest.mark.parametrize("path", ["/twilio/calls", "/twilio/calls/menu?n=1", "/twilio/calls/status", "/twilio/recordings"])
async def test_a_request_that_twilio_did_not_sign_is_refused(switchboard: Switchboard, database: Database, path: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{switchboard.web}{path}", data={"CallSid": "CA00000001", "From": ROSA})

    assert answer.status_code == 403
    async with database.transaction() as work:
        assert await work.find(InboundCall, select(inbound_call)) == []
