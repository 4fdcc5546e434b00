"""A subscriber may say their ZIP code so as to hear first of what is near; it is kept as a keyed hash, and goes with the alerts."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.database import Database
from app.pipeline import Hotline
from app.privacy.holdings import holdings_of
from app.records.incidents import report
from app.subscribers.consent import revoke_all
from app.subscribers.nearness import only_zip, read_zip_order, zip_hash_of
from app.subscribers.tables import Topic, subscription
from tests.subscribers.phones import DURHAM, Phone


@pytest.fixture
def phone(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


async def kept(database: Database) -> dict[str, str | None]:
    """The ZIP code that is kept beside each county, out of a few."""
    async with database.transaction() as work:
        known = {zip_hash_of(work.keys, code): code for code in ("27701", "27601", "28202")}
        rows = await work.all(select(subscription.c.county, subscription.c.topic, subscription.c.zip_hash))
        assert all(row.zip_hash is None for row in rows if row.topic != Topic.ALERTS)
        return {row.county: known[bytes(row.zip_hash)] if row.zip_hash else None for row in rows if row.topic == Topic.ALERTS}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ZIP 27701", "27701"), ("zip: 27701", "27701"), ("my zip is 27701", "27701"), ("Zip code 27701.", "27701"),
        ("mi código postal es 27701", "27701"), ("CODIGO POSTAL 27701", "27701"), ("ZIP 27701-1234", "27701"),
        ("ZIP OFF", ""), ("zip no", ""), ("sin zip", ""), ("no zip code", ""), ("codigo postal no", ""),
        ("ZIP", "zip"), ("zip Durham", "durham"),
        ("27701", None), ("ICE at the zip line park 27701", None), ("la migra esta en 27701", None), ("zip 27701 la migra", None),
    ],
)  # fmt: skip
def test_what_gives_a_zip_code_and_what_takes_it_back(words: str, code: str | None) -> None:
    assert read_zip_order(words) == code


def test_the_only_zip_code_of_a_text() -> None:
    assert only_zip("JOIN 27701 please") == "27701"
    assert only_zip("27701 or 27601") is None
    assert only_zip("call 9195550110") is None


@pytest.mark.parametrize(
    ("join", "where", "told"), [("JOIN", "27701", "ZIP OFF"), ("JUNTAR", "27701", "ZIP NO"), ("JOIN 27701", None, "ZIP OFF")]
)
async def test_who_names_the_county_by_a_zip_code_hears_first_of_what_is_near_and_is_told(
    phone: Phone, database: Database, join: str, where: str | None, told: str
) -> None:
    """No message more than signing up takes anyhow."""
    reply = await phone.texts(join)
    if where is not None:
        reply = await phone.texts(where)

    assert reply is not None and "27701" in reply and told in reply
    assert len(phone.said) <= 2
    assert await kept(database) == {DURHAM: "27701"}


async def test_a_zip_code_may_be_left_out_given_later_changed_and_taken_back(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    assert await kept(database) == {DURHAM: None}
    for words in ("ZIP 27701", "27701", "my zip code is 27701"):
        assert "27701" in str(await phone.texts(words))
        assert await kept(database) == {DURHAM: "27701"}
        assert "ZIP 27701" in str(await phone.texts("MY COUNTIES"))
        assert "forgot" in str(await phone.texts("ZIP OFF"))
        assert await kept(database) == {DURHAM: None}
    assert "five digits" in str(await phone.texts("ZIP 99999"))
    assert await kept(database) == {DURHAM: None}


async def test_the_zip_code_of_another_county_subscribes_to_nothing_and_says_how_to(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    reply = str(await phone.texts("ZIP 28202"))

    assert "Mecklenburg" in reply and "JOIN 28202" in reply
    assert await kept(database) == {DURHAM: "28202"}
    assert "no alerts" in str(await Phone(database, phone.hotline, "+19195550111").texts("my zip is 27701"))


async def test_another_county_and_other_topics(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN 27701")
    await phone.texts("JOIN EVENTS")
    await phone.texts("JOIN Wake")

    assert await kept(database) == {DURHAM: "27701", "37183": "27701"}


@pytest.mark.parametrize("end", ["STOP", "LEAVE DURHAM", "DELETE", "revoke"])
async def test_it_goes_when_the_alerts_end(phone: Phone, database: Database, end: str) -> None:
    await phone.texts("JOIN 27701")
    if end == "revoke":
        async with database.transaction() as work:
            await revoke_all(work, "a phone was lost")
    else:
        await phone.texts(end)
    async with database.transaction() as work:
        held = await holdings_of(work, phone.number)

    assert set((await kept(database)).values()) <= {None}
    assert held["ZIP code for what is near, as a keyed hash"] == 0
    await phone.texts("START" if end == "STOP" else "JOIN Durham")
    assert await kept(database) == {DURHAM: None}


async def test_postgresql_keeps_no_zip_code_of_what_ended(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN 27701")
    with pytest.raises(IntegrityError):
        async with database.transaction() as work:
            await work.execute(subscription.update().values(ended_at=work.now))


async def test_a_zip_code_after_words_that_tell_of_something_is_a_place(phone: Phone, database: Database) -> None:
    await phone.texts("JOIN Durham")
    await phone.texts("la migra esta aqui ahorita, dos camionetas")
    await phone.texts("27701")
    async with database.transaction() as work:
        [told] = await work.all(select(report.c.county))

    assert told.county == DURHAM
    assert await kept(database) == {DURHAM: None}
