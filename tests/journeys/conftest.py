"""The whole line in one event loop, over real HTTP: the simulator, the web, the worker, and the demo's people. For calls a smaller world:
the routes that Twilio calls, and the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.api import calls, masked_calls, urgent_calls
from app.api.errors import add_problem_details
from app.assembly import open_parts
from app.core.database import Database
from app.intake.spool_folder import Spool
from app.main import create_app
from app.operations.seed import seed_demo
from app.pipeline import Hotline
from app.pipeline_late import marks_of
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.server import address_of, loopback_socket, serving
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import TwilioRest
from app.worker import work
from tests.conftest import HOTLINE_NUMBER, LogBook
from tests.devices import Devices

OVERRIDES = "#rc=5&rp=all"


@dataclass
class Line:
    """Addresses, the demo's sign-in links by alias, the phones, and what stands behind them."""

    web: str
    simulator: str
    links: dict[str, str]
    devices: Devices
    exchange: Exchange
    settings: Settings


@pytest.fixture
async def line(settings: Settings, log_book: LogBook) -> AsyncIterator[Line]:
    """Everything, running; at the end no phone may have an unread text, and no error and no number may stand in the log."""
    web_socket, simulator_socket = loopback_socket(), loopback_socket()
    web, simulator = address_of(web_socket), address_of(simulator_socket)
    settings = settings.model_copy(
        update={
            "public_url": web,
            "api_url": simulator,
            "simulator_url": simulator,
            "whatsapp_line": HOTLINE_NUMBER,
            "demo": True,
            "unknown_grace": timedelta(seconds=1),
        }
    )
    async with open_parts(settings) as parts:
        links = await seed_demo(parts.database)
    double = create_simulator(
        SimulatorConfig(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token.get_secret_value(),
            api_key_sid=settings.api_key_sid,
            api_key_secret=settings.api_key_secret.get_secret_value(),
            lines=[
                SimulatedLine(
                    HOTLINE_NUMBER,
                    f"{web}/twilio/messages{OVERRIDES}",
                    f"{web}/twilio/calls{OVERRIDES}",
                    f"{web}/twilio/calls/status{OVERRIDES}",
                )
            ],
            public_url=simulator,
        )
    )
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(double, simulator_socket))
        await stack.enter_async_context(serving(create_app(settings), web_socket))
        devices = await stack.enter_async_context(Devices(simulator))
        sending = asyncio.create_task(work(settings, stopping))
        try:
            yield Line(web, simulator, {a: f"{web}{p}" for a, p in links.items()}, devices, double.state.exchange, settings)
        finally:
            stopping.set()
            await sending


@dataclass
class Switchboard:
    """Phones that call and ring, the hotline's web address, and the client with which the worker calls and fetches."""

    devices: Devices
    web: str
    carrier: TwilioRest


@pytest.fixture
async def switchboard(settings: Settings, database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Switchboard]:
    """The hotline's routes for calls, on the test's own database and clock, and a simulator whose line leads to them; over HTTP on
    loopback."""
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
    for routes in (calls, urgent_calls, masked_calls):
        app.include_router(routes.router)
    called = f"{web}/twilio/calls"
    line = SimulatedLine(HOTLINE_NUMBER, f"{web}/twilio/messages", f"{called}#rc=2&rp=all", f"{called}/status", "Durham")
    token, secret = settings.auth_token.get_secret_value(), settings.api_key_secret.get_secret_value()
    simulator = create_simulator(
        SimulatorConfig(SIMULATED_ACCOUNT_SID, token, settings.api_key_sid, secret, lines=[line], public_url=twilio, seed=7)
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(app, web_socket))
        await stack.enter_async_context(serving(simulator, twilio_socket))
        devices = await stack.enter_async_context(Devices(twilio))
        carrier = TwilioRest(SIMULATED_ACCOUNT_SID, settings.api_key_sid, secret, HOTLINE_NUMBER, api_url=twilio)
        stack.push_async_callback(carrier.close)
        yield Switchboard(devices, web, carrier)
