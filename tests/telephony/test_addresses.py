"""One phone has one spelling, and the short way to it says what the library says."""

from __future__ import annotations

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from app.telephony.addresses import can_be_texted, canonical_number

DIGITS = st.text("0123456789", min_size=9, max_size=10)


@given(first=st.sampled_from("0123456789"), rest=DIGITS)
def test_a_number_of_north_america_is_spelled_and_judged_as_by_the_library(first: str, rest: str) -> None:
    written = f"+1{first}{rest}"
    number = phonenumbers.parse(written, "US")

    assert canonical_number(written) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert can_be_texted(written) == phonenumbers.is_possible_number(number)


def test_the_same_phone_by_whatsapp_and_written_by_hand_is_one() -> None:
    assert {canonical_number(said) for said in (" +19195550123", "whatsapp:+19195550123", "(919) 555-0123")} == {"+19195550123"}
