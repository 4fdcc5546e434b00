"""What Twilio's REST refuses and how it says so: the code, the HTTP status and the sentence of each refusal.

Codes and sentences follow Twilio's error dictionary (https://www.twilio.com/docs/api/errors).
"""

from __future__ import annotations

from typing import Any, Final

REFUSALS: Final[dict[int, tuple[int, str]]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (403, "Account not active"),
    20009: (409, "This resource can't be changed or deleted while it is in progress"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21205: (400, "Url parameter is not a valid URL"),
    21201: (400, "No 'To' number is specified"),
    21210: (400, "The source phone number provided is not yet verified for your account"),
    21213: (400, "'From' phone number is required"),
    21217: (400, "Phone number does not appear to be valid"),
    21220: (400, "Call is not in-progress. Cannot redirect"),
    21211: (400, "Invalid 'To' Phone Number"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21402: (400, "Invalid Url"),
    21403: (400, "Invalid Method"),
    21421: (400, "Phone Number is invalid"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' or 'MessagingServiceSid' is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number provided is not a valid message-capable phone number for this account"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL that can be reached"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21701: (404, "The Messaging Service does not exist"),
    21655: (400, "The ContentSid is invalid"),
    21656: (400, "The ContentVariables parameter is invalid"),
    21704: (400, "The Messaging Service contains no phone numbers"),
    21710: (409, "Phone Number or Short Code is already in the Messaging Service"),
    21711: (400, "Phone Number is not associated to the specified Messaging Service"),
    21712: (409, "Phone Number or Short Code is associated with another Messaging Service"),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    22005: (429, "Call queue full"),
    30029: (400, "Invalid ContentRetention"),
    30030: (400, "Invalid AddressRetention"),
    30409: (409, "The message can't be canceled any more"),
    35111: (400, "SendAt timestamp is missing"),
    35114: (400, "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive"),
    60203: (429, "Max send attempts reached"),
    60617: (400, "Invalid Fields"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63018: (429, "Rate limit exceeded for Channel"),
    63038: (429, "Account exceeded the daily messages limit"),
    90007: (400, "ValidityPeriod must be between 1 and 36000 seconds"),
}


class Refusal(Exception):
    """Twilio says no. `headers` go with the answer (Retry-After with a 429)."""

    def __init__(self, code: int, *, status: int | None = None, headers: dict[str, str] | None = None) -> None:
        self.code = code
        known_status, self.sentence = REFUSALS.get(code, (status or 500, "The request was refused"))
        self.status = status or known_status
        self.headers = headers or {}
        super().__init__(f"{code}: {self.sentence}")

    def as_json(self) -> dict[str, Any]:
        """The body of the answer, in Twilio's shape."""
        return {
            "code": self.code,
            "message": self.sentence,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
