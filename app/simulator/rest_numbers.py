"""The account's numbers in Twilio's REST."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing, resources
from app.simulator.exchange import Exchange
from app.simulator.phones import spoken
from app.simulator.rest_door import Door


def serve_numbers(door: Door, exchange: Exchange) -> None:
    """IncomingPhoneNumbers.json."""
    account = exchange.account

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

    door.serve("/IncomingPhoneNumbers.json", list_lines, "GET")


class _ListedLine:
    def __init__(self, number: str) -> None:
        self.number = number
        self.sid = resources.number_sid(number)
