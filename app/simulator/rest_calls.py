"""Calls and Recordings in Twilio's REST."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing, resources
from app.simulator.exchange import Exchange
from app.simulator.refusals import Refusal
from app.simulator.rest_door import Door


def serve_calls(door: Door, exchange: Exchange) -> None:
    """Calls.json, and recordings."""
    account = exchange.account

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

    door.serve("/Calls.json", list_calls, "GET")
    door.serve("/Calls/{sid}.json", one_call, "GET")
    door.serve("/Recordings/{sid}", one_recording, "GET", "DELETE")
