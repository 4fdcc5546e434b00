"""What a client may ask of Messages.json, each parameter checked as strictly as Twilio does, with Twilio's code where it is wrong.

The parameters are those of https://www.twilio.com/docs/messaging/api/message-resource#create-a-message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from app.simulator.media import MOST_MEDIA
from app.simulator.messages import LONGEST_BODY, LONGEST_VALIDITY_S, Channel, MessageRequest, may_be_called, split_address
from app.simulator.phones import E164, is_simulated
from app.simulator.refusals import Refusal

SOONEST_SCHEDULE: Final = timedelta(minutes=5)
LATEST_SCHEDULE: Final = timedelta(days=35)
"""A text may be scheduled that far ahead (https://www.twilio.com/docs/api/errors/35114)."""

_INTENTS: Final = (
    *("otp", "notifications", "marketing", "fraud", "security", "customercare"),
    *("delivery", "education", "polling", "announcements", "events"),
)


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in words


_BOOLEAN: Final = _one_of("true", "false")

SHAPES: Final[dict[str, Callable[[str], bool]]] = {
    "ProvideFeedback": _BOOLEAN,
    "ForceDelivery": _BOOLEAN,
    "SmartEncoded": _BOOLEAN,
    "ShortenUrls": _BOOLEAN,
    "SendAsMms": _BOOLEAN,
    "RiskCheck": _one_of("enable", "disable"),
    "ContentRetention": _one_of("retain", "discard"),
    "AddressRetention": _one_of("retain", "obfuscate"),
    "TrafficType": _one_of("free"),
    "ScheduleType": _one_of("fixed"),
    "MessageIntent": _one_of(*_INTENTS),
    "Attempt": lambda value: value.isdecimal() and int(value) >= 1,
    "MaxPrice": lambda value: re.fullmatch(r"\d+(\.\d+)?", value) is not None,
    "ApplicationSid": lambda value: re.fullmatch(r"AP[0-9a-f]{32}", value) is not None,
    "FallbackFrom": lambda value: E164.fullmatch(value) is not None,
}
"""What values other parameters may have; anything else is refused with 20001, or with the parameter's own code."""

WRONG_SHAPE: Final = {"ContentRetention": 30029, "AddressRetention": 30030}

CARRIED_OUT: Final = frozenset(
    {
        *("To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback", "ValidityPeriod"),
        *("SendAsMms", "ScheduleType", "SendAt", "ContentSid", "ContentVariables", "PersistentAction"),
    }
)
"""What changes what happens here. Others are checked and change nothing, which the log tells."""

KNOWN_PARAMETERS: Final = CARRIED_OUT | SHAPES.keys()
"""Parameters of Messages.json. Twilio ignores any other; the simulator does too, and writes an error in its log."""


def checked_request(
    parameters: Mapping[str, Sequence[str]],
    *,
    lines: frozenset[str],
    services: frozenset[str],
    hosts: frozenset[str],
    any_number: bool,
    now: datetime,
) -> MessageRequest:
    """Read the form of a POST to Messages.json.

    `parameters` maps each name to its values. `lines` and `services` are the account's senders, `hosts` the host names that
    callbacks may go to. With `any_number`, numbers beyond the fictional ones are taken. Raises `Refusal` with Twilio's code.
    """

    def one(name: str) -> str:
        values = parameters.get(name, ())
        return values[-1] if values else ""

    body, callback, service = one("Body"), one("StatusCallback"), one("MessagingServiceSid")
    media = tuple(url for url in parameters.get("MediaUrl", ()) if url)
    channel, to, sender = _addresses(one("To"), one("From"), service, lines, services, any_number=any_number)
    for name, fits in SHAPES.items():
        if one(name) and not fits(one(name)):
            raise Refusal(WRONG_SHAPE.get(name, 20001))
    _check_content(one("ContentSid"), one("ContentVariables"))
    if one("PersistentAction") and channel is not Channel.WHATSAPP:
        raise Refusal(20001)
    if not body and not media:
        raise Refusal(21602)
    if len(body) > LONGEST_BODY:
        raise Refusal(21617)
    if len(media) > MOST_MEDIA:
        raise Refusal(21623)
    if any(urlsplit(url).scheme not in {"http", "https"} for url in media):
        raise Refusal(21620)
    if callback and not may_be_called(callback, hosts):
        raise Refusal(21609)
    return MessageRequest(
        to=to,
        body=body,
        sender=sender or None,
        service_sid=service or None,
        callback=callback or None,
        media=media,
        validity_s=_validity(one("ValidityPeriod")),
        channel=channel,
        as_mms=one("SendAsMms").lower() == "true",
        send_at=_schedule(one("ScheduleType"), one("SendAt"), service, now),
    )


def _addresses(
    to: str, sender: str, service: str, lines: frozenset[str], services: frozenset[str], *, any_number: bool
) -> tuple[Channel, str, str]:
    if not to:
        raise Refusal(21604)
    if not sender and not service:
        raise Refusal(21603)
    channel, number = split_address(to)
    own_channel, own_number = split_address(sender) if sender else (channel, "")
    if service and service not in services:
        raise Refusal(21701)
    if sender and own_number not in lines:
        raise Refusal(63007 if own_channel is Channel.WHATSAPP else 21606)
    if not E164.fullmatch(number) or not (any_number or is_simulated(number)):
        raise Refusal(21211)
    if own_channel is not channel:
        raise Refusal(21910)
    if number == own_number:
        raise Refusal(21266)
    return channel, number, own_number


def _check_content(content_sid: str, variables: str) -> None:
    """The simulator keeps no content templates, so that every SID of one is unknown."""
    if content_sid:
        raise Refusal(21655)
    if not variables:
        return
    try:
        given = json.loads(variables)
    except ValueError as error:
        raise Refusal(21656) from error
    if not isinstance(given, dict):
        raise Refusal(21656)


def _validity(text: str) -> int:
    if not text:
        return LONGEST_VALIDITY_S
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_VALIDITY_S:
        raise Refusal(90007)
    return int(text)


def _schedule(kind: str, send_at: str, service: str, now: datetime) -> datetime | None:
    """When to send. Without a service Twilio takes the request as not scheduled (https://www.twilio.com/docs/api/errors/35111)."""
    if not kind or not service:
        return None
    if not send_at:
        raise Refusal(35111)
    try:
        at = datetime.fromisoformat(send_at)
    except ValueError as error:
        raise Refusal(35114) from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if not SOONEST_SCHEDULE <= at - now <= LATEST_SCHEDULE:
        raise Refusal(35114)
    return at
