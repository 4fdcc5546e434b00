"""What a text is answered with, as Twilio reads it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from app.telephony.twiml import text_answer

WHAT_XML_HOLDS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t")


@given(st.text(WHAT_XML_HOLDS, min_size=1))
def test_it_is_what_the_twilio_package_writes(reply: str) -> None:
    response = MessagingResponse()
    response.message(reply)

    assert text_answer(reply) == str(response)


def test_nothing_to_say_is_an_empty_response() -> None:
    assert text_answer(None) == text_answer("") == str(MessagingResponse())


@given(st.text())
def test_what_xml_can_not_hold_is_left_out(reply: str) -> None:
    answer = text_answer(reply)

    assert answer.encode()
    assert not any(c < " " and c not in "\n\r\t" for c in answer)
