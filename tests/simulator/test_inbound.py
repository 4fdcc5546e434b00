"""A text from a phone reaches the hotline as Twilio would bring it, and its TwiML is taken as strictly."""

from __future__ import annotations

import pytest

from app.simulator.courier import Overrides, read_overrides
from app.simulator.optout import Keyword, keyword_of
from app.simulator.segments import count_segments
from app.simulator.terms import Terms
from app.simulator.twiml import TwimlError, read_twiml
from tests.devices import Unexpected, stands_in
from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"


async def test_a_text_is_posted_signed_and_its_reply_arrives(room: Room) -> None:
    room.hotline.answer = lambda got: (200, f"<Response><Message>Got: {got.form['Body']}</Message></Response>")
    rosa = room.devices(ROSA, name="Rosa", county="Durham", language="es")
    handed = await rosa.texts("están parando carros")
    await rosa.expects("están parando carros")

    [got] = room.hotline.got
    assert got.signed
    assert (
        got.form.items()
        >= {"From": ROSA, "To": LINE, "NumMedia": "0", "SmsStatus": "received", "ApiVersion": "2010-04-01"}.items()
    )
    assert got.form["MessageSid"] == handed["sid"] == got.form["SmsSid"]
    assert handed["replies"] == ["Got: están parando carros"]
    await room.devices.check()


async def test_a_failed_webhook_is_tried_again_with_the_same_sid_and_token(room: Room) -> None:
    answers = iter([(500, ""), (200, "<Response><Message>here now</Message></Response>")])
    room.hotline.answer = lambda _got: next(answers)
    rosa = room.devices(ROSA)
    handed = await rosa.texts("hello")
    await rosa.expects("here now")

    first, second = room.hotline.got
    assert handed["attempts"] == 2
    assert (first.form["MessageSid"], first.token) == (second.form["MessageSid"], second.token)


async def test_a_slow_webhook_is_given_up_after_its_limit(room: Room) -> None:
    room.hotline.slow["/twilio/messages"] = 0.6
    handed = await room.devices(ROSA).texts("hello")

    assert (handed["attempts"], handed["error_code"]) == (3, 11200)
    await room.devices.check(allowed_errors=("timeout",))


async def test_redirects_are_followed_and_errors_in_twiml_are_logged(room: Room) -> None:
    documents = {
        "/twilio/messages": "<Response><Redirect>/twilio/more</Redirect></Response>",
        "/twilio/more": "<Response><Say>hi</Say></Response>",
    }
    room.hotline.answer = lambda got: (200, documents[got.path])
    handed = await room.devices(ROSA).texts("hello")

    assert handed["error_code"] == 12200
    assert "Say" in handed["error"]
    with pytest.raises(Unexpected, match="12200"):
        await room.devices.check()


