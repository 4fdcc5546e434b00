"""A reply goes back by WhatsApp within the day, once; everything else, and whatever failed there, goes by SMS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.callbacks import hear_status
from app.delivery.outbox import SESSION
from app.delivery.plan import Message, plan_to
from app.delivery.sender import Sender
from app.records.contacts import contact
from app.records.deliveries import Lane
from app.records.phone_book import contact_for
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.rest import Refused, TwilioRest
from tests.delivery.outgoing import TEXTS, PhoneCompany, states

NUMBER, LINE, OURS = "+19195550110", "+19195550100", "+19195550199"


async def told(database: Database, sender: Sender, lane: Lane, *, wrote_ago: timedelta | None) -> None:
    """Somebody who last wrote by WhatsApp so long ago (None: by SMS) is told something."""
    async with database.transaction() as work:
        who = await contact_for(work, NUMBER)
        at = None if wrote_ago is None else work.now - wrote_ago
        await work.execute(contact.update().where(contact.c.id == who).values(whatsapp_at=at))
        await plan_to(work, Message(lane, "outcome", TEXTS, database.new_id()), [who])
    await sender.send_some()


@pytest.mark.parametrize(
    ("lane", "wrote_ago", "goes_to"),
    [
        (Lane.REPLY, timedelta(minutes=1), f"whatsapp:{NUMBER}"),
        (Lane.REPLY, SESSION - timedelta(seconds=1), f"whatsapp:{NUMBER}"),
        (Lane.REPLY, SESSION, NUMBER),
        (Lane.REPLY, None, NUMBER),
        (Lane.DISPATCH, timedelta(minutes=1), NUMBER),
        (Lane.ALERT, timedelta(minutes=1), NUMBER),
    ],
)
async def test_only_a_reply_within_the_day_goes_by_whatsapp(
    database: Database, sender: Sender, company: PhoneCompany, lane: Lane, wrote_ago: timedelta | None, goes_to: str
) -> None:
    await told(database, sender, lane, wrote_ago=wrote_ago)

    assert [text.to for text in company.log] == [goes_to]


async def test_what_whatsapp_refuses_goes_by_sms(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    company.answers = [Refused(63016, 400)]
    await told(database, sender, Lane.REPLY, wrote_ago=timedelta(minutes=1))
    clock.advance(timedelta(minutes=2))
    await sender.send_some()

    assert [to for to, _, _ in company.asked] == [f"whatsapp:{NUMBER}", NUMBER]
    assert await states(database) == {"sent": 1}


@pytest.mark.parametrize("code", [63003, 63016, 63024])
async def test_what_whatsapp_drops_later_goes_by_sms_once(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock, code: int
) -> None:
    await told(database, sender, Lane.REPLY, wrote_ago=timedelta(minutes=1))
    for _ in range(2):
        async with database.transaction() as work:
            await hear_status(work, None, company.log[0].sid, "failed", code)
    clock.advance(timedelta(minutes=2))
    for _ in range(2):
        await sender.send_some()

    assert [text.to for text in company.log] == [f"whatsapp:{NUMBER}", NUMBER]


@dataclass
class Shelf:
    """Twilio's Messages: what was posted, and which lists were asked for."""

    posted: list[dict[str, str]] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/2010-04-01/Accounts/{account}/Messages.json", self.messages, methods=["GET", "POST"])])

    async def messages(self, request: Request) -> Response:
        if request.method == "POST":
            async with request.form() as form:
                self.posted.append({name: str(value) for name, value in form.items()})
            return JSONResponse({"sid": f"SM{len(self.posted):032d}", "status": "queued"}, status_code=201)
        query = request.query_params
        self.listed.append((query["To"], query["From"]))
        sent = {
            "sid": f"SM{len(self.listed):032d}",
            "to": query["To"],
            "body": "hello",
            "status": "sent",
            "date_created": "Mon, 02 Mar 2026 17:00:00 +0000",
        }
        return JSONResponse({"messages": [sent], "page": 0, "next_page_uri": None})


@pytest.fixture
async def shelf() -> AsyncIterator[tuple[Shelf, str]]:
    made, socket = Shelf(), loopback_socket()
    async with serving(made.application(), socket):
        yield made, address_of(socket)


@pytest.mark.parametrize(
    ("ours", "to", "goes_from", "goes_to"),
    [
        (OURS, f"whatsapp:{NUMBER}", f"whatsapp:{OURS}", f"whatsapp:{NUMBER}"),
        ("", f"whatsapp:{NUMBER}", LINE, NUMBER),
        (OURS, NUMBER, LINE, NUMBER),
    ],
)
async def test_each_way_goes_out_from_its_own_sender(
    shelf: tuple[Shelf, str], ours: str, to: str, goes_from: str, goes_to: str
) -> None:
    twilio, address = shelf
    rest = TwilioRest("ACsimulator", "SK", "secret", LINE, whatsapp=ours, api_url=address)
    await rest.send(to, "hello", "http://localhost/s", 60)
    await rest.close()

    assert [(one["From"], one["To"]) for one in twilio.posted] == [(goes_from, goes_to)]


async def test_a_doubtful_text_is_looked_for_in_the_log_of_both_ways(shelf: tuple[Shelf, str], clock: ManualClock) -> None:
    twilio, address = shelf
    rest = TwilioRest("ACsimulator", "SK", "secret", LINE, whatsapp=OURS, api_url=address)
    found = await rest.log_of(NUMBER, clock() - timedelta(hours=1))
    await rest.close()

    assert twilio.listed == [(NUMBER, LINE), (f"whatsapp:{NUMBER}", f"whatsapp:{OURS}")]
    assert len(found) == 2
