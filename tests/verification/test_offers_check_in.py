"""Whoever goes is asked after fifteen minutes whether they are OK; who does not answer is an alarm until they do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.pipeline import Hotline
from app.pipeline_field import ask_if_safe
from app.verification.check_in import ANSWER_WITHIN, ASK_AFTER
from tests.chaos.dying import every_death
from tests.verification.field import Field, fresh_field

ANA = "Ana"


async def sweep(field: Field, after: timedelta = timedelta(0)) -> None:
    """The worker's sweep, `after` some time."""
    field.clock.advance(after)
    await field.database.run(lambda work: ask_if_safe(work, field.hotline))


async def gone(field: Field, words: str = "Y") -> None:
    """Luz was asked and goes."""
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", words)


@pytest.mark.parametrize("words", ["Y", "15", "HERE"])
async def test_fifteen_minutes_after_a_yes_they_are_asked_once_whether_they_are_ok(field: Field, words: str) -> None:
    await gone(field, words)
    await sweep(field, ASK_AFTER - timedelta(seconds=1))
    assert await field.sent("check") == {}
    await sweep(field, timedelta(seconds=1))
    await sweep(field, timedelta(seconds=2))
    [asked] = (await field.sent("check"))["Luz"]
    assert "OK" in asked


async def test_the_time_begins_again_when_they_arrive(field: Field) -> None:
    await gone(field)
    field.clock.advance(timedelta(minutes=10))
    await field.text("Luz", "aqui")
    await sweep(field, timedelta(minutes=10))
    assert await field.sent("check") == {}
    await sweep(field, timedelta(minutes=5))
    assert "Luz" in await field.sent("check")


@pytest.mark.parametrize("words", ["OK", "si", "estoy bien", "I'm ok", "here", "still two vans in the lot"])
async def test_any_word_of_theirs_clears_it_and_they_are_asked_again_later(field: Field, words: str) -> None:
    await gone(field)
    await sweep(field, ASK_AFTER)
    reply = await field.text("Luz", words)
    assert "CONFIRM" in reply
    await sweep(field, ANSWER_WITHIN)
    assert await field.sent("alarm") == {}
    await sweep(field, ASK_AFTER)
    assert len((await field.sent("check"))["Luz"]) == 2
    assert await field.offers() == {"Luz": "accepted"}


async def test_five_silent_minutes_alarm_the_dispatcher_once_by_text_and_on_record(field: Field) -> None:
    await gone(field)
    await sweep(field, ASK_AFTER)
    await sweep(field, ANSWER_WITHIN)
    await sweep(field, ANSWER_WITHIN)
    [alarm] = (await field.sent("alarm"))[ANA]
    assert "Luz" in alarm
    assert (await field.offer_of("Luz")).alarmed_at is not None
    assert "CONFIRM" in await field.text("Luz", "ok")
    assert (await field.offer_of("Luz")).alarmed_at is None
    assert [verb for verb in await field.verbs("offer.") if verb in {"offer.silent", "offer.safe"}] == [
        "offer.silent",
        "offer.safe",
    ]


@pytest.mark.parametrize("words", ["HELP", "ayuda", "need help"])
async def test_a_call_for_help_on_the_way_alarms_at_once(field: Field, words: str) -> None:
    await gone(field)
    assert "911" in await field.text("Luz", words)
    await field.text("Luz", words)
    assert len((await field.sent("alarm"))[ANA]) == 1
    assert await field.offers() == {"Luz": "accepted"}


async def test_a_no_to_the_question_is_a_call_for_help_and_no_refusal(field: Field) -> None:
    await gone(field)
    await sweep(field, ASK_AFTER)
    assert "911" in await field.text("Luz", "no")
    assert ANA in await field.sent("alarm")
    assert await field.offers() == {"Luz": "accepted"}


async def test_help_of_whoever_is_not_on_the_way_is_the_ordinary_help(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", "HELP")
    assert await field.sent("alarm") == {}


async def test_who_reported_back_is_not_asked_any_more(field: Field) -> None:
    await gone(field)
    await field.text("Luz", "nothing")
    await sweep(field, ASK_AFTER)
    assert await field.sent("check") == {}


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_killed_at_any_await_they_are_asked_once_and_the_alarm_is_raised_once(hotline: Hotline, keys: Keys) -> None:
    async for life in every_death():
        async with fresh_field(hotline, keys, ("Luz", "Sam")) as (field, url):
            for alias in ("Luz", "Sam"):
                await field.ask(alias)
            await field.text("Luz", "Y")
            await sweep(field, ASK_AFTER)
            await field.text("Sam", "Y")
            field.clock.advance(ASK_AFTER)
            mortal = Database(url, keys, field.clock, new_id, pool_size=1)
            async with life:
                await mortal.run(lambda work: ask_if_safe(work, hotline))
            await mortal.close()
            await field.until_the_dead_let_go()
            await sweep(field)
            assert {alias: len(texts) for alias, texts in (await field.sent("check")).items()} == {"Luz": 1, "Sam": 1}
            assert {alias: len(texts) for alias, texts in (await field.sent("alarm")).items()} == {ANA: 1}
