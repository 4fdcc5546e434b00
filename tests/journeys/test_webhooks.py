"""Twilio's door: who gets in, what bad input hears, and that 2xx means on disk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

import httpx2
import psycopg
import pytest
from pydantic import SecretStr
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from twilio.request_validator import RequestValidator

from app.core.database import without_driver
from app.main import create_app
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket, serving
from tests.conftest import LogBook

FORM = {
    "MessageSid": "SM00000000000000000000000000000001",
    "From": "+19195550110",
    "To": "+19195550100",
    "Body": "hola",
    "NumMedia": "0",
}


async def post(
    web: str, settings: Settings, form: Mapping[str, str], *, signature: str | None = None, path: str = "/twilio/messages"
) -> httpx2.Response:
    url = f"{web}{path}"
    token = settings.auth_tokens[0]
    signed = RequestValidator(token).compute_signature(url, dict(form)) if signature is None else signature
    headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded"}
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.post(url, content=urlencode(form).encode(), headers=headers)


@pytest.fixture
async def web(settings: Settings, log_book: LogBook) -> object:
    listener = loopback_socket()
    address = address_of(listener)
    async with serving(create_app(settings.model_copy(update={"public_url": address})), listener):
        yield address


async def test_a_signed_text_is_answered_in_twiml(web: str, settings: Settings) -> None:
    answer = await post(web, settings, FORM)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<Message>" in answer.text


@pytest.mark.parametrize("signature", ["", "bm90IHR3aWxpbydzIHNpZ25hdHVyZQ=="])
@pytest.mark.parametrize(
    "path",
    [
        "/twilio/messages",
        "/twilio/messages/status",
        "/twilio/calls",
        "/twilio/calls/status",
        "/twilio/calls/kept",
        "/twilio/recordings",
    ],
)
async def test_a_missing_or_forged_signature_is_refused(web: str, settings: Settings, path: str, signature: str) -> None:
    assert (await post(web, settings, FORM, signature=signature, path=path)).status_code == 403


async def test_every_twilio_route_asks_for_the_signature(web: str, settings: Settings) -> None:
    def paths(routes: Sequence[object]) -> Iterator[str]:
        for route in routes:
            if isinstance(route, Route):
                yield route.path
            yield from paths(getattr(getattr(route, "original_router", None), "routes", ()))

    found = {re.sub(r"{\w+}", "menu", path) for path in paths(create_app(settings).routes) if path.startswith("/twilio")}
    refused = {path for path in found if (await post(web, settings, FORM, signature="", path=path)).status_code == 403}
    assert {"/twilio/messages", "/twilio/messages/status", "/twilio/calls/menu", "/twilio/recordings"} <= found
    assert refused == found


@pytest.mark.parametrize(
    "body",
    [
        "",
        "🧊🚨",
        "a\x00b",
        "x" * 100_000,
        "\u202eICE",
        "STOP\x00",
        "'; DROP TABLE contact; --",
        "{name} {county}",
        "%s %(x)s",
        "<Message>hi</Message>",
    ],
)
async def test_any_body_gets_an_answer_and_is_kept(web: str, settings: Settings, body: str) -> None:
    answer = await post(web, settings, FORM | {"Body": body})

    assert answer.status_code == 200
    assert _kept(settings) == 1


@pytest.mark.parametrize("sender", ["22000", "anonymous", "+0", "whatsapp:+19195550110", "ALERTS", "x" * 300])
async def test_any_sender_gets_an_answer_and_is_kept(web: str, settings: Settings, sender: str) -> None:
    assert (await post(web, settings, FORM | {"From": sender})).status_code == 200
    assert _kept(settings) == 1


async def test_a_malformed_form_hears_what_is_wrong_and_the_log_has_one_line_without_the_number(
    web: str, settings: Settings, log_book: LogBook
) -> None:
    answer = await post(web, settings, {k: v for k, v in FORM.items() if k != "To"})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "missing or malformed: To"
    lines = [line for line in log_book.text.getvalue().splitlines() if "refused" in line]
    assert len(lines) == 1
    assert "5550110" not in log_book.text.getvalue()


async def test_a_request_that_is_too_large_is_refused(web: str, settings: Settings) -> None:
    assert (await post(web, settings, FORM | {"Body": "x" * 300_000})).status_code == 422


async def test_the_text_is_on_disk_when_the_answer_begins(settings: Settings) -> None:
    listener = loopback_socket()
    settings = settings.model_copy(update={"public_url": address_of(listener)})
    app = create_app(settings)
    seen: list[int] = []

    async def spied(scope: Scope, receive: Receive, send: Send) -> None:
        async def spy(message: Message) -> None:
            if message["type"] == "http.response.start" and scope.get("path") == "/twilio/messages":
                seen.append(await asyncio.to_thread(_kept, settings))
            await send(message)

        await app(scope, receive, spy)

    async with serving(spied, listener) as address:
        await post(address, settings, FORM)

    assert seen == [1]


async def test_a_replay_gets_the_same_answer(web: str, settings: Settings) -> None:
    form = FORM | {"Body": "ICE agents outside the Food Lion in Durham right now"}
    answers = [await post(web, settings, form) for _ in range(3)]

    assert len({answer.text for answer in answers}) == 1
    assert _kept(settings) == 1


async def test_a_hundred_copies_at_once_are_one_record_with_one_answer(web: str, settings: Settings) -> None:
    form = FORM | {"Body": "ICE agents outside the Food Lion in Durham right now"}
    answers = await asyncio.gather(*(post(web, settings, form) for _ in range(100)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert _kept(settings) == 1


async def test_the_address_that_was_signed_is_ours_by_settings_whatever_the_request_claims(
    web: str, settings: Settings
) -> None:
    token = settings.auth_tokens[0]
    claimed = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https"}

    async def signed_for(address: str) -> int:
        headers = claimed | {
            "X-Twilio-Signature": RequestValidator(token).compute_signature(f"{address}/twilio/messages", FORM),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.post(f"{web}/twilio/messages", content=urlencode(FORM).encode(), headers=headers)).status_code

    assert await signed_for("https://elsewhere.example") == 403
    assert await signed_for(web) == 200


async def test_both_tokens_count_while_they_are_changed(settings: Settings) -> None:
    changing = settings.model_copy(update={"auth_token_next": SecretStr("the next token")})
    listener = loopback_socket()
    async with serving(create_app(changing.model_copy(update={"public_url": address_of(listener)})), listener) as address:
        old = await post(address, settings, FORM)
        new = await post(address, settings.model_copy(update={"auth_token": SecretStr("the next token")}), FORM)
        neither = await post(address, settings.model_copy(update={"auth_token": SecretStr("a third")}), FORM)

    assert (old.status_code, new.status_code, neither.status_code) == (200, 200, 403)
    assert old.text == new.text


def _kept(settings: Settings) -> int:
    """Texts that are on record, or on disk where a busy machine did not get to the record in time."""
    waiting = len(list((settings.spool_folder / "waiting").glob("*")))
    with psycopg.connect(without_driver(str(settings.database_url))) as connection:
        row = connection.execute("SELECT count(*) FROM inbound_message").fetchone()
        assert row is not None
        return max(int(row[0]), waiting)
