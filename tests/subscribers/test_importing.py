"""Lists of people who agreed elsewhere: who comes in, who is asked first, who never comes back by a list."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput
from app.pipeline import Hotline
from app.pipeline_import import Home, import_list
from app.pipeline_subscribers import forget_sign_ups
from app.records.contacts import contact
from app.records.deliveries import delivery, outgoing_message
from app.subscribers.import_rows import COLUMNS, read_lines
from app.subscribers.importing import Outcome, Weighed
from app.subscribers.tables import consent_event, sign_up, subscription
from app.telephony.segments import size_of
from tests.subscribers.phones import DURHAM, Phone

HEAD = ",".join(COLUMNS)
WORDING = "I want text messages from Vigia about my county"
PHONE = "+19195550123"
COUNTIES = {"durham": DURHAM, DURHAM: DURHAM}


def line(phone: str = PHONE, county: str = "Durham", source: str = "paper_form", **cells: str) -> str:
    row = {"language": "es", "topics": "alerts", "consent_wording": WORDING, "consent_date": "2026-02-01"} | cells
    return ",".join([phone, county, row["language"], row["topics"], row["consent_wording"], row["consent_date"], source])


async def bring(database: Database, hotline: Hotline, *lines: str, dry: bool = False) -> list[Weighed]:
    told: list[Weighed] = []
    home = Home(hotline.texts, hotline.counties, hotline.time_zone)
    await import_list(database, home, [f"{one}\n" for one in (HEAD, *lines)], dry=dry, tell=told.append)
    return told


async def count(database: Database, table: object) -> int:
    async with database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(table)))  # type: ignore[arg-type]  # a table


async def texts(database: Database) -> int:
    async with database.transaction() as work:
        planned = (
            select(func.count()).select_from(delivery).join(outgoing_message).where(outgoing_message.c.purpose == "import")
        )
        return int(await work.scalar(planned))


async def test_who_wrote_it_themselves_is_subscribed_told_once_and_proven(database: Database, hotline: Hotline) -> None:
    (one,) = await bring(database, hotline, line(topics="alerts; events"))
    phone = Phone(database, hotline, PHONE)

    assert one.outcome is Outcome.SUBSCRIBED
    assert await texts(database) == 1
    ledger = await phone.ledger()
    assert [(each.kind, each.topic, each.source, each.any_hour) for each in ledger] == [
        ("opt_in", "alerts", "import", False),
        ("opt_in", "events", "import", False),
    ]
    assert ledger[0].wording == "import.paper_form" and ledger[0].version
    assert "condado de Durham" in str(await phone.texts("MIS CONDADOS"))


@pytest.mark.parametrize(
    "weak",
    [
        {"source": "spoken"}, {"source": "partner"}, {"source": "other"}, {"consent_date": "2025-02-28"},
        {"consent_wording": "I want to hear from Vigia about things"}, {"consent_wording": "I want text messages from somebody else"},
    ],
)  # fmt: skip
async def test_where_the_proof_is_weak_only_yes_begins_it(database: Database, hotline: Hotline, weak: dict[str, str]) -> None:
    (one,) = await bring(database, hotline, line(topics="events", **weak))
    phone = Phone(database, hotline, PHONE)

    assert one.outcome is Outcome.ASKED
    assert (await texts(database), await count(database, subscription), await phone.ledger()) == (1, 0, [])
    await phone.texts("SI")
    assert [(each.kind, each.topic) for each in await phone.ledger()][:1] == [("opt_in", "events")]
    assert await count(database, sign_up) == 0


async def test_who_does_not_answer_in_a_week_is_forgotten(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await bring(database, hotline, line(source="spoken"))
    clock.advance(timedelta(days=6))
    async with database.transaction() as work:
        assert await forget_sign_ups(work) == 0
    clock.advance(timedelta(days=1))
    async with database.transaction() as work:
        assert await forget_sign_ups(work) == 1
        assert await work.scalar(select(contact.c.number_sealed)) is None


@pytest.mark.parametrize(
    "before", [("JOIN Durham", "STOP"), ("STOP",), ("JOIN Durham", "STOP", "START", "LEAVE Durham"), ("DELETE MY DATA",)]
)
@pytest.mark.parametrize("source", ["paper_form", "spoken"])
async def test_who_ever_said_stop_never_comes_back_by_a_list(
    database: Database, hotline: Hotline, before: tuple[str, ...], source: str
) -> None:
    phone = Phone(database, hotline, PHONE)
    for words in before:
        await phone.texts(words)
    (one,) = await bring(database, hotline, line(source=source))

    assert one.outcome is Outcome.STOPPED
    assert await texts(database) == 0
    async with database.transaction() as work:
        active = select(func.count()).select_from(subscription).where(subscription.c.ended_at.is_(None))
        assert int(await work.scalar(active)) == 0


async def test_who_left_a_county_does_not_come_back_to_it_by_a_list(database: Database, hotline: Hotline) -> None:
    phone = Phone(database, hotline, PHONE)
    for words in ("JOIN Durham", "JOIN Wake County", "LEAVE Durham"):
        await phone.texts(words)
    left, new, held = await bring(database, hotline, line(), line(county="Orange"), line(county="Wake"))
    assert [left.outcome, new.outcome, held.outcome] == [Outcome.LEFT, Outcome.SUBSCRIBED, Outcome.ALREADY]


async def test_a_phone_that_stands_there_twice_is_told_once(database: Database, hotline: Hotline) -> None:
    told = await bring(database, hotline, line(), line("(919) 555-0123"), line(county="Orange"))
    assert [one.outcome for one in told] == [Outcome.SUBSCRIBED, Outcome.TWICE, Outcome.SUBSCRIBED]
    assert await texts(database) == 1


async def test_five_counties_are_the_most(database: Database, hotline: Hotline) -> None:
    names = ("Durham", "Wake", "Orange", "Chatham", "Person", "Granville")
    told = await bring(database, hotline, *(line(county=name) for name in names))
    assert [one.outcome for one in told] == [Outcome.SUBSCRIBED] * 5 + [Outcome.FULL]


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(database: Database, hotline: Hotline) -> None:
    lines = (line(), line("+19195550124", source="spoken"), line("12"), line())
    dry = await bring(database, hotline, *lines, dry=True)

    assert [await count(database, table) for table in (contact, subscription, sign_up, consent_event, delivery)] == [0] * 5
    assert [one.outcome for one in dry] == [Outcome.SUBSCRIBED, Outcome.ASKED, Outcome.WRONG, Outcome.TWICE]
    assert [one.outcome for one in await bring(database, hotline, *lines)] == [one.outcome for one in dry]


async def test_the_same_list_again_changes_nothing(database: Database, hotline: Hotline) -> None:
    await bring(database, hotline, line(), line("+19195550124", source="spoken"))
    again = await bring(database, hotline, line(), line("+19195550124", source="spoken"))
    assert [one.outcome for one in again] == [Outcome.ALREADY, Outcome.TWICE]
    assert await texts(database) == 2


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (line("12"), "phone: no number that can be texted"),
        (line("+442079460123"), "phone: no number"),
        (line(county="Nowhere"), "county: "),
        (line(language="spanish"), "language: "),
        (line(topics="alerts;gossip"), "topics: "),
        (line(consent_wording="yes"), "consent_wording: "),
        (line(consent_date="yesterday"), "consent_date: "),
        (line(consent_date="2026-03-03"), "consent_date: in the future"),
        (line(source="bought"), "source: "),
        (line() + ",more", "more or fewer cells"),
        (PHONE, "more or fewer cells"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_number_and_without_the_phones(bad: str, said: str) -> None:
    good, wrong = read_lines([f"{one}\n" for one in (HEAD, line(), bad)], COUNTIES, date(2026, 3, 2))
    assert good.row is not None and (wrong.row, wrong.number) == (None, 3)
    assert said in wrong.wrong and "555" not in wrong.wrong


def test_a_file_without_the_columns_is_refused() -> None:
    for head in ("", "phone,county", f"{HEAD},name"):
        with pytest.raises(BadInput):
            list(read_lines([f"{head}\n"], COUNTIES, date(2026, 3, 2)))


@given(st.lists(st.text(max_size=80), max_size=8))
def test_whatever_stands_in_a_file_is_read_without_an_error(lines: list[str]) -> None:
    for one in read_lines([f"\ufeff{HEAD}\r\n", *(f"{words}\n" for words in lines)], COUNTIES, date(2026, 3, 2)):
        assert one.row is not None or one.wrong


def test_a_long_list_is_never_held() -> None:
    def lines() -> Iterator[str]:
        yield f"{HEAD}\n"
        for number in range(20_000):
            yield line(f"+1919555{number % 10_000:04}") + "\n"

    tracemalloc.start()
    outcomes = Counter(one.row is not None for one in read_lines(lines(), COUNTIES, date(2026, 3, 2)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcomes == {True: 20_000}
    assert most < 2_000_000


@given(history=st.lists(st.sampled_from(["JOIN Durham", "STOP", "START", "LEAVE Durham", "PAUSE", "hello"]), max_size=5))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_they_said_before_a_stop_outlives_every_list(
    database: Database, hotline: Hotline, history: list[str]
) -> None:
    async with database.transaction() as work:
        fresh = int(await work.scalar(select(func.count()).select_from(contact)))
    phone = Phone(database, hotline, f"+1919555{200 + fresh:04}")
    for words in history:
        await phone.texts(words)
    before = await phone.texts("MY COUNTIES")
    (one,) = await bring(database, hotline, line(phone.number, language="en"))
    if "STOP" in history:
        assert one.outcome in {Outcome.STOPPED, Outcome.ALREADY}
        assert await phone.texts("MY COUNTIES") == before


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("key", ["import.joined", "import.question"])
def test_the_one_text_fits_one_segment(hotline: Hotline, key: str, language: str) -> None:
    blanks = {"county": hotline.counties.by_fips(DURHAM).label(language)} if key.endswith("question") else {}
    assert size_of(hotline.texts.say(key, language, **blanks)).segments == 1
