"""Addresses that people write from: which channel it is, and the one spelling under which we know the number."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers


class Channel(StrEnum):
    """The way a person reached us."""

    SMS = "sms"
    MMS = "mms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    WEB = "web"  # the page that a verifier's link opens


WHATSAPP_PREFIX = "whatsapp:"

_PLAIN: Final = re.compile(r"\+1[2-9][0-9]{9}")
"""A number of North America as Twilio writes it, which nearly every text comes from: canonical and possible, as the library says, too."""


@lru_cache(maxsize=512)
def canonical_number(address: str) -> str:
    """One spelling for one phone: E.164 where it is a number, else (a short code, a name) what stands there, trimmed and in lower case.

    The WhatsApp prefix goes: the same person by WhatsApp and by SMS is one contact.
    """
    bare = address.strip().removeprefix(WHATSAPP_PREFIX).strip()
    if _PLAIN.fullmatch(bare):
        return bare
    try:
        number = phonenumbers.parse(bare, "US")
    except phonenumbers.NumberParseException:
        return bare.lower()
    digits = len(str(number.national_number))
    if not bare.startswith("+") and digits != 10:
        return bare.lower()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def by_whatsapp(number: str) -> str:
    """The address of a canonical number on WhatsApp."""
    return f"{WHATSAPP_PREFIX}{number}"


@lru_cache(maxsize=512)
def can_be_texted(number: str) -> bool:
    """Whether a canonical number is one that a text can be sent to: E.164 and of a possible length."""
    if not number.startswith("+"):
        return False
    if _PLAIN.fullmatch(number):
        return True
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
