"""The door of Twilio's REST: who may come in, what goes wrong there on purpose, and refusals in Twilio's JSON."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.simulator.doorman import cut_connection
from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Kind, Point
from app.simulator.refusals import Refusal

Route = Callable[[Request], Awaitable[Response]]

MOST_FORM_BYTES: Final = 256 * 1024

LONGEST_SILENCE_S: Final = 30.0
"""How long a client waits for nothing, or for callbacks to overtake its answer, unless the fault says."""


class Door:
    """Serves routes under a prefix to the account alone."""

    def __init__(self, exchange: Exchange, prefix: str) -> None:
        self.router = APIRouter(prefix=prefix, include_in_schema=False)
        self._exchange = exchange

    def serve(self, path: str, route: Route, *methods: str, is_open: bool = False) -> None:
        """Let `route` answer `path`. An open one asks for credentials only while the terms say so."""
        guarded = _guarded(self._exchange, route, is_open=is_open)
        self.router.add_route(f"{self.router.prefix}{path}", guarded, methods=list(methods))


async def form_of(request: Request) -> dict[str, list[str]]:
    """The fields of a posted form, each with all of its values. Raises `Refusal` where it is too long."""
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        raise Refusal(20001, status=400)
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def _guarded(exchange: Exchange, route: Route, *, is_open: bool) -> Route:
    """`route` behind the account's door, with the faults that a client may meet, and refusals in Twilio's JSON."""
    asked: Counter[str] = Counter()

    def _occurrence_of(facts: Mapping[str, str]) -> str:
        what = f"{facts['method']}/{facts['to']}"
        asked[what] += 1
        return f"{what}/{asked[what]}"

    async def guarded(request: Request) -> Response:
        try:
            if not is_open or exchange.terms.media_needs_credentials:
                _check_credentials(exchange, request)
            if not exchange.faults:
                return await route(request)
            facts = {"method": request.method, "to": await _asked_about(request)}
            occurrence = _occurrence_of(facts)
            fault = exchange.faults.ask(Point.ACCEPT, occurrence, **facts)
            if fault is not None:
                answer = await _at_fault(exchange, request, fault)
                if answer is not None:
                    return answer
            response = await route(request)
            fault = exchange.faults.ask(Point.ANSWER, occurrence, **facts)
            if fault is not None:
                return await _at_fault(exchange, request, fault) or response
        except Refusal as refusal:
            exchange.note("rest", f"{request.method}: {refusal.sentence}", level="warning", code=refusal.code)
            headers = {**refusal.headers, **({"WWW-Authenticate": 'Basic realm="Twilio API"'} if refusal.status == 401 else {})}
            return JSONResponse(refusal.as_json(), status_code=refusal.status, headers=headers)
        return response

    return guarded


async def _at_fault(exchange: Exchange, request: Request, fault: Fault) -> Response | None:
    """What the client gets in place of its answer; None where it gets that after all."""
    if fault.kind is Kind.TIMEOUT:
        await exchange.first_of(_has_gone(request), fault.seconds or LONGEST_SILENCE_S)
        return await cut_connection(dict(request.scope))
    if fault.kind is Kind.EARLY:
        carrying = exchange.carrying.get(getattr(request.state, "accepted", ""))
        if carrying is not None:
            await exchange.first_of(carrying, fault.seconds or LONGEST_SILENCE_S)
        return None
    if fault.seconds:
        await exchange.pause(fault.seconds)
    if fault.kind is Kind.RESET:
        return await cut_connection(dict(request.scope))
    if fault.kind is Kind.REFUSE:
        code = fault.code or {429: 20429, 500: 20500, 503: 20503}.get(fault.http_status, 20500)
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        raise Refusal(code, status=fault.http_status, headers=headers)
    return None


async def _has_gone(request: Request) -> None:
    """Return once the client has closed the connection. The request's body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _asked_about(request: Request) -> str:
    """The number or resource that a request is about, which names it among others."""
    if request.method == "POST":
        form = await form_of(request)
        if to := form.get("To"):
            return to[-1]
    return request.query_params.get("To") or request.path_params.get("sid", "")


def _check_credentials(exchange: Exchange, request: Request) -> None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    admitted = scheme.lower() == "basic" and exchange.account.admits(user, password)
    if not admitted or request.path_params.get("account_sid", exchange.account.sid) != exchange.account.sid:
        raise Refusal(20003)
