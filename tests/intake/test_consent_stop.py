"""Stop means now, is confirmed once, and is undone by nobody but the person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.database import Database
from app.pipeline import Hotline
from app.records.contacts import contact
from tests.subscribers.phones import DURHAM, Phone, fates, tell


@pytest.fixture
def phone(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


@pytest.mark.parametrize(
    "words",
    [
        "STOP",
        "ｓｔｏｐ",
        "ALTO",
        "Ya no me manden mensajes",
        "por favor quítenme de la lista",
        "unsubscribe me from all of this",
        "take me off your list",
        "darme de baja",
        "S T O P",
    ],
)
async def test_a_stop_in_any_words_takes_what_was_planned_with_it(phone: Phone, database: Database, words: str) -> None:
    await phone.texts("JOIN Durham")
    planned = await tell(database, DURHAM)
    await phone.texts(words)

    assert await fates(database, planned) == [("skipped", "stopped")]
    assert (await tell(database, DURHAM)).recipients == 0


async def test_a_stop_is_confirmed_once(phone: Phone) -> None:
    await phone.texts("JUNTAR Durham")

    assert "ya no le mandaremos" in str(await phone.texts("ya no quiero mensajes"))
    assert await phone.texts("ya no quiero mensajes!") is None
    assert await phone.texts("que ya no me manden nada") is None


async def test_where_twilio_confirms_we_do_not(phone: Phone) -> None:
    await phone.texts("JOIN Durham")

    assert await phone.texts("please end this", OptOutType="STOP") is None


async def test_whatsapp_has_no_confirmation_of_twilios_so_ours_goes(database: Database, hotline: Hotline) -> None:
    phone = Phone(database, hotline, "whatsapp:+19195550115")
    await phone.texts("JOIN Durham")

    assert "no more texts" in str(await phone.texts("STOP"))


async def test_a_word_of_the_accounts_own_may_start_again(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("STOP", OptOutType="STOP")
    reply = await phone.texts("YES", OptOutType="START")

    assert reply is None  # Twilio said it
    assert (await tell(database, DURHAM)).recipients == 1


@pytest.mark.parametrize(
    "report",
    [
        "la migra esta en el Food Lion de Durham ahorita",
        "ICE van outside the Walmart in Durham",
        "they took my cousin in Durham",
    ],
)
async def test_reporting_never_subscribes_again(phone: Phone, database: Database, report: str) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("STOP")

    assert await phone.texts(report) is None
    assert (await tell(database, DURHAM)).recipients == 0
    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.stopped_at)) is not None


@pytest.mark.parametrize(("words", "reply"), [("DELETE", "we erased"), ("BORRAR", "borramos")])
async def test_whoever_is_erased_gets_no_more_and_the_ledger_keeps_no_words(
    phone: Phone, database: Database, words: str, reply: str
) -> None:
    await phone.texts("JOIN Durham" if words == "DELETE" else "JUNTAR Durham")
    assert reply in str(await phone.texts(words))

    assert (await tell(database, DURHAM)).recipients == 0
    assert [(line.kind, line.words_sealed is None) for line in await phone.ledger()][-1] == ("erase", True)
