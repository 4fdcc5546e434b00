"""The simulator as a web application of its own: Twilio's REST, the control API and the pages with the phones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from app.simulator.account import LOOPBACK_HOSTS, Account, SimulatedLine, checked_account
from app.simulator.control import control
from app.simulator.control_faults import control_faults
from app.simulator.courier import Courier
from app.simulator.doorman import Doorman
from app.simulator.exchange import Exchange, Pace
from app.simulator.ledger import ledger
from app.simulator.pages import FOLDER, pages
from app.simulator.pages_faults import fault_pages
from app.simulator.refusals import Refusal
from app.simulator.rest import twilio_rest
from app.simulator.staging import Stage, Story
from app.simulator.terms import Terms

VERSION: Final = "2010-04-01"


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """What the simulator is told when it starts.

    `public_url` is its own address. `seed` makes chance repeatable: the same SIDs in the same order, so it fits one run against a
    fresh database; None draws from the machine. `step_s` is the time between two statuses of a text. `hosts` are further host
    names that it may answer under and post to, and with `any_client` it answers other machines: both for a container network.
    `zone` is the IANA name of the clock that the page shows; `story` plays on the phones, and is given `console_url` and
    `sign_in_links` (by role).
    `any_number` admits phones beyond the fictional 555-01xx; `allow_real` an account SID that could be Twilio's.
    """

    account_sid: str
    auth_token: str
    api_key_sid: str
    api_key_secret: str
    lines: Sequence[SimulatedLine]
    public_url: str
    allow_real: bool = False
    services: Sequence[str] = ()
    seed: int | None = None
    step_s: float = 0.0
    hosts: frozenset[str] = frozenset()
    any_client: bool = False
    any_number: bool = False
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    terms: Terms = field(default_factory=Terms)
    zone: str = "America/New_York"
    story: Story | None = None
    console_url: str = ""
    sign_in_links: Mapping[str, str] = field(default_factory=dict)


def create_simulator(config: SimulatorConfig) -> FastAPI:
    """Build the simulator; its exchange is `application.state.exchange`. Raises `UnsafeSimulator` beside anything real."""
    account = checked_account(
        Account(
            sid=config.account_sid,
            auth_token=config.auth_token,
            key_sid=config.api_key_sid,
            key_secret=config.api_key_secret,
            lines={line.number: line for line in config.lines},
            services=frozenset(config.services),
            hosts=LOOPBACK_HOSTS | config.hosts,
        ),
        allow_real=config.allow_real,
        any_number=config.any_number,
    )
    courier = Courier(account.auth_token)
    exchange = Exchange(
        account,
        now=config.now,
        chance=random.Random(config.seed),  # noqa: S311 - SIDs and faults of a double; nothing secret is drawn
        post=courier,
        pace=Pace(config.step_s),
        any_number=config.any_number,
        public_url=config.public_url.rstrip("/"),
        pause=config.pause,
        terms=config.terms,
    )

    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        await courier.open()
        yield
        await exchange.stop()
        await courier.close()

    application = FastAPI(title="Vigía's simulator", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    application.state.exchange = exchange
    application.include_router(twilio_rest(exchange))
    application.include_router(control(exchange))
    application.include_router(control_faults(exchange))
    application.include_router(ledger(exchange))
    stage = Stage(exchange, config.story, config.console_url, config.sign_in_links)
    application.state.stage = stage
    application.include_router(pages(exchange, stage, config.zone))
    application.include_router(fault_pages(exchange))
    application.mount("/simulator/static", StaticFiles(directory=FOLDER / "static"))

    @application.exception_handler(404)
    @application.exception_handler(405)
    async def not_here(request: Request, error: Exception) -> Response:
        status = int(getattr(error, "status_code", 404))
        if request.url.path.startswith((f"/{VERSION}", "/v1/", "/v2/")):
            return JSONResponse(Refusal(20004 if status == 405 else 20404).as_json(), status_code=status)
        return JSONResponse({"detail": getattr(error, "detail", "not found")}, status_code=status)

    own_host = urlsplit(config.public_url).hostname
    names = account.hosts | ({own_host} if own_host else set())
    application.add_middleware(Doorman, hosts=names, any_client=config.any_client)
    return application
