"""Twilio's REST, version 2010-04-01, as far as the hotline uses it."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing, resources
from app.simulator.doorman import cut_connection
from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Kind, Point
from app.simulator.messages import KNOWN_PARAMETERS, checked_request
from app.simulator.outbound import API_VERSION
from app.simulator.phones import spoken
from app.simulator.refusals import Refusal

Route = Callable[[Request], Awaitable[Response]]

MOST_FORM_BYTES: Final = 256 * 1024

LONGEST_SILENCE_S: Final = 30.0
"""How long a client waits for nothing, or for callbacks to overtake its answer, unless the fault says."""


def twilio_rest(exchange: Exchange) -> APIRouter:
    """The routes under /2010-04-01 for the exchange's account."""
    router = APIRouter(prefix=f"/{API_VERSION}/Accounts/{{account_sid}}", include_in_schema=False)
    account = exchange.account
    lines = frozenset(account.lines)

    async def create_message(request: Request) -> Response:
        parameters = await _form(request)
        for unknown in sorted(parameters.keys() - KNOWN_PARAMETERS):
            exchange.note("rest", f"Messages.json has no parameter {unknown}", level="error", code=20001)
        wanted = checked_request(
            parameters,
            lines=lines,
            services=account.services,
            hosts=account.hosts,
            any_number=exchange.any_number,
        )
        message = exchange.accept(wanted)
        request.state.accepted = message.sid
        return JSONResponse(resources.message_json(account, message), status_code=201)

    async def list_messages(request: Request) -> Response:
        query = dict(request.query_params)
        days = listing.DateFilter.of(query, "DateSent")
        to, sender = query.get("To"), query.get("From")
        person = next((number for number in (to, sender) if number and number not in account.lines), None)
        candidates = exchange.messages.keys() if person is None else exchange.texts_of.get(person, ())
        found = (
            message
            for message in map(exchange.messages.get, reversed(candidates))
            if message is not None
            and (not to or message.to == to)
            and (not sender or message.sender == sender)
            and days.holds(message.sent)
        )
        return JSONResponse(
            listing.page_json(request.url.path, "messages", query, found, lambda item: resources.message_json(account, item))
        )

    async def one_message(request: Request) -> Response:
        sid = request.path_params["sid"]
        if request.method == "DELETE":
            exchange.delete(sid)
            return Response(status_code=204)
        if request.method == "POST":
            parameters = await _form(request)
            if parameters.get("Body") != [""]:
                raise Refusal(20001, status=400)
            return JSONResponse(resources.message_json(account, exchange.redact(sid)))
        return JSONResponse(resources.message_json(account, exchange.message(sid)))

    async def list_calls(request: Request) -> Response:
        query = dict(request.query_params)
        days = listing.DateFilter.of(query, "StartTime")
        to, sender, status = query.get("To"), query.get("From"), query.get("Status")
        found = (
            call
            for call in reversed(exchange.calls.values())
            if (not to or call.line == to)
            and (not sender or call.sender == sender)
            and (not status or call.status.value == status)
            and days.holds(call.started or call.created)
        )
        return JSONResponse(
            listing.page_json(request.url.path, "calls", query, found, lambda item: resources.call_json(account, item))
        )

    async def one_call(request: Request) -> Response:
        call = exchange.calls.get(request.path_params["sid"])
        if call is None:
            raise Refusal(20404)
        return JSONResponse(resources.call_json(account, call))

    async def one_recording(request: Request) -> Response:
        sid, _, kind = request.path_params["sid"].partition(".")
        recording = exchange.recordings.get(sid)
        if recording is None:
            raise Refusal(20404)
        if request.method == "DELETE":
            del exchange.recordings[sid]
            return Response(status_code=204)
        if kind == "json":
            return JSONResponse(resources.recording_json(account, recording, exchange.public_url))
        return Response(recording.wav(), media_type="audio/x-wav")

    async def list_lines(request: Request) -> Response:
        query = dict(request.query_params)
        wanted = query.get("PhoneNumber", "")
        found = [_ListedLine(number) for number in account.lines if wanted in number or wanted in spoken(number)]
        return JSONResponse(
            listing.page_json(
                request.url.path,
                "incoming_phone_numbers",
                query,
                found,
                lambda item: resources.line_json(account, account.lines[item.number]),
            )
        )

    def serve(path: str, route: Route, *methods: str) -> None:
        router.add_route(f"{router.prefix}{path}", _guarded(exchange, route), methods=list(methods))

    serve("/Messages.json", create_message, "POST")
    serve("/Messages.json", list_messages, "GET")
    serve("/Messages/{sid}.json", one_message, "GET", "POST", "DELETE")
    serve("/Calls.json", list_calls, "GET")
    serve("/Calls/{sid}.json", one_call, "GET")
    serve("/Recordings/{sid}", one_recording, "GET", "DELETE")
    serve("/IncomingPhoneNumbers.json", list_lines, "GET")
    return router


class _ListedLine:
    def __init__(self, number: str) -> None:
        self.number = number
        self.sid = resources.number_sid(number)


def _guarded(exchange: Exchange, route: Route) -> Route:
    """`route` behind the account's door, with the faults that a client may meet, and refusals in Twilio's JSON."""
    asked: Counter[str] = Counter()

    def _occurrence_of(facts: Mapping[str, str]) -> str:
        what = f"{facts['method']}/{facts['to']}"
        asked[what] += 1
        return f"{what}/{asked[what]}"

    async def guarded(request: Request) -> Response:
        try:
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
        form = await _form(request)
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
    if not admitted or request.path_params["account_sid"] != exchange.account.sid:
        raise Refusal(20003)


async def _form(request: Request) -> dict[str, list[str]]:
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        raise Refusal(20001, status=400)
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
