"""How a text can end that was accepted: Twilio's error code, the status it ends in, and Twilio's sentence for it.

Codes and sentences follow Twilio's error dictionary (https://www.twilio.com/docs/api/errors), one page a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Failure:
    """The status that a text ends in and the sentence in its `error_message`. `failed` never left Twilio, `undelivered` did."""

    end: Literal["failed", "undelivered"]
    sentence: str


FIRST_CODE: Final = 30_001
"""Twilio's codes of texts that were accepted begin here; lower ones are of requests, webhooks and calls."""

FAILURES: Final[dict[int, Failure]] = {
    21610: Failure("failed", "Attempt to send to unsubscribed recipient"),
    30001: Failure("failed", "Queue overflow"),
    30002: Failure("failed", "Account suspended"),
    30003: Failure("undelivered", "Unreachable destination handset"),
    30004: Failure("undelivered", "Message blocked"),
    30005: Failure("undelivered", "Unknown destination handset"),
    30006: Failure("undelivered", "Landline or unreachable carrier"),
    30007: Failure("undelivered", "Message filtered"),
    30008: Failure("undelivered", "Unknown error"),
    30022: Failure("failed", "US A2P 10DLC - Rate Limits Exceeded"),
    30023: Failure("failed", "US A2P 10DLC - Daily Message Cap Reached"),
    30024: Failure("failed", "Numeric Sender ID Not Provisioned on Carrier"),
    30027: Failure("undelivered", "US A2P 10DLC - T-Mobile Daily Message Limit Reached"),
    30032: Failure("undelivered", "Toll-Free Number Has Not Been Verified"),
    30034: Failure("undelivered", "Message from an Unregistered Number"),
    30035: Failure("undelivered", "US A2P 10DLC - Message from a number pending registration"),
    30036: Failure("failed", "Validity Period Expired"),
    30450: Failure("undelivered", "Message delivery blocked (Potential SMS Pumping)"),
    30610: Failure("failed", "Message blocked by compliance rules: quiet hours"),
    30640: Failure("failed", "Message blocked by compliance rules: consent"),
    63003: Failure("undelivered", "Channel could not find To address"),
    63016: Failure("undelivered", "Failed to send freeform message because you are outside the allowed window"),
    63018: Failure("failed", "Rate limit exceeded for Channel"),
    63024: Failure("undelivered", "Invalid message recipient"),
    63038: Failure("failed", "Account exceeded the daily messages limit"),
}


def failure_of(code: int) -> Failure:
    """How a text ends with `code`; Twilio has more codes than stand here, and ends with those as an unknown error."""
    return FAILURES.get(code, Failure("undelivered", "Unknown error"))


def can_end_with(code: int | None) -> bool:
    """Whether a text can end with `code` after it was accepted."""
    return code is not None and (code in FAILURES or code >= FIRST_CODE)
