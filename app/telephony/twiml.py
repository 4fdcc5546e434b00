"""Answers to Twilio: TwiML for a text."""

from __future__ import annotations

from xml.sax.saxutils import escape

MEDIA_TYPE = "text/xml"


def text_answer(reply: str | None) -> str:
    """TwiML that texts `reply` back, or nothing; the same as the twilio package writes."""
    if not reply:
        return '<?xml version="1.0" encoding="UTF-8"?><Response />'
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{escape(_allowed(reply))}</Message></Response>'


def _allowed(text: str) -> str:
    """`text` without the control characters that XML 1.0 can't hold."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
