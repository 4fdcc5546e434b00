"""The table of error codes: whole, said in both languages, and consistent in what follows from what."""

from __future__ import annotations

import re

import pytest

from app.delivery.breaker import LIMITS
from app.telephony.error_codes import Action, ErrorClass, error_code, error_codes

NAMED_BY_RESEARCH = {
    11100, 11200, 11205, 20003, 20009, 20429, 21205, 21211, 21606, 21609, 21610, 21611, 21614, 21617, 22005, 30001, 30002, 30003, 30004,
    30005, 30006, 30007, 30008, 30022, 30023, 30024, 30027, 30029, 30030, 30032, 30034, 30035, 30036, 30450, 30610, 30640, 57012, 60203,
    63018, 63038, 90007,
}  # fmt: skip
"""What the field's systems, their issue threads and Twilio's own skill texts speak of."""

ACTIONS = {
    ErrorClass.RETRY_LATER: {Action.WAIT},
    ErrorClass.OPTED_OUT: {Action.OPT_OUT},
    ErrorClass.BAD_NUMBER: {Action.QUARANTINE},
    ErrorClass.UNREACHABLE: {Action.COUNT},
    ErrorClass.BLOCKED: {Action.COUNT},
    ErrorClass.CREDENTIALS: {Action.PAUSE},
    ErrorClass.REGISTRATION: {Action.PAUSE},
    ErrorClass.CAPACITY: {Action.WAIT, Action.LATER},
    ErrorClass.DAILY_CAP: {Action.WAIT, Action.TOMORROW},
    ErrorClass.CHANNEL: {Action.LATER},
}


def test_every_code_that_the_field_speaks_of_is_in_the_table() -> None:
    assert set(error_codes()) >= NAMED_BY_RESEARCH


@pytest.mark.parametrize("code", sorted(error_codes()))
def test_what_follows_fits_the_kind_of_failure(code: int) -> None:
    row = error_code(code)

    assert row.action in ACTIONS.get(row.kind, {Action.FAIL})
    assert row.source.startswith(("https://www.twilio.com/docs/api/errors/", "Twilio's own"))
    assert row.words("en") != row.words("es")
    assert not re.search(r"[.!]$", row.en + row.es.strip())


def test_a_code_that_nobody_knows_is_recorded_and_not_sent_again() -> None:
    assert (error_code(39999).kind, error_code(39999).action) == (ErrorClass.UNKNOWN, Action.FAIL)
    assert error_code(None) is error_code(39999)


def test_the_breaker_watches_codes_of_the_table() -> None:
    assert set(LIMITS) <= set(error_codes())
