"""The windows for programs without a network: the routes over a test's database, behind the same hotline that the console's tests have."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx2
import pytest
from fastapi import FastAPI

from app.api import feeds
from app.api.errors import add_problem_details
from app.pipeline_alerts import approve, propose, propose_update
from app.records.alerts import Alert
from app.records.incidents import Incident, incident
from app.records.verification import Outcome
from app.settings import Settings
from app.verification.decisions import decide
from tests.console.conftest import Desk, console_settings, desk, photos

__all__ = ["console_settings", "desk", "photos"]


@dataclass
class Reader:
    """Somebody who reads the feeds, and the hotline behind them."""

    desk: Desk
    settings: Settings

    def set(self, **changes: object) -> None:
        """Change settings from now on."""
        self.settings = self.settings.model_copy(update=changes)

    async def ask(self, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """One request."""
        app = FastAPI()
        add_problem_details(app)
        app.include_router(feeds.router)
        state = {"settings": self.settings, "database": self.desk.database, "hotline": self.desk.hotline}

        async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            await app(dict(scope) | {"state": dict(state)}, receive, send)

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application), base_url="http://feeds") as client:
            return await client.request(method, path, headers=headers)

    async def xml(self, path: str) -> Element:
        """A document, parsed."""
        answer = await self.ask(path)
        assert answer.status_code == 200, answer.text
        return fromstring(answer.content)  # noqa: S314  # our own document

    async def alerted(self) -> Alert:
        """Neighbours report, Luz sees it, Ana confirms, Olga proposes, Tomas approves."""
        await self.desk.confirmed()
        about = await self.desk.incident()
        async with self.desk.database.transaction() as work:
            told = await propose(work, self.desk.hotline, about, self.desk.people["Olga"])
        async with self.desk.database.transaction() as work:
            signed, _ = await approve(work, self.desk.hotline, told.id, self.desk.people["Tomas"])
        return signed

    async def decided(self, outcome: Outcome) -> Incident:
        """Somebody decides the one incident otherwise."""
        async with self.desk.database.transaction() as work:
            about = await work.get(Incident, incident.c.id.is_not(None))
            assert about is not None
            return await decide(work, about, outcome, self.desk.people["Ana"].id)

    async def updated(self, outcome: Outcome) -> Alert:
        """It is decided otherwise, and two people tell the county so."""
        about = await self.decided(outcome)
        async with self.desk.database.transaction() as work:
            told = await propose_update(work, self.desk.hotline, about, self.desk.people["Olga"])
        async with self.desk.database.transaction() as work:
            signed, _ = await approve(work, self.desk.hotline, told.id, self.desk.people["Tomas"])
        return signed


@pytest.fixture
async def reader(desk: Desk, settings: Settings) -> Reader:  # the fixture of that name
    """A reader of a hotline whose account is a real one's, so that nothing is a rehearsal."""
    real = {"account_sid": "AC" + "0" * 32, "public_url": "https://hotline.example.org"}
    return Reader(desk, settings.model_copy(update=real))
