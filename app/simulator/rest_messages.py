"""Messages and their Media in Twilio's REST."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.simulator import listing, outbound, resources
from app.simulator.exchange import Exchange
from app.simulator.media import Media
from app.simulator.messages import Message, split_address
from app.simulator.parameters import CARRIED_OUT, KNOWN_PARAMETERS, checked_request
from app.simulator.refusals import Refusal
from app.simulator.rest_door import Door, form_of


def serve_messages(door: Door, exchange: Exchange) -> None:
    """Messages.json and what hangs on it."""
    account = exchange.account

    def shown(message: Message) -> Response:
        return JSONResponse(resources.message_json(account, message))

    async def create(request: Request) -> Response:
        parameters = await form_of(request)
        for unknown in sorted(parameters.keys() - KNOWN_PARAMETERS):
            exchange.note("rest", f"Messages.json has no parameter {unknown}", level="error", code=20001)
        for idle in sorted(parameters.keys() & (KNOWN_PARAMETERS - CARRIED_OUT)):
            exchange.note("rest", f"{idle} is checked and changes nothing here")
        wanted = checked_request(
            parameters,
            lines=frozenset(account.lines),
            services=frozenset(exchange.services),
            hosts=account.hosts,
            any_number=exchange.any_number,
            now=exchange.now(),
        )
        message = exchange.accept(wanted)
        request.state.accepted = message.sid
        return JSONResponse(resources.message_json(account, message), status_code=201)

    async def listed(request: Request) -> Response:
        query = dict(request.query_params)
        days = listing.DateFilter.of(query, "DateSent")
        to, sender = query.get("To"), query.get("From")
        numbers = (split_address(address)[1] for address in (to, sender) if address)
        person = next((number for number in numbers if number not in account.lines), None)
        candidates = exchange.messages.keys() if person is None else exchange.texts_of.get(person, ())
        found = (
            message
            for message in map(exchange.messages.get, reversed(candidates))
            if message is not None
            and (not to or message.to_address == to)
            and (not sender or message.from_address == sender)
            and days.holds(message.sent)
        )
        return JSONResponse(
            listing.page_json(request.url.path, "messages", query, found, lambda item: resources.message_json(account, item))
        )

    async def one(request: Request) -> Response:
        sid = request.path_params["sid"]
        if request.method == "DELETE":
            exchange.delete(sid)
            return Response(status_code=204)
        if request.method == "GET":
            return shown(exchange.message(sid))
        parameters = await form_of(request)
        if parameters.get("Status") == ["canceled"]:
            message = exchange.message(sid)
            outbound.cancel(exchange, message)
            return shown(message)
        if parameters.get("Body") != [""]:
            raise Refusal(20001)
        return shown(exchange.redact(sid))

    async def media_list(request: Request) -> Response:
        query = dict(request.query_params)
        days = listing.DateFilter.of(query, "DateCreated")
        found = [media for media in exchange.message(request.path_params["sid"]).media if days.holds(media.created)]
        return JSONResponse(
            listing.page_json(request.url.path, "media_list", query, found, lambda item: resources.media_json(account, item))
        )

    async def one_media(request: Request) -> Response:
        message = exchange.message(request.path_params["sid"])
        media = _media_of(message, request.path_params["media"])
        if request.method == "DELETE":
            message.media.remove(media)
            return Response(status_code=204)
        return JSONResponse(resources.media_json(account, media))

    async def file(request: Request) -> Response:
        media = _media_of(exchange.message(request.path_params["sid"]), request.path_params["media"])
        if media.source:
            return RedirectResponse(media.source, 307)
        return Response(media.content, media_type=media.content_type)

    door.serve("/Messages.json", create, "POST")
    door.serve("/Messages.json", listed, "GET")
    door.serve("/Messages/{sid}.json", one, "GET", "POST", "DELETE")
    door.serve("/Messages/{sid}/Media.json", media_list, "GET")
    door.serve("/Messages/{sid}/Media/{media}.json", one_media, "GET", "DELETE")
    door.serve("/Messages/{sid}/Media/{media}", file, "GET", is_open=True)


def _media_of(message: Message, sid: str) -> Media:
    for media in message.media:
        if media.sid == sid:
            return media
    raise Refusal(20404)
