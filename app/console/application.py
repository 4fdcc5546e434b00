"""The console as one application under /console: its screens, its static files, and the guard around them.

It is mounted, so that its refusals are pages for people while the rest of the web process answers programs.
"""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from app.console import (
    alert_draft,
    alert_page,
    alert_templates,
    alone_page,
    board,
    broadcast_form,
    broadcast_page,
    contact,
    coverage_page,
    field_page,
    inbox,
    incident_acts,
    incident_claim,
    incident_page,
    incident_undo,
    join_page,
    landmarks,
    live,
    offers_page,
    oversight,
    people,
    photos,
    posters,
    rights_policies,
    rights_texts,
    shifts_page,
    sign_in,
    subscribers_page,
    switch_act,
)
from app.console.guard import Guard
from app.console.refusals import add_refusals
from app.console.rendering import FOLDER
from app.console.turnstile import Turnstile

SCREENS: Final = (
    sign_in,
    join_page,
    field_page,
    board,
    live,
    incident_page,
    incident_undo,
    incident_acts,
    incident_claim,
    contact,
    photos,
    alert_templates,
    alert_draft,
    alert_page,
    alone_page,
    broadcast_form,
    broadcast_page,
    offers_page,
    inbox,
    landmarks,
    people,
    shifts_page,
    coverage_page,
    oversight,
    posters,
    rights_policies,
    rights_texts,
    subscribers_page,
    switch_act,
)
"""Every screen, each a file with its routes."""


def add_console(app: FastAPI) -> None:
    """Put the console under /console of `app`, whose lifespan gives `settings`, `database`, `hotline` and `listener` as request state."""
    app.mount("/console", create_console(), name="console")


def create_console() -> FastAPI:
    """The console's own application; paths inside it begin after /console."""
    console = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_refusals(console)
    for screen in SCREENS:
        console.include_router(screen.router)
    console.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    console.add_middleware(Turnstile)
    console.add_middleware(Guard)
    return console
