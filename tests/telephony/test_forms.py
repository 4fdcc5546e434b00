"""What comes over the wire is read or refused in words; a real person is never refused for the look of a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.telephony.addresses import Channel, can_be_texted, canonical_number
from app.telephony.forms import StatusForm, TextForm, read_form

GOOD = {"MessageSid": "SM00000000000000000000000000000001", "From": "+19195550110", "To": "+19195550100", "Body": "hola"}


def test_a_text_is_read() -> None:
    form = read_form(TextForm, GOOD | {"NumMedia": "1", "Unheard": "of"})

    assert (form.body, form.channel) == ("hola", Channel.MMS)


@pytest.mark.parametrize("body", ["", "🧊❄️🚨", "a\x00b", "x" * 100_000, "ICE\u202eesrever", "\ud83d"])
def test_any_body_is_taken_whole(body: str) -> None:
    assert read_form(TextForm, GOOD | {"Body": body}).body == body


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To"])
def test_a_malformed_form_is_named_by_its_fields_and_never_by_their_values(missing: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_form(TextForm, {k: v for k, v in GOOD.items() if k != missing} | {"NumMedia": "555-0110"})

    assert missing in refused.value.message
    assert "555" not in refused.value.message


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("+19195550110", "+19195550110"),
        ("whatsapp:+19195550110", "+19195550110"),
        ("9195550110", "+19195550110"),
        ("(919) 555-0110", "+19195550110"),
        ("22000", "22000"),
        ("anonymous", "anonymous"),
        ("ALERTS", "alerts"),
        ("+266696687", "+266696687"),
    ],
)
def test_one_person_has_one_spelling(address: str, known_as: str) -> None:
    assert canonical_number(address) == known_as


@given(st.text(max_size=320))
def test_any_address_has_a_spelling(address: str) -> None:
    can_be_texted(canonical_number(address))


MEDIA = "/2010-04-01/Accounts/AC00000001/Messages/MM00000001/Media"


def test_each_file_that_came_along_is_known_by_twilios_name_alone() -> None:
    form = read_form(
        TextForm,
        GOOD
        | {"NumMedia": "3", "media": "forged"}
        | {"MediaUrl0": f"https://api.twilio.com{MEDIA}/ME00000001", "MediaContentType0": "Image/JPEG; q=1"}
        | {"MediaUrl1": f"https://inside.example{MEDIA}/ME00000002?x=1", "MediaContentType1": "a\x00\ud83d" + "b" * 99}
        | {"MediaUrl2": "https://inside.example/secret", "MediaUrl10": f"https://api.twilio.com{MEDIA}/ME00000003"},
    )

    assert [(one.sid, one.declared_type) for one in form.media] == [
        ("ME00000001", "image/jpeg"),
        ("ME00000002", "a" + "b" * 63),
        ("", ""),
    ]


def test_a_pin_is_read_with_its_names_and_a_profile_is_not_read_at_all() -> None:
    pin = {"Latitude": "35.99389", "Longitude": "-78.9", "Label": "Walmart", "Address": "Walmart", "ProfileName": "Rosa"}
    form = read_form(TextForm, GOOD | pin | {"Body": "", "From": "whatsapp:+19195550110"})

    assert form.words == "Walmart\n35.99389, -78.90000"
    assert (form.is_picture_or_pin, form.channel) == (True, Channel.WHATSAPP)
    assert "Rosa" not in repr(form)


def test_a_status_without_an_error_has_none() -> None:
    assert (
        read_form(StatusForm, {"MessageSid": GOOD["MessageSid"], "MessageStatus": "sent", "ErrorCode": ""}).error_code is None
    )
