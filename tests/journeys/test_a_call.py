"""Somebody calls from a simulated phone: signed webhooks over real HTTP, from the greeting to the queue and the sealed voicemail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.api import calls
from app.api.errors import add_problem_details
from app.core.database import Database
from app.intake.recordings import fetch_recording
from app.intake.spool_folder import Spool
from app.pipeline import Hotline
from app.pipeline_late import marks_of
from app.records.inbound import InboundCall, Recording, inbound_call, recording
from app.records.incidents import Incident, Report, incident, report
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.server import address_of, loopback_socket, serving
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import TwilioRest
from tests.conftest import HOTLINE_NUMBER, LogBook
from tests.devices import Devices

ROSA, KEN = "+19195550123", "+17045550188"


@dataclass
class Street:
    """The phones, the hotline's web address, and the client with which the worker fetches voicemails."""

    devices: Devices
    web: str
    rest: TwilioRest


@pytest.fixture
async def street(settings: Settings, database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Street]:
    """A simulator whose line leads to the hotline's call routes, both over HTTP on loopback."""
    web_socket, twilio_socket = loopback_socket(), loopback_socket()
    web, twilio = address_of(web_socket), address_of(twilio_socket)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        reached_at = settings.model_copy(update={"public_url": web})
        marks = marks_of(hotline, WaitingStops(hotline.redis, database.keys))
        kept = {"spool": Spool(tmp_path, database.keys), "stop_marks": marks}
        yield {"settings": reached_at, "intake_database": database, "hotline": hotline, **kept}

    app = FastAPI(lifespan=lifespan)
    add_problem_details(app)
    app.include_router(calls.router)
    line = SimulatedLine(
        HOTLINE_NUMBER, f"{web}/twilio/messages", f"{web}/twilio/calls#rc=2&rp=all", f"{web}/twilio/calls/status", "Durham"
    )
    token, secret = settings.auth_token.get_secret_value(), settings.api_key_secret.get_secret_value()
    simulator = create_simulator(
        SimulatorConfig(SIMULATED_ACCOUNT_SID, token, settings.api_key_sid, secret, lines=[line], public_url=twilio, seed=7)
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(app, web_socket))
        await stack.enter_async_context(serving(simulator, twilio_socket))
        devices = await stack.enter_async_context(Devices(twilio))
        rest = TwilioRest(SIMULATED_ACCOUNT_SID, settings.api_key_sid, secret, HOTLINE_NUMBER, api_url=twilio)
        yield Street(devices, web, rest)
        await rest.close()


async def test_a_caller_reports_by_keys_and_speech_in_spanish(street: Street, database: Database, log_book: LogBook) -> None:
    call = await street.devices(ROSA, name="Rosa").calls()
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
    await street.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [about] = await work.find(Incident, select(incident))
        [kept] = await work.find(InboundCall, select(inbound_call))
    assert (told.channel, told.county, told.language, about.county) == ("voice", "37089", "es", "37089")
    assert (kept.report_id, kept.status) == (told.id, "completed")


async def test_a_caller_hears_their_rights_by_topic(street: Street, log_book: LogBook) -> None:
    call = await street.devices(KEN, name="Ken").calls()
    await call.presses("1")
    await call.says("rights")
    call.hears("You have rights", "At your door: press 1")
    await call.presses("2")
    call.hears("stop safely")
    await call.presses("9")
    call.hears("To report immigration agents, press 1")
    await call.hangs_up()
    await street.devices.check(log_book.text.getvalue(), log_book.errors())


@pytest.mark.parametrize("hanging_up", [True, False])
async def test_a_voicemail_is_in_the_queue_sealed_here_and_gone_there(
    street: Street, database: Database, log_book: LogBook, hanging_up: bool
) -> None:
    call = await street.devices(KEN, name="Ken").calls()
    await call.presses("1")
    await call.presses("3")
    call.hears("The message is recorded")
    await call.leaves_message(4, hanging_up=hanging_up)
    await street.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [waiting] = await work.find(Recording, select(recording))
    assert (waiting.report_id, waiting.seconds, told.state) == (told.id, 4, "joined")
    for _ in range(2):
        await fetch_recording(database, street.rest, waiting.id)
    async with database.transaction() as work:
        [fetched] = await work.find(Recording, select(recording))
    sound = database.keys.unseal_bytes(fetched.audio_sealed or b"", "recording", "audio", fetched.id)
    assert (sound[:4], fetched.content_type, fetched.url_sealed) == (b"RIFF", "audio/x-wav", None)
    await street.devices.check(log_book.text.getvalue(), log_book.errors())


async def test_hanging_up_half_way_loses_nothing(street: Street, database: Database, log_book: LogBook) -> None:
    call = await street.devices(ROSA, name="Rosa").calls()
    await call.presses("1")
    await call.presses("1")
    await call.presses("27701")
    call.hears("Durham County")
    await call.hangs_up()
    await street.devices.check(log_book.text.getvalue(), log_book.errors())

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert (told.county, told.state) == ("37063", "joined")


@pytest.mark.parametrize("path", ["/twilio/calls", "/twilio/calls/menu?n=1", "/twilio/calls/status", "/twilio/recordings"])
async def test_a_request_that_twilio_did_not_sign_is_refused(street: Street, database: Database, path: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{street.web}{path}", data={"CallSid": "CA00000001", "From": ROSA})

    assert answer.status_code == 403
    async with database.transaction() as work:
        assert await work.find(InboundCall, select(inbound_call)) == []
