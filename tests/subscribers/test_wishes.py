"""What a person may ask about their own texts, in either language, and what is written down of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.subscribers.ledger import version_of
from app.subscribers.tables import ConsentWording, Topic, consent_wording
from tests.subscribers.phones import DURHAM, ORANGE, WAKE, Phone, fates, languages, tell


@pytest.fixture
def phone(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


@pytest.mark.parametrize(
    ("join", "leave", "still", "gone"),
    [("JOIN {}", "LEAVE Wake", "Durham", "Wake County"), ("JUNTAR {}", "SALIR DE WAKE", "Durham", "condado de Wake")],
)
async def test_leaving_one_county_is_no_stop(
    phone: Phone, database: Database, join: str, leave: str, still: str, gone: str
) -> None:
    for county in ("Durham", "Wake"):
        await phone.texts(join.format(county))
    reply = await phone.texts(leave)

    assert reply is not None and still in reply and gone in reply
    assert (await tell(database, WAKE)).recipients == 0
    assert (await tell(database, DURHAM)).recipients == 1


async def test_leaving_the_last_county_says_how_to_come_back(phone: Phone) -> None:
    await phone.texts("JOIN Durham")

    assert "JOIN" in str(await phone.texts("LEAVE DURHAM COUNTY please"))
    assert "you get no alerts" in str(await phone.texts("MY COUNTIES"))


async def test_leaving_without_saying_which_names_those_one_has(phone: Phone) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("JOIN Wake")

    reply = await phone.texts("drop")

    assert reply is not None and "Durham, Wake" in reply and "LEAVE" in reply


async def test_a_town_of_two_counties_leaves_the_one_that_one_has(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Orange")
    await phone.texts("JOIN Wake")
    await phone.texts("LEAVE Chapel Hill")

    assert (await tell(database, ORANGE)).recipients == 0
    assert (await tell(database, WAKE)).recipients == 1


async def test_leave_me_alone_is_a_stop(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("leave me alone")

    assert (await tell(database, DURHAM)).recipients == 0
    assert [line.kind for line in await phone.ledger()] == ["opt_in", "opt_out"]


async def test_start_does_not_bring_back_a_county_that_was_left(phone: Phone, database: Database, clock: ManualClock) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("JOIN Wake")
    await phone.texts("LEAVE Wake")
    clock.advance(timedelta(hours=1))
    await phone.texts("STOP")
    reply = await phone.texts("START")

    assert reply is not None and "Durham County" in reply
    assert (await tell(database, WAKE)).recipients == 0
    assert (await tell(database, DURHAM)).recipients == 1


async def test_joining_one_county_after_a_stop_brings_no_other_back(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("STOP")
    await phone.texts("JOIN Wake")

    assert (await tell(database, DURHAM)).recipients == 0
    assert (await tell(database, WAKE)).recipients == 1


@pytest.mark.parametrize(("join", "words"), [("JOIN", ("five", "LEAVE")), ("JUNTAR", ("cinco", "SALIR DE"))])
async def test_a_sixth_county_is_answered_with_the_five_and_how_to_drop_one(
    phone: Phone, join: str, words: tuple[str, str]
) -> None:
    five = ["Durham", "Wake", "Orange", "Chatham", "Johnston"]
    for county in five:
        await phone.texts(f"{join} {county}")
    reply = str(await phone.texts(f"{join} Mecklenburg"))

    assert all(word in reply for word in (*five, *words))
    assert "Mecklenburg" not in reply


@pytest.mark.parametrize(
    ("pause", "day", "start"), [("PAUSE", "until March 9", "RESUME"), ("pausa", "hasta el 9 de marzo", "REANUDAR")]
)
async def test_a_pause_lasts_a_week_or_until_they_say_so(
    phone: Phone, database: Database, clock: ManualClock, pause: str, day: str, start: str
) -> None:
    await phone.texts("JOIN Durham" if pause.isupper() else "JUNTAR Durham")
    before = await tell(database, DURHAM)
    reply = await phone.texts(pause)

    assert reply is not None and day in reply
    assert await fates(database, before) == [("skipped", "paused")]
    assert (await tell(database, DURHAM)).recipients == 0
    clock.advance(timedelta(days=7, minutes=1))
    assert (await tell(database, DURHAM)).recipients == 1
    await phone.texts(pause)
    await phone.texts(start)
    assert (await tell(database, DURHAM)).recipients == 1


async def test_what_we_hold_is_told_in_one_text(phone: Phone) -> None:
    await phone.texts("JUNTAR Durham")
    await phone.texts("JUNTAR Wake")
    await phone.texts("JUNTAR EVENTOS")
    await phone.texts("SOLO DE DIA")
    await phone.texts("PAUSA")
    reply = str(await phone.texts("MIS CONDADOS"))

    assert all(part in reply for part in ("Durham, Wake", "8am-9pm", "eventos", "pausa", "9 de marzo"))


async def test_a_topic_goes_to_every_county_that_one_has_and_may_be_left_alone(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    assert "about events" in str(await phone.texts("JOIN EVENTS"))
    assert (await tell(database, DURHAM, topic=Topic.EVENTS)).recipients == 1
    assert "about your rights" in str(await phone.texts("JOIN RIGHTS WAKE"))
    assert (await tell(database, WAKE)).recipients == 0
    assert (await tell(database, WAKE, topic=Topic.RIGHTS)).recipients == 1

    assert "no more texts: events" in str(await phone.texts("LEAVE EVENTS"))

    assert (await tell(database, DURHAM, topic=Topic.EVENTS)).recipients == 0
    assert (await tell(database, DURHAM)).recipients == 1


async def test_a_topic_without_a_county_asks_for_one(phone: Phone) -> None:
    assert "JUNTAR EVENTOS" in str(await phone.texts("juntar eventos"))


@pytest.mark.parametrize("words", ["English", "in english please", "ENGLISH PLEASE"])
async def test_one_text_switches_the_language(phone: Phone, database: Database, words: str) -> None:
    await phone.texts("JUNTAR Durham")
    assert await languages(database, await tell(database, DURHAM)) == ["es"]

    assert "in English" in str(await phone.texts(words))
    assert await languages(database, await tell(database, DURHAM)) == ["en"]
    assert "en español" in str(await phone.texts("español"))
    assert await languages(database, await tell(database, DURHAM)) == ["es"]


async def test_whoever_said_stop_hears_so_when_they_ask(phone: Phone) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("STOP")

    assert "you said stop" in str(await phone.texts("MY COUNTIES"))
    assert "you said stop" in str(await phone.texts("ANYTIME"))


async def test_the_ledger_keeps_the_words_and_the_very_wording_that_was_shown(
    phone: Phone, database: Database, hotline: Hotline
) -> None:
    await phone.texts("JUNTAR Durham")
    await phone.texts("de dia")
    await phone.texts("salir de durham")
    joined, hours, left = await phone.ledger()

    shown = hotline.texts.by_language["es"]["subscribe.joined"]
    assert (joined.kind, joined.county, joined.topic, joined.any_hour, joined.source) == (
        "opt_in",
        DURHAM,
        "alerts",
        True,
        "sms",
    )
    assert joined.version == version_of("subscribe.joined", "es", shown)
    assert (hours.kind, hours.any_hour) == ("hours", False)
    assert (left.kind, left.county) == ("leave", DURHAM)
    async with database.transaction() as work:
        assert joined.words_sealed is not None
        assert work.unseal(joined.words_sealed, "consent_event", "words", joined.id) == "JUNTAR Durham"
        kept = await work.get(ConsentWording, consent_wording.c.version == joined.version)
    assert kept is not None and kept.text == shown and kept.language == "es"
