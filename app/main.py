"""The web application: Twilio's webhooks, the console, health. It can check signatures and can't send."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypedDict
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from app.api import calls, feeds, health, masked_calls, texts, urgent_calls
from app.api.errors import add_problem_details
from app.assembly import Parts, build_database, open_parts
from app.console.application import add_console
from app.core.clock import Clock, system_clock
from app.core.database import Database
from app.core.live import Listener
from app.core.logs import set_up_logging
from app.core.standing import leave_standing
from app.intake.acknowledged import Acknowledged
from app.intake.photo_store import PhotoStore
from app.intake.spool_folder import Spool, try_spool
from app.intake.stop_marks import StopMarks
from app.pipeline import Hotline
from app.pipeline_late import marks_of, replay_of
from app.pipeline_places import follow_landmarks
from app.settings import Settings, environment_name


class State(TypedDict):
    """What every request can reach as `request.state`."""

    settings: Settings
    database: Database
    photos: PhotoStore
    intake_database: Database
    spool: Spool
    stop_marks: StopMarks
    acknowledged: Acknowledged
    hotline: Hotline
    listener: Listener
    demo_links: Sequence[Mapping[str, str]]


def create_app(settings: Settings, clock: Clock = system_clock, *, alone: bool = False) -> FastAPI:
    """The application of these settings; its clients are built when it starts and closed when it ends. `alone`: the process runs nothing
    else and ends with it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with open_parts(settings, clock) as parts:
            listener, lane = Listener(parts.redis), build_database(settings, clock)
            acknowledged = Acknowledged(lane)
            await asyncio.to_thread(try_spool, parts.spool)
            marks = marks_of(parts.hotline, parts.waiting_stops)
            replay = replay_of(parts.hotline, parts.spool, lane, marks)
            beside = [
                asyncio.create_task(listener.run()),
                asyncio.create_task(acknowledged.run()),
                asyncio.create_task(replay.keep_running()),
                asyncio.create_task(follow_landmarks(parts.hotline.atlas, parts.database, listener)),
            ]
            if alone:
                leave_standing()
            try:
                yield _state(parts, listener, lane, acknowledged, marks)
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                await acknowledged.finish()
                await lane.close()

    app = FastAPI(title="Vigía", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    add_problem_details(app)
    app.router.routes.append(texts.arrival)
    app.include_router(texts.router)
    app.include_router(calls.router)
    app.include_router(urgent_calls.router)
    app.include_router(masked_calls.router)
    app.include_router(health.router)
    app.include_router(feeds.router)
    add_console(app)
    if settings.demo and settings.simulator_url:
        _point_to_simulator(app, settings.simulator_url)

    @app.get("/", include_in_schema=False)
    async def front_door() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.get("/join", include_in_schema=False)
    async def sign_up_door(county: str = "") -> RedirectResponse:
        return RedirectResponse(f"/console/join?{urlencode({'county': county[:5]})}")

    return app


def web_settings() -> Settings:
    """The settings without the key that can send, also where the web is started with everything the worker has: it can't lose what it
    does not hold."""
    os.environ.pop(environment_name("api_key_secret"), None)
    return Settings(api_key_secret=SecretStr(""))


def application() -> FastAPI:
    """The application as uvicorn's factory: settings from the environment, logging set up."""
    settings = web_settings()
    set_up_logging("web", as_json=settings.log_json, level=settings.log_level)
    return create_app(settings, alone=True)


def _state(parts: Parts, listener: Listener, lane: Database, acknowledged: Acknowledged, marks: StopMarks) -> State:
    links: Sequence[Mapping[str, str]] = json.loads(os.environ.get("VIGIA_DEMO_LINKS", "[]")) if parts.settings.demo else ()
    return State(
        settings=parts.settings,
        database=parts.database,
        photos=parts.photos,
        intake_database=lane,
        spool=parts.spool,
        stop_marks=marks,
        acknowledged=acknowledged,
        hotline=parts.hotline,
        listener=listener,
        demo_links=links,
    )


def _point_to_simulator(app: FastAPI, simulator_url: str) -> None:
    """In a demo the simulator is a process of its own, so that killing ours does not kill Twilio; its pages are found from here too."""

    @app.get("/simulator/{path:path}", include_in_schema=False)
    async def simulator(request: Request, path: str) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{simulator_url}/simulator/{path}{query}")
