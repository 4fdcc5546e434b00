"""Twilio's error codes as data: what kind of failure each is, what follows from it, how to say it, and where that is known from."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, Field


class ErrorClass(StrEnum):
    """What kind of failure it is."""

    RETRY_LATER = "retry_later"  # documented as not processed: safe to send again
    OPTED_OUT = "opted_out"
    BAD_NUMBER = "bad_number"  # no text will ever reach this number
    UNREACHABLE = "unreachable"  # the phone was off; it may be on tomorrow
    BLOCKED = "blocked"  # by the person's phone or plan
    CONTENT = "content"  # the text itself is refused
    FILTERED = "filtered"  # carriers took it for spam
    CREDENTIALS = "credentials"  # nobody gets anything until an operator acts
    REGISTRATION = "registration"  # likewise: our account or number
    CAPACITY = "capacity"  # a rate, or a full queue
    DAILY_CAP = "daily_cap"
    EXPIRED = "expired"
    CHANNEL = "channel"  # WhatsApp does not take it; an SMS may
    POLICY = "policy"
    OURS = "ours"  # a request that should not have been made
    WEBHOOK = "webhook"  # of Twilio's calls to us, never of a text
    UNKNOWN = "unknown"  # the safe class: recorded, not sent again


class Action(StrEnum):
    """What follows; error_codes.toml explains each."""

    WAIT = "wait"
    LATER = "later"
    TOMORROW = "tomorrow"
    PAUSE = "pause"
    OPT_OUT = "opt_out"
    QUARANTINE = "quarantine"
    COUNT = "count"
    FAIL = "fail"


BACK_TO_THE_QUEUE: Final = frozenset({Action.WAIT, Action.LATER, Action.TOMORROW, Action.PAUSE})
"""What proves that the person got nothing and may still be sent the text."""


class ErrorCode(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ErrorClass = Field(alias="class")
    action: Action
    en: str = Field(min_length=1, max_length=80)
    es: str = Field(min_length=1, max_length=80)
    source: str = Field(min_length=1)

    def words(self, language: str) -> str:
        """The reason for people, in Spanish or else in English."""
        return self.es if language == "es" else self.en


UNLISTED: Final = ErrorCode(
    **{"class": ErrorClass.UNKNOWN},
    action=Action.FAIL,
    en="Twilio gave a reason that we don't know",
    es="Twilio dio una razón que no conocemos",
    source="none",
)

UNAUTHORIZED: Final = 20003
"""Twilio's code for credentials that it does not take; a bare 401 or 403 means the same."""


def error_code(code: int | None) -> ErrorCode:
    """The row for `code`; the safe class for one that the table lacks."""
    return error_codes().get(code or 0, UNLISTED)


@cache
def error_codes() -> dict[int, ErrorCode]:
    """The whole table, each row with its source written out."""
    file = tomllib.loads(files("app.telephony").joinpath("error_codes.toml").read_text(encoding="utf-8"))
    sources: dict[str, str] = file["sources"]
    return {
        int(code): ErrorCode.model_validate(row | {"source": sources[row["source"]].format(code=code)})
        for code, row in file["codes"].items()
    }
