"""Identifiers: UUID version 7 (RFC 9562), whose order is the order of making, and the short codes that people say aloud."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from uuid import UUID

import uuid_utils.compat

NewId = Callable[[], UUID]
"""Returns an identifier that was never returned before."""

CODE_LETTERS = "ACDEFHJKLMNPRTUVWXY"
"""Letters of spoken codes: none that is read or heard as another in English or Spanish (no B/V pair, no O, no I, no G/J sound-alike)."""


def new_id() -> UUID:
    """A fresh version 7 identifier."""
    return uuid_utils.compat.uuid7()


def new_code() -> str:
    """A short code such as "KD4821" for an incident or an alert. Some three million exist, so one may be taken already."""
    drawn, number = divmod(secrets.randbelow(len(CODE_LETTERS) ** 2 * 9000), 9000)
    first, second = divmod(drawn, len(CODE_LETTERS))
    return f"{CODE_LETTERS[first]}{CODE_LETTERS[second]}{number + 1000}"


def new_token() -> str:
    """An unguessable token of 256 bits for links and cookies, safe in a URL."""
    return secrets.token_urlsafe(32)
