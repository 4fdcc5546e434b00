"""The account's numbers in Twilio's REST."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing, resources
from app.simulator.account import SimulatedLine, UnsafeSimulator
from app.simulator.exchange import Exchange
from app.simulator.phones import spoken
from app.simulator.refusals import Refusal
from app.simulator.rest_door import Door, form_of

CHANGED_BY: Final = {
    "FriendlyName": "name",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "voice_status_url",
}
METHODS: Final = ("SmsMethod", "SmsFallbackMethod", "VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod")


def serve_numbers(door: Door, exchange: Exchange) -> None:
    """IncomingPhoneNumbers.json."""
    account = exchange.account

    def shown(line: SimulatedLine) -> dict[str, Any]:
        return resources.line_json(account, line)

    async def listed(request: Request) -> Response:
        query = dict(request.query_params)
        wanted, name = query.get("PhoneNumber", ""), query.get("FriendlyName")
        found = [
            _Listed(line)
            for number, line in account.lines.items()
            if (wanted in number or wanted in spoken(number)) and (name is None or shown(line)["friendly_name"] == name)
        ]
        return JSONResponse(
            listing.page_json(request.url.path, "incoming_phone_numbers", query, found, lambda item: shown(item.line))
        )

    async def one(request: Request) -> Response:
        line = next((known for known in account.lines.values() if resources.number_sid(known.number) == sid_in(request)), None)
        if line is None:
            raise Refusal(20404)
        if request.method == "POST":
            form = await form_of(request)
            if any(form.get(name, ["POST"])[-1].upper() != "POST" for name in METHODS):
                raise Refusal(21403)
            line = replace(line, **{ours: form[theirs][-1] for theirs, ours in CHANGED_BY.items() if theirs in form})
            try:
                exchange.change_line(line)
            except UnsafeSimulator as error:
                raise Refusal(21402) from error
        return JSONResponse(shown(line))

    def sid_in(request: Request) -> str:
        return str(request.path_params["sid"])

    door.serve("/IncomingPhoneNumbers.json", listed, "GET")
    door.serve("/IncomingPhoneNumbers/{sid}.json", one, "GET", "POST")


class _Listed:
    def __init__(self, line: SimulatedLine) -> None:
        self.line = line
        self.sid = resources.number_sid(line.number)
