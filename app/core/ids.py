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
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(2)) + f"{secrets.randbelow(9000) + 1000}"


def new_token() -> str:
    """An unguessable token of 256 bits for links and cookies, safe in a URL."""
    return secrets.token_urlsafe(32)
