"""Messaging Services: pools of the account's numbers that texts are sent from and that share who said STOP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.simulator.messages import LONGEST_VALIDITY_S


@dataclass(slots=True)
class Service:
    """One Messaging Service. Its inbound address takes the place of its numbers' own, unless `uses_numbers_webhook`."""

    sid: str
    friendly_name: str
    created: datetime
    updated: datetime
    numbers: dict[str, datetime] = field(default_factory=dict)
    """The numbers in its pool, and since when."""
    inbound_request_url: str = ""
    fallback_url: str = ""
    status_callback: str = ""
    validity_s: int = LONGEST_VALIDITY_S
    sticky_sender: bool = True
    uses_numbers_webhook: bool = True


def service_json(service: Service, account_sid: str, base_url: str) -> dict[str, Any]:
    """A Service resource of the Messaging API, version 1."""
    url = f"{base_url}/v1/Services/{service.sid}"
    return {
        "account_sid": account_sid,
        "area_code_geomatch": True,
        "date_created": iso8601(service.created),
        "date_updated": iso8601(service.updated),
        "fallback_method": "POST",
        "fallback_to_long_code": False,
        "fallback_url": service.fallback_url or None,
        "friendly_name": service.friendly_name,
        "inbound_method": "POST",
        "inbound_request_url": service.inbound_request_url or None,
        "links": {
            "phone_numbers": f"{url}/PhoneNumbers",
            "short_codes": f"{url}/ShortCodes",
            "alpha_senders": f"{url}/AlphaSenders",
            "messages": f"{url}/Messages",
            "us_app_to_person": f"{url}/Compliance/Usa2p",
        },
        "mms_converter": True,
        "scan_message_content": "inherit",
        "sid": service.sid,
        "smart_encoding": False,
        "status_callback": service.status_callback or None,
        "sticky_sender": service.sticky_sender,
        "synchronous_validation": False,
        "url": url,
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": service.uses_numbers_webhook,
        "usecase": "undeclared",
        "validity_period": service.validity_s,
    }


def pooled_json(service: Service, number: str, number_sid: str, account_sid: str, base_url: str) -> dict[str, Any]:
    """A PhoneNumber resource of a service."""
    since = iso8601(service.numbers[number])
    return {
        "account_sid": account_sid,
        "capabilities": ["Voice", "SMS", "MMS"],
        "country_code": "US",
        "date_created": since,
        "date_updated": since,
        "phone_number": number,
        "service_sid": service.sid,
        "sid": number_sid,
        "url": f"{base_url}/v1/Services/{service.sid}/PhoneNumbers/{number_sid}",
    }


def iso8601(instant: datetime) -> str:
    """An instant as Twilio's newer APIs write it: 2026-11-24T06:21:00Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
