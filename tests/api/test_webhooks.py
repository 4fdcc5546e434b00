"""Partners are told of alerts by signed webhooks: once signed, tried again, given up on, and never into our own network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from app.api.webhooks import PartnerAway, signed_headers, tell_partner
from app.assembly import build_carrier, open_parts
from app.core.clock import ManualClock
from app.core.errors import BadInput, NotFound
from app.core.outside import check_address, is_public, post_outside
from app.records.partners import MOST_FAILURES, TELL_PARTNER, Partner, add_partner, list_partners, partner, remove_partner
from app.records.verification import Outcome
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket, serving
from app.worker import build_jobs
from tests.api.conftest import Reader
from tests.console.conftest import LUZ_PHONE, ROSA


@dataclass
class Newsroom:
    """A partner with a server of its own: what it was told, and what it answers."""

    url: str
    answers: int = 204
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    socket, app = loopback_socket(), FastAPI()
    made = Newsroom(f"{address_of(socket)}/hooks?key=of-theirs")

    @app.post("/hooks")
    async def hook(request: Request) -> Response:
        made.told.append((dict(request.headers), await request.body()))
        return Response(status_code=made.answers)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(app, socket))
        yield made


async def add(reader: Reader, newsroom: Newsroom) -> str:
    async with reader.desk.database.transaction() as work:
        return await add_partner(work, "Newsroom", newsroom.url)


async def jobs(reader: Reader) -> list[tuple[UUID, UUID]]:
    """The partner and the alert of every job that waits, the oldest first."""
    async with reader.desk.database.transaction() as work:
        rows = await work.all(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = :name ORDER BY id").bindparams(name=TELL_PARTNER)
        )
    return [(UUID(row.args["partner_id"]), UUID(row.args["alert_id"])) for row in rows]


async def do(reader: Reader, job: tuple[UUID, UUID], *, private: bool = True) -> None:
    await tell_partner(reader.desk.database, *job, private=private, exercise=True)


async def the_partner(reader: Reader) -> Partner:
    async with reader.desk.database.transaction() as work:
        found = await work.get(Partner, partner.c.name == "Newsroom")
    assert found is not None
    return found


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the scheme's own test suite."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


async def test_a_partner_hears_an_approved_alert_signed_and_without_a_number(
    reader: Reader, newsroom: Newsroom, clock: ManualClock
) -> None:
    secret = await add(reader, newsroom)
    told = await reader.alerted()
    (job,) = await jobs(reader)
    await do(reader, job)
    await do(reader, job)

    (headers, body), (again, _) = newsroom.told
    assert headers["webhook-id"] == again["webhook-id"] == str(told.id)
    assert headers["webhook-signature"] == signed_headers(secret, str(told.id), clock.now, body)["webhook-signature"]
    said = json.loads(body)
    assert said["type"] == "alert.alert" and said["data"]["exercise"] is True
    assert (said["data"]["code"], said["data"]["county"], said["data"]["texts"]) == (told.code, "37063", told.texts)
    leaks = [secret for secret in (ROSA, LUZ_PHONE, "chalecos", "La migra esta") if secret.removeprefix("+1") in body.decode()]
    assert leaks == []


async def test_an_alert_that_is_no_longer_true_is_not_told_and_its_correction_is(reader: Reader, newsroom: Newsroom) -> None:
    await add(reader, newsroom)
    told = await reader.alerted()
    await reader.updated(Outcome.POLICE)
    for job in await jobs(reader):
        await do(reader, job)

    ((_, body),) = newsroom.told
    assert json.loads(body)["type"] == "alert.correction" and json.loads(body)["data"]["references"] == told.code


async def test_an_alert_that_is_over_is_not_told(reader: Reader, newsroom: Newsroom, clock: ManualClock) -> None:
    await add(reader, newsroom)
    await reader.alerted()
    clock.advance(timedelta(hours=2))
    (job,) = await jobs(reader)
    await do(reader, job)
    assert newsroom.told == []


async def test_failures_are_counted_forgotten_by_a_success_and_end_it_when_they_are_many(
    reader: Reader, newsroom: Newsroom
) -> None:
    await add(reader, newsroom)
    await reader.alerted()
    (job,) = await jobs(reader)
    newsroom.answers = 500
    with pytest.raises(PartnerAway):
        await do(reader, job)
    failed = await the_partner(reader)
    newsroom.answers = 200
    await do(reader, job)
    assert (failed.failures, (await the_partner(reader)).failures) == (1, 0)

    async with reader.desk.database.transaction() as work:
        await work.execute(partner.update().values(failures=MOST_FAILURES - 1))
    newsroom.answers = 302
    with pytest.raises(PartnerAway):
        await do(reader, job)
    await do(reader, job)

    assert (await the_partner(reader)).disabled_at is not None
    assert len(newsroom.told) == 3


async def test_a_partner_that_answers_gone_is_told_no_more_until_it_is_added_again(reader: Reader, newsroom: Newsroom) -> None:
    first = await add(reader, newsroom)
    await reader.alerted()
    (job,) = await jobs(reader)
    newsroom.answers = 410
    await do(reader, job)
    gone = await the_partner(reader)
    second = await add(reader, newsroom)

    assert gone.disabled_at is not None
    assert (await the_partner(reader)).disabled_at is None and first != second


async def test_a_name_that_leads_into_a_private_network_is_not_asked(reader: Reader, newsroom: Newsroom) -> None:
    await add(reader, newsroom)
    await reader.alerted()
    (job,) = await jobs(reader)
    with pytest.raises(PartnerAway, match="BadInput"):
        await do(reader, job, private=False)
    with pytest.raises(BadInput, match="private network"):
        await post_outside("https://localhost/hooks", b"{}", {}, private=False)
    assert newsroom.told == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_open_internet_are_refused(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_open_internet_are_allowed() -> None:
    assert is_public("8.8.8.8") and is_public("2606:4700::1111") and is_public("::ffff:8.8.8.8")


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "ftp://example.org/", "https://", "example.org", "https://a:b@example.org/", "https://x:99999/"],
)
def test_only_plain_https_addresses_are_taken(url: str) -> None:
    with pytest.raises(BadInput):
        check_address(url, private=False)


async def test_partners_are_listed_and_removed_and_their_address_is_sealed(reader: Reader, newsroom: Newsroom) -> None:
    await add(reader, newsroom)
    async with reader.desk.database.transaction() as work:
        ((listed, url),) = await list_partners(work)
        row = str(await work.first(partner.select()))
        await remove_partner(work, "Newsroom")
    async with reader.desk.database.transaction() as work:
        assert await list_partners(work) == []
        with pytest.raises(NotFound):
            await remove_partner(work, "Newsroom")
    assert (listed.name, url) == ("Newsroom", newsroom.url)
    assert "of-theirs" not in row


async def test_the_worker_knows_the_job(settings: Settings) -> None:
    async with open_parts(settings) as parts:
        carrier = build_carrier(settings)
        assert TELL_PARTNER in build_jobs(settings, parts, carrier).tasks
        await carrier.close()


def test_webhooks_into_a_private_network_are_refused_beside_a_real_account() -> None:
    with pytest.raises(ValidationError, match="VIGIA_PARTNERS_PRIVATE"):
        Settings(_env_file=None, partners_private=True, account_sid="AC" + "0" * 32, auth_token=SecretStr("x"))


async def test_a_partner_that_does_not_answer_is_tried_again(reader: Reader) -> None:
    async with reader.desk.database.transaction() as work:
        await add_partner(work, "Newsroom", "http://127.0.0.1:1/")
    await reader.alerted()
    (job,) = await jobs(reader)
    with pytest.raises(PartnerAway, match=httpx2.ConnectError.__name__):
        await do(reader, job)
