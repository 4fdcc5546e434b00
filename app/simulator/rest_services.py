"""Messaging Services and Lookup, which live in Twilio's newer APIs."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.simulator import listing
from app.simulator.exchange import Exchange
from app.simulator.messages import LONGEST_VALIDITY_S, may_be_called
from app.simulator.phones import E164, spoken
from app.simulator.refusals import Refusal
from app.simulator.resources import number_sid
from app.simulator.rest_door import Door, form_of
from app.simulator.services import Service, pooled_json, service_json

LANDLINE: Final = 30006
"""The trouble of a phone that is no mobile phone."""

PACKAGES: Final = frozenset(
    {
        *("validation", "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence"),
        *("identity_match", "reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill"),
    }
)
"""What Lookup may be asked for; only line_type_intelligence is answered here, the others are empty."""


def serve_services(door: Door, exchange: Exchange) -> None:
    """/v1/Services of the Messaging API."""
    account, base = exchange.account, exchange.public_url

    def shown(service: Service) -> dict[str, Any]:
        return service_json(service, account.sid, base)

    def pooled(service: Service, number: str) -> dict[str, Any]:
        return pooled_json(service, number, number_sid(number), account.sid, base)

    async def services(request: Request) -> Response:
        if request.method == "POST":
            form = await form_of(request)
            name = form.get("FriendlyName", [""])[-1]
            if not name:
                raise Refusal(20001)
            now = exchange.now()
            service = Service(exchange.new_sid("MG"), name, now, now)
            _change(service, form, account.hosts)
            exchange.services[service.sid] = service
            return JSONResponse(shown(service), status_code=201)
        found = reversed(exchange.services.values())
        return JSONResponse(
            listing.meta_page_json(base, request.url.path, "services", dict(request.query_params), found, shown)
        )

    async def one(request: Request) -> Response:
        service = _service_of(exchange, request)
        if request.method == "DELETE":
            del exchange.services[service.sid]
            return Response(status_code=204)
        if request.method == "POST":
            _change(service, await form_of(request), account.hosts)
            service.updated = exchange.now()
        return JSONResponse(shown(service))

    async def numbers(request: Request) -> Response:
        service = _service_of(exchange, request)
        if request.method == "POST":
            sid = (await form_of(request)).get("PhoneNumberSid", [""])[-1]
            number = next((known for known in account.lines if number_sid(known) == sid), None)
            if number is None:
                raise Refusal(21421)
            if number in service.numbers:
                raise Refusal(21710)
            if any(number in other.numbers for other in exchange.services.values()):
                raise Refusal(21712)
            service.numbers[number] = exchange.now()
            return JSONResponse(pooled(service, number), status_code=201)
        found = [_Pooled(number) for number in service.numbers]
        return JSONResponse(
            listing.meta_page_json(
                base,
                request.url.path,
                "phone_numbers",
                dict(request.query_params),
                found,
                lambda item: pooled(service, item.number),
            )
        )

    async def one_number(request: Request) -> Response:
        service = _service_of(exchange, request)
        number = next((known for known in service.numbers if number_sid(known) == request.path_params["number"]), None)
        if number is None:
            raise Refusal(20404)
        if request.method == "DELETE":
            del service.numbers[number]
            return Response(status_code=204)
        return JSONResponse(pooled(service, number))

    door.serve("/v1/Services", services, "GET", "POST")
    door.serve("/v1/Services/{sid}", one, "GET", "POST", "DELETE")
    door.serve("/v1/Services/{sid}/PhoneNumbers", numbers, "GET", "POST")
    door.serve("/v1/Services/{sid}/PhoneNumbers/{number}", one_number, "GET", "DELETE")


def serve_lookup(door: Door, exchange: Exchange) -> None:
    """/v2/PhoneNumbers of Lookup: whether a number can be one, and what kind of line it is."""

    async def look_up(request: Request) -> Response:
        number = request.path_params["sid"]
        wanted = {field for field in request.query_params.get("Fields", "").split(",") if field}
        if not wanted <= PACKAGES:
            raise Refusal(60617)
        valid = E164.fullmatch(number) is not None
        answer: dict[str, Any] = {
            **dict.fromkeys(sorted(PACKAGES - {"validation"})),
            "calling_country_code": "1" if number.startswith("+1") else None,
            "country_code": "US" if number.startswith("+1") else None,
            "national_format": spoken(number),
            "phone_number": number,
            "url": f"{exchange.public_url}/v2/PhoneNumbers/{number}",
            "valid": valid,
            "validation_errors": [] if valid else ["INVALID_BUT_POSSIBLE" if number.startswith("+") else "NOT_A_NUMBER"],
        }
        if valid and "line_type_intelligence" in wanted:
            phone = exchange.phones.get(number)
            kind = "landline" if phone is not None and phone.trouble == LANDLINE else "mobile"
            answer["line_type_intelligence"] = {
                "carrier_name": "Vigía's simulator",
                "error_code": None,
                "mobile_country_code": "310" if kind == "mobile" else None,
                "mobile_network_code": "000" if kind == "mobile" else None,
                "type": "nonFixedVoip" if number in exchange.account.lines else kind,
            }
        return JSONResponse(answer)

    door.serve("/v2/PhoneNumbers/{sid}", look_up, "GET")


class _Pooled:
    def __init__(self, number: str) -> None:
        self.number = number
        self.sid = number_sid(number)


def _service_of(exchange: Exchange, request: Request) -> Service:
    service = exchange.services.get(request.path_params["sid"])
    if service is None:
        raise Refusal(20404)
    return service


def _change(service: Service, form: dict[str, list[str]], hosts: frozenset[str]) -> None:
    """Take over what a form says of a service. Raises `Refusal`, having changed nothing, where Twilio would."""

    def said(name: str, now: str) -> str:
        return form.get(name, [now])[-1]

    urls = {
        name: said(name, now)
        for name, now in (
            ("InboundRequestUrl", service.inbound_request_url),
            ("FallbackUrl", service.fallback_url),
            ("StatusCallback", service.status_callback),
        )
    }
    if any(url and not may_be_called(url, hosts) for url in urls.values()):
        raise Refusal(20001)
    if any(said(name, "POST").upper() != "POST" for name in ("InboundMethod", "FallbackMethod")):
        raise Refusal(20001)
    validity = said("ValidityPeriod", str(service.validity_s))
    if not validity.isdecimal() or not 1 <= int(validity) <= LONGEST_VALIDITY_S:
        raise Refusal(20001)
    service.friendly_name = said("FriendlyName", service.friendly_name)
    service.inbound_request_url, service.fallback_url = urls["InboundRequestUrl"], urls["FallbackUrl"]
    service.status_callback, service.validity_s = urls["StatusCallback"], int(validity)
    service.sticky_sender = said("StickySender", str(service.sticky_sender)).lower() == "true"
    uses_numbers = said("UseInboundWebhookOnNumber", str(not service.inbound_request_url)).lower()
    service.uses_numbers_webhook = uses_numbers == "true"
