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
GOLDEN = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # the twilio package's own test vector (research: messaging-systems 9.2)


def test_the_golden_vector_is_accepted() -> None:
    assert dict(signed_form(URL, urlencode(FORM).encode(), GOLDEN, ["12345"])) == FORM


def test_a_golden_json_vector_is_accepted() -> None:
    body = b'{"property": "value", "boolean": true}'
    url = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

    assert signed_json(url, body, "a9nBmqA0ju/hNViExpshrM61xv4=", ["12345"]) == body


def test_a_parameter_that_comes_twice_is_signed_twice() -> None:
    pairs = [*FORM.items(), ("Digits", "5678")]
    signature = RequestValidator("12345").compute_signature(URL, MultiDict(pairs))
    form = signed_form(URL, urlencode(pairs).encode(), signature, ["12345"])

    assert form.getlist("Digits") == ["1234", "5678"]


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
