"""Answers to Twilio: TwiML for a text."""

from __future__ import annotations

from twilio.twiml.messaging_response import MessagingResponse

MEDIA_TYPE = "text/xml"


def text_answer(reply: str | None) -> str:
    """TwiML that texts `reply` back, or nothing."""
    response = MessagingResponse()
    if reply:
        response.message(_allowed(reply))
    return str(response)


def _allowed(text: str) -> str:
    """`text` without the control characters that XML 1.0 can't hold."""
    return "".join(c for c in text if c in "\n\t\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