async def test_a_reply_to_who_said_stop_is_an_error(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Message>You are out.</Message></Response>")
    rosa = room.devices(ROSA)
    handed = await rosa.texts("stopall")
    await rosa.expects("unsubscribed")
    await rosa.expects_nothing_more()

    assert handed["error_code"] == 21610


async def test_help_is_answered_by_twilio_and_still_posted(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.texts("help")
    await rosa.expects("Reply STOP to unsubscribe")

    assert [got.form["Body"] for got in room.hotline.got] == ["help"]


async def test_advanced_opt_out_tells_the_hotline_what_twilio_made_of_a_text(room: Room) -> None:
    room.exchange.terms = Terms(opt_out="advanced")
    rosa = room.devices(ROSA)
    for body in ("Stop", "start", "HELP", "stop it"):
        await rosa.texts(body)
    await rosa.expects("unsubscribed")
    await rosa.expects("re-subscribed")
    await rosa.expects("Reply STOP")

    assert [got.form.get("OptOutType") for got in room.hotline.got] == ["STOP", "START", "HELP", None]


async def test_without_opt_out_handling_stop_is_a_text_as_any_other(room: Room) -> None:
    room.exchange.terms = Terms(opt_out="off")
    room.hotline.answer = lambda _got: (200, "<Response><Message>we do that ourselves</Message></Response>")
    rosa = room.devices(ROSA)
    await rosa.texts("STOP")
    await rosa.expects("we do that ourselves")
    await rosa.expects_nothing_more()

    assert "OptOutType" not in room.hotline.got[0].form


@pytest.mark.parametrize(
    ("status", "document", "code"), [(500, "", "11200"), (200, "<Response><Say>hi</Say></Response>", "12200")]
)
async def test_the_fallback_answers_where_the_webhook_can_not(room: Room, status: int, document: str, code: str) -> None:
    room.has_fallbacks()
    documents = {
        "/twilio/messages": (status, document),
        "/fallback/messages": (200, "<Response><Message>We are here.</Message></Response>"),
    }
    room.hotline.answer = lambda got: documents[got.path]
    rosa = room.devices(ROSA)
    handed = await rosa.texts("hello")
    await rosa.expects("We are here.")

    [got] = room.hotline.at("/fallback/messages")
    assert handed["error_code"] is None
    assert got.signed
    assert (got.form["ErrorCode"], got.form["ErrorUrl"]) == (code, f"{room.hotline.url}/twilio/messages")
    assert got.form["MessageSid"] == handed["sid"]


async def test_yes_is_a_plain_text_for_who_never_said_stop(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.texts("YES")
    await rosa.expects_nothing_more()
    await room.devices.check()


async def test_a_text_that_no_one_expected_fails_the_test(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, '<Response><Message to="+17045550188">wrong county</Message></Response>')
    await room.devices(ROSA).texts("hello")

    with pytest.raises(Unexpected, match="wrong county"):
        await room.devices.check()


async def test_a_logged_number_or_error_fails_the_test(room: Room) -> None:
    await room.devices(ROSA).exists()

    with pytest.raises(Unexpected, match="stands in the log"):
        await room.devices.check("sent to (919) 555-0123")
    with pytest.raises(Unexpected, match="boom"):
        await room.devices.check("", ["boom"])


@pytest.mark.parametrize(
    "written", ["+19195550123", "9195550123", "919-555-0123", "(919) 555-0123", "%2B19195550123", "919.555.0123"]
)
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    assert stands_in(ROSA, f"before {written} after")


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        ("STOP", Keyword.STOP),
        (" stopall\n", Keyword.STOP),
        ("Revoke", Keyword.STOP),
        ("OPTOUT", Keyword.STOP),
        ("unstop", Keyword.START),
        ("info", Keyword.HELP),
        ("please stop", None),
        ("alto", None),
        ("STOP.", None),
    ],
)
def test_twilio_knows_single_english_words_only(body: str, keyword: Keyword | None) -> None:
    assert keyword_of(body) is keyword


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("ñ" * 160, 1),
        ("🚨" * 35, 1),
        ("🚨" * 36, 2),
        ("a" * 66 + "🚨" + "á" * 5, 2),
    ],
)
def test_segments_are_counted_as_carriers_do(body: str, segments: int) -> None:
    assert count_segments(body) == segments


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Message>a</Message>", 12100),
        ("<Answer/>", 12200),
        ("<Response><message>a</message></Response>", 12200),
        ('<Response><Message color="red">a</Message></Response>', 12200),
        ("<Response>loose text</Response>", 12200),
        ("<Response><Message></Message></Response>", 12200),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Response><Message>&a;</Message></Response>', 12100),
    ],
)
def test_twiml_that_is_not_twiml_is_refused(document: str, code: int) -> None:
    with pytest.raises(TwimlError) as refused:
        read_twiml(document.encode(), "text/xml; charset=utf-8", "messages")

    assert refused.value.code == code


def test_twiml_of_the_wrong_content_type_is_refused() -> None:
    with pytest.raises(TwimlError) as refused:
        read_twiml(b"<Response/>", "application/json", "messages")

    assert refused.value.code == 12300


def test_overrides_in_the_fragment_are_read() -> None:
    assert read_overrides("ct=2000&rt=5000&tt=15000&rc=3&rp=5xx,ct") == Overrides(
        2000, 5000, 15000, 3, frozenset({"5xx", "ct"})
    )
    assert read_overrides("") == Overrides(5000, 15000, 15000, 1, frozenset({"ct"}))


@pytest.mark.parametrize("fragment", ["rc=6", "ct=50", "rp=3xx", "retries=2", "rt=soon"])
def test_overrides_that_twilio_does_not_know_are_refused(fragment: str) -> None:
    with pytest.raises(ValueError, match="="):
        read_overrides(fragment)
