"""The words that Twilio itself acts on in a text to a US long code, and what it answers by itself.

Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out (default keywords; English only).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Keyword(StrEnum):
    """What a whole-message keyword does."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


WORDS: Final = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"), Keyword.STOP),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Keyword.START),
    **dict.fromkeys(("HELP", "INFO"), Keyword.HELP),
}

ANSWERS: Final = {
    Keyword.STOP: "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    Keyword.START: "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. "
    "Msg&Data Rates May Apply.",
    Keyword.HELP: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
"""Twilio's own wording, kept as it is so that a rehearsal shows what a person would read."""


def keyword_of(body: str) -> Keyword | None:
    """The keyword that `body` is, if it is exactly one word of a family, in any case, with space around it."""
    return WORDS.get(body.strip().upper())
