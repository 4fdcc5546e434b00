"""The whole line in one event loop, over real HTTP: the simulator, the web, the worker, and the demo's people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.assembly import open_parts
from app.main import create_app
from app.operations.seed import seed_demo
from app.settings import Settings
from app.simulator.account import SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.server import address_of, loopback_socket, serving
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
