"""Twilio's error codes as data: each has a class, and the class decides what happens next."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field


class ErrorClass(StrEnum):
    """What kind of failure it is."""

    RETRY_LATER = "retry_later"  # documented as not processed: safe to send again
    OPTED_OUT = "opted_out"  # write an opt-out, never send again
    BAD_NUMBER = "bad_number"  # don't text this number again
    CONTENT = "content"  # the text itself is refused
    REGISTRATION = "registration"  # our account or number; everybody's texts fail until an operator acts
    CAPACITY = "capacity"  # a carrier's rate or cap
    EXPIRED = "expired"
    POLICY = "policy"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"  # the safe class: recorded, not sent again


class ErrorCode(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ErrorClass = Field(alias="class")
    words: str


UNLISTED = ErrorCode(**{"class": ErrorClass.UNKNOWN, "words": "Twilio gave a reason that we don't know"})


def error_code(code: int | None) -> ErrorCode:
    """The row for `code`; the safe class for one that the table lacks."""
    return _table().get(code or 0, UNLISTED)


@cache
def _table() -> dict[int, ErrorCode]:
    rows = tomllib.loads(files("app.telephony").joinpath("error_codes.toml").read_text(encoding="utf-8"))
    return {int(code): ErrorCode.model_validate(row) for code, row in rows.items()}
