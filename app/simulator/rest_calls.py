"""Calls and Recordings in Twilio's REST."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing, resources, ringing
from app.simulator.exchange import Exchange
from app.simulator.refusals import Refusal
from app.simulator.rest_door import Door, form_of


def serve_calls(door: Door, exchange: Exchange) -> None:
    """Calls.json, and recordings."""
    account = exchange.account

    async def create_call(request: Request) -> Response:
        parameters = await form_of(request)
        for idle in sorted(parameters.keys() - ringing.CARRIED_OUT):
            exchange.note("rest", f"{idle} changes nothing of a call here")
        return JSONResponse(resources.call_json(account, ringing.place(exchange, parameters)), status_code=201)

    async def list_calls(request: Request) -> Response:
        query = dict(request.query_params)
        days, ends = listing.DateFilter.of(query, "StartTime"), listing.DateFilter.of(query, "EndTime")
        to, sender, status = query.get("To"), query.get("From"), query.get("Status")
        found = (
            call
            for call in reversed(exchange.calls.values())
            if (not to or call.called == to)
            and (not sender or call.caller == sender)
            and (not status or call.status.value == status)
            and days.holds(call.started or call.created)
            and ends.holds(call.ended)
            and query.get("ParentCallSid", call.parent_sid) == call.parent_sid
        )
        return JSONResponse(
            listing.page_json(request.url.path, "calls", query, found, lambda item: resources.call_json(account, item))
        )

    async def one_call(request: Request) -> Response:
        call = exchange.calls.get(request.path_params["sid"])
        if call is None:
            raise Refusal(20404)
        if request.method == "DELETE":
            if call.is_open:
                raise Refusal(20009)
            del exchange.calls[call.sid]
            return Response(status_code=204)
        if request.method == "POST":
            await ringing.change(exchange, call, await form_of(request))
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

    door.serve("/Calls.json", create_call, "POST")
    door.serve("/Calls.json", list_calls, "GET")
    door.serve("/Calls/{sid}.json", one_call, "GET", "POST", "DELETE")
    door.serve("/Recordings/{sid}", one_recording, "GET", "DELETE")
