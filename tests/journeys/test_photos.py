"""Somebody sends a photo and says no place: signed webhooks over HTTP, the real worker, the desk's browser; at the end nothing is left."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from app.assembly import build_carrier, open_parts
from app.intake.photos import open_photo
from app.main import create_app
from app.operations.seed import seed_demo
from app.pipeline_recovery import Recovery, recover_recent
from app.records.inbound import inbound_message
from app.records.photos import Photo, photo
from app.settings import Settings
from app.simulator.faults import Fault, Kind, Point
from app.simulator.server import address_of, loopback_socket, serving
from app.worker import work
from tests.conftest import HOTLINE_NUMBER, LogBook
from tests.journeys.conftest import Line
from tests.pictures import ACCOUNT, DURHAM_POINT, MediaShelf, a_picture, opened

ROSA = "+17045550188"


@dataclass
class Street:
    """The hotline's web address, Twilio's shelf, the people's links, and where photos lie."""

    web: str
    shelf: MediaShelf
    links: dict[str, str]
    settings: Settings
    http: httpx2.AsyncClient

    async def receives(self, **fields: str) -> str:
        """Twilio tells of a text; returns the TwiML."""
        url = f"{self.web}/twilio/messages"
        given = {"From": ROSA, "To": HOTLINE_NUMBER, "Body": ""} | fields
        signature = RequestValidator(self.settings.auth_token.get_secret_value()).compute_signature(url, given)
        answer = await self.http.post(url, data=given, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200, answer.text
        return answer.text

    def files(self) -> list[Path]:
        return [file for file in (self.settings.data / "photos").rglob("*") if file.is_file()]


@pytest.fixture
async def street(settings: Settings, log_book: LogBook) -> AsyncIterator[Street]:
    """Web and worker, with a shelf in Twilio's place."""
    web_socket, twilio_socket = loopback_socket(), loopback_socket()
    web, twilio = address_of(web_socket), address_of(twilio_socket)
    settings = settings.model_copy(update={"public_url": web, "api_url": twilio, "demo": True, "simulator_url": twilio})
    async with open_parts(settings) as parts:
        links = await seed_demo(parts.database)
    shelf, stopping = MediaShelf(onward=twilio), asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(shelf.application(), twilio_socket))
        await stack.enter_async_context(serving(create_app(settings), web_socket))
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, follow_redirects=True))
        sending = asyncio.create_task(work(settings, stopping))
        try:
            yield Street(web, shelf, links, settings, http)
        finally:
            stopping.set()
            await sending
    assert log_book.errors() == []
    assert ROSA[2:] not in log_book.text.getvalue()


async def test_a_photo_tells_where_it_is_is_looked_at_and_is_forgotten_with_its_sender(street: Street) -> None:
    shelf, media, sid = street.shelf, f"ME{1:032d}", f"MM{1:032d}"
    shelf.files[media] = a_picture("HEIF", (1200, 900), point=DURHAM_POINT)
    asked = await street.receives(
        MessageSid=sid,
        Body="mira, hay agentes de la migra",
        NumMedia="1",
        MediaUrl0=f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media/{media}",
        MediaContentType0="image/heic",
    )
    assert "ciudad" in asked
    await shelf.until(lambda s: bool(s.sent) and not s.files)
    assert shelf.sent[0]["To"] == ROSA and "condado de Durham" in shelf.sent[0]["Body"]
    [file] = street.files()
    assert b"JFIF" not in file.read_bytes()

    await street.http.get(f"{street.web}{street.links['Ana']}")
    board = (await street.http.get(f"{street.web}/console/")).text
    code = re.search(r'href="(/console/incidents/\w+)"', board)
    assert code is not None
    page = (await street.http.get(f"{street.web}{code[1]}")).text
    address = re.search(r'src="(/console/photos/[\w-]+)"', page)
    assert address is not None and "data:image/jpeg" in page
    picture = opened((await street.http.get(f"{street.web}{address[1]}")).content)
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (1200, 900), {})

    shelf.seen.clear()
    await street.receives(MessageSid=f"SM{2:032d}", Body="BORRAR")
    gone = await street.http.get(f"{street.web}{address[1]}")
    await shelf.until(lambda s: any(method == "DELETE" for method, _, _ in s.seen))
    assert (gone.status_code, street.files()) == (404, [])


async def test_a_photo_by_whatsapp_is_answered_there_and_settles_where_it_is(line: Line, log_book: LogBook) -> None:
    rosa = line.devices(ROSA, name="Rosa")
    await rosa.texts("hay agentes de la migra afuera", files={"image/jpeg": a_picture(point=DURHAM_POINT)}, whatsapp=True)
    await rosa.expects("ciudad")
    await rosa.expects("condado de Durham")
    await line.devices.check(log_book.text.getvalue(), log_book.errors())

    answers = [text for text in line.exchange.messages.values() if text.to == ROSA]
    assert [text.channel.value for text in answers] == ["whatsapp", "whatsapp"]
    async with open_parts(line.settings) as parts, parts.database.transaction() as unit:
        [kept] = await unit.find(Photo, select(photo))
        picture = await open_photo(unit, parts.photos, kept)
    assert (kept.state, opened(picture or b"").size) == ("kept", (320, 240))


async def test_stop_by_whatsapp_is_confirmed_and_holds_for_texts_too(line: Line, log_book: LogBook) -> None:
    rosa = line.devices(ROSA, name="Rosa")
    await rosa.texts("JOIN Durham")
    await rosa.expects("Durham County")
    await rosa.texts("STOP", whatsapp=True)
    await rosa.next_text()
    await rosa.expects_nothing_more()
    await line.devices.check(log_book.text.getvalue(), log_book.errors())


async def test_a_photo_whose_webhook_never_came_is_taken_in_from_twilios_log(line: Line, log_book: LogBook) -> None:
    rosa = line.devices(ROSA, name="Rosa")
    line.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind.DROP))
    await rosa.texts("ICE agents in vests outside the Walmart in Durham", files={"image/jpeg": a_picture()})
    carrier = build_carrier(line.settings)
    async with open_parts(line.settings) as parts:
        await recover_recent(
            Recovery(parts.database, parts.hotline, parts.spool, carrier, (HOTLINE_NUMBER,), grace=timedelta(0))
        )
        async with parts.database.transaction() as unit:
            [found] = await unit.find(Photo, select(photo))
            assert await unit.scalar(select(inbound_message.c.media_count)) == 1
    await carrier.close()

    assert (found.declared_type, found.place) == ("image/jpeg", 0)
    await rosa.expects("Durham County")
    await line.devices.check(log_book.text.getvalue(), log_book.errors(), allowed_errors=("webhook",))
