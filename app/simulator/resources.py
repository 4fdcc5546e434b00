"""The JSON of Twilio's resources, field for field as its 2010-04-01 API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from app.simulator.account import Account, SimulatedLine
from app.simulator.calls import Call, Recording
from app.simulator.failures import failure_of
from app.simulator.media import Media
from app.simulator.messages import Channel, Direction, Message, Status
from app.simulator.outbound import API_VERSION

PRICE_PER_SEGMENT: Final = {Direction.INBOUND: 0.0083, Direction.API: 0.0083, Direction.REPLY: 0.0083}
PRICE_PER_WHATSAPP: Final = 0.005
PRICE_PER_MMS: Final = {Direction.INBOUND: 0.0165, Direction.API: 0.0220, Direction.REPLY: 0.0220}
"""US dollars a segment, or a text with media, of a US long code, carrier fees aside (https://www.twilio.com/en-us/sms/pricing/us)."""


def message_json(account: Account, message: Message) -> dict[str, Any]:
    """A Message resource. While a service still picks the sender there is neither sender nor segment count."""
    picking = message.status in {Status.ACCEPTED, Status.SCHEDULED}
    address = f"/{API_VERSION}/Accounts/{account.sid}/Messages/{message.sid}"
    price = None
    if message.is_final and message.status is not Status.FAILED:
        one = PRICE_PER_MMS if message.media else PRICE_PER_SEGMENT
        each = PRICE_PER_WHATSAPP if message.channel is Channel.WHATSAPP else one[message.direction]
        price = f"-{each * message.segments:.5f}"
    return {
        "account_sid": account.sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.sent),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction.value,
        "error_code": message.error_code,
        "error_message": None if message.error_code is None else failure_of(message.error_code).sentence,
        "from": None if picking else message.from_address,
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.media)),
        "num_segments": "0" if picking else str(message.segments),
        "price": price,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status.value,
        "subresource_uris": {"media": f"{address}/Media.json"},
        "to": message.to_address,
        "uri": f"{address}.json",
    }


def media_json(account: Account, media: Media) -> dict[str, Any]:
    """A Media resource."""
    return {
        "account_sid": account.sid,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created),
        "date_updated": rfc2822(media.created),
        "parent_sid": media.parent_sid,
        "sid": media.sid,
        "uri": f"{media_path(account, media)}.json",
    }


def media_path(account: Account, media: Media) -> str:
    """Where the file itself is."""
    return f"/{API_VERSION}/Accounts/{account.sid}/Messages/{media.parent_sid}/Media/{media.sid}"


def call_json(account: Account, call: Call) -> dict[str, Any]:
    """A Call resource."""
    address = f"/{API_VERSION}/Accounts/{account.sid}/Calls/{call.sid}"
    return {
        "account_sid": account.sid,
        "annotation": None,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": "",
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.ended or call.started or call.created),
        "direction": call.direction,
        "duration": str(call.duration_s) if call.ended else None,
        "end_time": rfc2822(call.ended),
        "forwarded_from": call.line if call.asked is None else None,
        "from": call.caller,
        "from_formatted": _formatted(call.caller),
        "group_sid": None,
        "parent_call_sid": call.parent_sid or None,
        "phone_number_sid": number_sid(call.line),
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": rfc2822(call.started or (call.created if call.asked is None else None)),
        "status": call.status.value,
        "subresource_uris": {"recordings": f"{address}/Recordings.json"},
        "to": call.called,
        "to_formatted": _formatted(call.called),
        "trunk_sid": "",
        "uri": f"{address}.json",
    }


def recording_json(account: Account, recording: Recording, public_url: str) -> dict[str, Any]:
    """A Recording resource."""
    address = f"/{API_VERSION}/Accounts/{account.sid}/Recordings/{recording.sid}"
    return {
        "account_sid": account.sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "channels": 1,
        "conference_sid": None,
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.created),
        "duration": str(recording.seconds),
        "encryption_details": None,
        "error_code": None,
        "media_url": f"{public_url}{address}",
        "price": None,
        "price_unit": "USD",
        "sid": recording.sid,
        "source": "RecordVerb",
        "start_time": rfc2822(recording.created),
        "status": "completed",
        "subresource_uris": {},
        "uri": f"{address}.json",
    }


def line_json(account: Account, line: SimulatedLine) -> dict[str, Any]:
    """An IncomingPhoneNumber resource."""
    sid = number_sid(line.number)
    return {
        "account_sid": account.sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"fax": False, "mms": True, "sms": True, "voice": bool(line.voice_url)},
        "friendly_name": line.name or _formatted(line.number),
        "origin": "twilio",
        "phone_number": line.number,
        "sid": sid,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": line.sms_fallback_url,
        "sms_method": "POST",
        "sms_url": line.sms_url,
        "status": "in-use",
        "status_callback": line.voice_status_url,
        "status_callback_method": "POST",
        "trunk_sid": None,
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": line.voice_fallback_url,
        "voice_method": "POST",
        "voice_url": line.voice_url,
    }


def number_sid(number: str) -> str:
    """The SID of a line: PN and its digits, filled up to Twilio's length."""
    return f"PN{number[1:]:0>32}"


def rfc2822(instant: datetime | None) -> str | None:
    """An instant as Twilio writes it: Tue, 24 Nov 2026 06:21:00 +0000."""
    return None if instant is None else instant.strftime("%a, %d %b %Y %H:%M:%S +0000")


def _formatted(number: str) -> str:
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}" if number.startswith("+1") and len(number) == 12 else number
