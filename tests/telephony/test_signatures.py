"""Only Twilio gets in: golden vectors, both tokens of a rotation, and everything that is not quite it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import MultiDict
from twilio.request_validator import RequestValidator

from app.core.errors import BadInput, SignatureRefused
from app.telephony.signatures import MAX_FORM_BYTES, signed_form, signed_json

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
JSON_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
GOLDEN_JSON = "a9nBmqA0ju/hNViExpshrM61xv4="
GOLDEN_OF_MANY = "IK+Dwps556ElfBT0I3Rgjkr1wJU="
GOLDEN = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # the twilio package's own test vector (research: messaging-systems 9.2)


def test_the_golden_vector_is_accepted() -> None:
    assert dict(signed_form(URL, urlencode(FORM).encode(), GOLDEN, ["12345"])) == FORM


def test_a_golden_json_vector_is_accepted() -> None:
    body = b'{"property": "value", "boolean": true}'

    assert signed_json(JSON_URL, body, GOLDEN_JSON, ["54321", "12345"]) == body


def test_a_parameter_that_comes_twice_is_signed_twice() -> None:
    pairs = [*FORM.items(), ("Digits", "5678")]
    signature = RequestValidator("12345").compute_signature(URL, MultiDict(pairs))
    form = signed_form(URL, urlencode(pairs).encode(), signature, ["12345"])

    assert form.getlist("Digits") == ["1234", "5678"]


def test_the_golden_vector_of_a_parameter_that_comes_three_times_is_accepted() -> None:
    pairs = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    form = signed_form(URL, urlencode(pairs).encode(), GOLDEN_OF_MANY, ["12345"])

    assert form.getlist("Digits") == ["5678", "1234", "1234"]


@pytest.mark.parametrize("body", [b'{"property": "value", "boolean": false}', b'{"property":"value","boolean":true}', b""])
def test_json_that_was_altered_in_any_byte_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        signed_json(JSON_URL, body, GOLDEN_JSON, ["12345"])


def test_json_is_refused_without_the_hash_of_its_body_in_the_address() -> None:
    with pytest.raises(SignatureRefused):
        signed_json(URL, b"{}", RequestValidator("12345").compute_signature(URL, {}), ["12345"])


@pytest.mark.parametrize("signed_for", [URL, URL.replace("mycompany.com", "mycompany.com:443")])
def test_the_usual_port_may_stand_in_the_address_that_was_signed_or_not(signed_for: str) -> None:
    signature = RequestValidator("12345").compute_signature(signed_for, FORM)

    assert dict(signed_form(URL, urlencode(FORM).encode(), signature, ["12345"])) == FORM


@pytest.mark.parametrize("tokens", [["12345"], ["54321", "12345"], ["12345", "54321"]])
def test_either_token_counts_while_they_are_changed(tokens: list[str]) -> None:
    signed_form(URL, urlencode(FORM).encode(), GOLDEN, tokens)


@pytest.mark.parametrize(
    ("url", "signature", "tokens"),
    [
        (URL, None, ["12345"]),
        (URL, "", ["12345"]),
        (URL, GOLDEN, ["54321"]),
        (URL, GOLDEN, []),
        (URL + "3", GOLDEN, ["12345"]),
        (URL.replace("https", "http"), GOLDEN, ["12345"]),
        (URL, GOLDEN[:-2] + "9=", ["12345"]),
        (URL, "ñ", ["12345"]),
    ],
)
def test_everything_else_is_refused(url: str, signature: str | None, tokens: list[str]) -> None:
    with pytest.raises(SignatureRefused):
        signed_form(url, urlencode(FORM).encode(), signature, tokens)


def test_a_form_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(BadInput, match="too large"):
        signed_form(URL, b"x" * (MAX_FORM_BYTES + 1), GOLDEN, ["12345"])


@given(st.dictionaries(st.text("abcXYZ", min_size=1), st.text(st.characters(exclude_categories=["Cs"])), max_size=6))
def test_whatever_twilio_signs_is_accepted_as_it_was(form: dict[str, str]) -> None:
    signature = RequestValidator("token").compute_signature(URL, form)

    assert dict(signed_form(URL, urlencode(form).encode(), signature, ["token"])) == form
