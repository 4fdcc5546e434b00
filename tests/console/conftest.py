"""The console without a network: its application with a test's database behind it, people with browsers, and a neighbour who texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from app.console.application import create_console
from app.core.database import Database
from app.core.live import Listener
from app.intake.photo_store import FolderStore
from app.pipeline import Hotline, receive_text
from app.records.incidents import Incident, incident
from app.settings import Settings
from app.telephony.forms import TextForm, read_form
from app.volunteers.access import create_sign_in_link
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import LinkPurpose, Volunteer

DURHAM = "37063"
ROSA, KEN, LUZ_PHONE, SAM_PHONE, LINE = "+19195550110", "+19195550111", "+19195550103", "+19195550104", "+19195550100"

PEOPLE: dict[str, dict[str, Any]] = {
    "Ana": {"roles": ["dispatcher"]},
    "Beto": {"roles": ["dispatcher", "lead"]},
    "Luz": {"roles": ["verifier"], "trained": True, "number": LUZ_PHONE, "counties": [DURHAM]},
    "Sam": {"roles": ["verifier"], "trained": True, "number": SAM_PHONE, "counties": [DURHAM]},
    "Olga": {"roles": ["organizer"]},
    "Tomas": {"roles": ["organizer"]},
    "Ada": {"roles": ["admin"]},
}

Browser = httpx2.AsyncClient
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Desk:
    """A hotline with its console: make people, open their browsers, let neighbours text."""

    app: Any
    database: Database
    hotline: Hotline
    people: dict[str, Volunteer] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    sids: Any = field(default_factory=lambda: itertools.count(1))

    async def stranger(self) -> Browser:
        """A browser in which nobody is signed in."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=SAME_SITE)
        return await self.stack.enter_async_context(client)

    async def browser(self, alias: str) -> Browser:
        """The browser of one of PEOPLE, signed in by a demo link."""
        client = await self.stranger()
        answer = await client.get(f"/console/login/{await self.link(alias, LinkPurpose.DEMO)}")
        assert answer.status_code == 303
        return client

    async def link(self, alias: str, purpose: LinkPurpose, lasts: timedelta = timedelta(days=1)) -> str:
        """The token of a fresh sign-in link."""
        async with self.database.transaction() as work:
            return await create_sign_in_link(work, self.people[alias].id, purpose, lasts)

    async def texts(self, sender: str, body: str) -> str | None:
        """Somebody texts the hotline."""
        fields = {"MessageSid": f"SM{next(self.sids):032d}", "From": sender, "To": LINE, "Body": body}
        form: TextForm = read_form(TextForm, fields)
        async with self.database.transaction() as work:
            return await receive_text(work, self.hotline, form)

    async def incident(self) -> Incident:
        """The one incident there is."""
        async with self.database.transaction() as work:
            found = await work.get(Incident, incident.c.id.is_not(None))
            assert found is not None
            return found

    async def taken(self, alias: str = "Ana") -> tuple[Browser, str, Callable[..., Awaitable[httpx2.Response]]]:
        """A neighbour reports, a dispatcher takes it: their browser, the page's path, and what posts a form of the page."""
        await self.texts(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
        client = await self.browser(alias)
        path = (await client.post("/console/tasks/pull")).headers["location"]
        page = await client.get(path)
        fence = re.search(r'name="fence" value="(\d+)"', page.text)
        assert fence is not None

        async def post(act: str, **fields: str) -> httpx2.Response:
            return await client.post(f"{path}/{act}", data={"fence": fence[1], **fields})

        return client, path, post

    async def confirmed(self) -> str:
        """An incident that Luz saw and Ana confirmed: the path of its page."""
        _, path, post = await self.taken()
        await post("offer", volunteer="Luz")
        await self.texts(LUZ_PHONE, "Si")
        await self.texts(LUZ_PHONE, "confirmo")
        assert (await post("decide", outcome="confirm")).status_code == 303
        return path

    async def proposed(self, **words: str) -> str:
        """An alert that Olga proposed: the path of its page."""
        path = await self.confirmed()
        olga = await self.browser("Olga")
        answer = await olga.post(f"{path}/alert", data=words)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@pytest.fixture
def console_settings(settings: Settings) -> Settings:
    """Settings of a console that is not a demo."""
    return settings


@pytest.fixture
def photos(tmp_path: Path) -> FolderStore:
    """Where this test's photos lie."""
    return FolderStore(tmp_path / "photos")


@pytest.fixture
async def desk(
    database: Database, hotline: Hotline, redis: Redis, console_settings: Settings, photos: FolderStore
) -> AsyncIterator[Desk]:
    """The console with its people, on the test's database."""
    state = {
        "settings": console_settings,
        "database": database,
        "photos": photos,
        "hotline": hotline,
        "listener": Listener(redis),
        "demo_links": (),
    }
    made = Desk(_mounted(state), database, hotline)
    async with made.stack:
        async with database.transaction() as work:
            for alias, facts in PEOPLE.items():
                given: dict[str, Any] = {"languages": ["en", "es"], "counties": [], "trained": False, "number": None} | facts
                made.people[alias] = await add_volunteer(work, alias, **given)
        yield made


def _mounted(state: Mapping[str, Any]) -> Any:
    """The console under /console with `state` as the lifespan would give it."""
    console = create_console()

    async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        inside = dict(scope) | {"state": dict(state), "root_path": "/console"}
        await console(inside, receive, send)

    return application
