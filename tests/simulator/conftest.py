"""A simulator and a small hotline beside it, both over real HTTP in the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.server import address_of, loopback_socket, serving
from tests.devices import Devices
from tests.simulator.clock import Clock

LINE = "+19195550100"
SERVICE = "MGsimulator0000000000000000000000a"
TOKEN = "a token of the simulator"
KEY = ("SKsimulator0000000000000000000000a", "a secret of the simulator")

Answer = Callable[["Got"], "tuple[int, str]"]


@dataclass
class Got:
    """One request that the small hotline received."""

    path: str
    query: str
    form: dict[str, str]
    signed: bool
    token: str


@dataclass
class Hotline:
    """Answers what the test tells it to, and keeps what it got. `url` is its address."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Answer = lambda _got: (200, "<Response/>")
    slow: dict[str, float] = field(default_factory=dict)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        url = f"{self.url}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        signed = RequestValidator(TOKEN).compute_signature(url, dict(form)) == request.headers["x-twilio-signature"]
        got = Got(request.url.path, request.url.query, dict(form), signed, request.headers["i-twilio-idempotency-token"])
        async with self.arrived:
            self.got.append(got)
            self.arrived.notify_all()
        await asyncio.sleep(self.slow.get(got.path, 0))
        status, twiml = self.answer(got)
        await Response(twiml, status_code=status, media_type="text/xml")(scope, receive, send)

    async def has(self, count: int, path: str) -> None:
        """Return once `count` requests to `path` have come."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.at(path)) >= count)

    def at(self, path: str) -> list[Got]:
        """The requests to `path`, in order."""
        return [got for got in self.got if got.path == path]


@dataclass
class Room:
    """Everything that a test of the simulator holds."""

    url: str
    exchange: Exchange
    hotline: Hotline
    devices: Devices
    clock: Clock

    def has_fallbacks(self) -> None:
        """From now on the line has addresses to fall back to."""
        line = self.exchange.line(LINE)
        self.exchange.change_line(
            replace(
                line,
                sms_fallback_url=f"{self.hotline.url}/fallback/messages",
                voice_fallback_url=f"{self.hotline.url}/fallback/calls",
            )
        )

    def browser(self) -> httpx2.AsyncClient:
        """A browser without scripts: follows redirects, keeps cookies, asks for English."""
        return httpx2.AsyncClient(
            base_url=self.url,
            follow_redirects=True,
            trust_env=False,
            headers={"Accept-Language": "en", "Origin": self.url},
        )

    def client(
        self, user: str = SIMULATED_ACCOUNT_SID, password: str = TOKEN, http: AsyncTwilioHttpClient | None = None
    ) -> Any:
        """The official client, pointed at the simulator."""
        client = Client(user, password, SIMULATED_ACCOUNT_SID, http_client=http)
        client.api.base_url = client.messaging.base_url = client.lookups.base_url = self.url
        return client


@pytest.fixture
def clock() -> Clock:
    """The time of the simulator under test."""
    return Clock()


@pytest.fixture
async def room(clock: Clock) -> AsyncIterator[Room]:
    """A simulator whose one line leads to a small hotline."""
    async with AsyncExitStack() as stack:
        hotline = Hotline()
        hotline.url = await stack.enter_async_context(serving(_no_lifespan(hotline), loopback_socket()))
        listener = loopback_socket()
        application = create_simulator(
            SimulatorConfig(
                SIMULATED_ACCOUNT_SID,
                TOKEN,
                *KEY,
                lines=[
                    SimulatedLine(
                        LINE,
                        f"{hotline.url}/twilio/messages#rc=2&rp=all&rt=400",
                        f"{hotline.url}/twilio/calls",
                        f"{hotline.url}/twilio/calls/status",
                        "Durham",
                    )
                ],
                public_url=address_of(listener),
                services=[SERVICE],
                seed=7,
                now=clock.now,
                pause=clock.pause,
            )
        )
        url = await stack.enter_async_context(serving(application, listener))
        devices = await stack.enter_async_context(Devices(url))
        yield Room(url, application.state.exchange, hotline, devices, clock)


def _no_lifespan(hotline: Hotline) -> Callable[[Scope, Receive, Send], Any]:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await hotline(scope, receive, send)

    return application
