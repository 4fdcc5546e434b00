"""Who may send what alone, and what a second person signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.broadcasts import writing
from app.broadcasts.hosts import allow_host, forbid_host
from app.broadcasts.writing import digest_of, return_broadcast
from app.core.errors import BadInput, Conflict, NotAllowed
from app.records.broadcasts import Repeats
from app.records.states import IllegalTransition
from tests.broadcasts.office import MEETING, SERIES, WORDS, Office


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One person may speak to two."""
    monkeypatch.setattr(writing, "ALONE_UP_TO", 2)


async def test_a_small_one_goes_out_at_once_with_how_to_stop(office: Office) -> None:
    english, spanish = await office.phones(2)
    await spanish.texts("ESPAÑOL")
    code = await office.send()

    assert await office.fates(code) == {"pending": 2}
    assert await office.texts_to(english) == [f"Vigia: {WORDS['en']} LEAVE EVENTS ends these, STOP ends all."]
    (told,) = await office.texts_to(spanish)
    assert told.startswith("Vigia: Taller gratis") and told.endswith("SALIR DE EVENTOS termina estos, ALTO termina todo.")


@pytest.mark.usefixtures("few")
async def test_a_larger_one_waits_for_a_second_person(office: Office) -> None:
    await office.phones(3)
    code = await office.write()

    assert (await office.propose(code)).state == "proposed"
    assert await office.tick() == 0
    with pytest.raises(NotAllowed):
        await office.approve(code, "Olga")
    with pytest.raises(NotAllowed):
        await office.approve(code, "Ana")
    await office.approve(code)
    assert await office.fates(code) == {"pending": 3}
    with pytest.raises(Conflict):
        await office.approve(code)


@pytest.mark.usefixtures("few")
async def test_many_small_ones_are_a_large_one(office: Office) -> None:
    await office.phones(1)
    for _ in range(2):
        assert (await office.propose(await office.write())).state == "scheduled"

    third = await office.write()
    assert (await office.propose(third)).state == "proposed"
    office.clock.advance(timedelta(days=8))
    assert (await office.propose(await office.write())).state == "scheduled"


@pytest.mark.usefixtures("few")
async def test_one_whose_audience_grew_before_its_time_waits_for_a_second_person(office: Office) -> None:
    await office.phones(1)
    code = await office.write(replace(MEETING, first_on=date(2026, 3, 3)))
    assert (await office.propose(code)).state == "scheduled"
    await office.phones(4)
    office.clock.advance(timedelta(days=1))

    assert await office.tick() == 1
    assert (await office.get(code)).state == "proposed"
    assert await office.fates(code) == {}
    await office.approve(code)
    assert await office.fates(code) == {"pending": 5}


@pytest.mark.parametrize("draft", [replace(MEETING, repeats=Repeats.MONTHLY, first_on=date(2026, 3, 3)), SERIES])
async def test_what_repeats_always_needs_two(office: Office, draft: writing.Draft) -> None:
    assert (await office.propose(await office.write(draft))).state == "proposed"


@pytest.mark.usefixtures("few")
async def test_nobody_signs_words_that_changed_since_they_read_them(office: Office) -> None:
    await office.phones(3)
    code = await office.write()
    seen = digest_of(await office.propose(code))
    async with office.database.transaction() as work:
        await return_broadcast(work, code, office.people["Tomas"], "say where")
    await office.rewrite(code, replace(MEETING, texts=WORDS | {"en": "Come to the other library on Saturday."}))
    await office.propose(code)

    with pytest.raises(Conflict):
        await office.approve(code, seen=seen)
    await office.approve(code)


async def test_whoever_changes_it_is_its_author(office: Office) -> None:
    code = await office.write()
    await office.rewrite(code, replace(MEETING, title="Mine now"), "Tomas")
    with pytest.raises(NotAllowed):
        await office.propose(code, "Olga")
    with pytest.raises(NotAllowed):
        await office.write(by="Ada")


async def test_what_went_out_is_not_rewritten(office: Office) -> None:
    await office.phones(1)
    code = await office.send()
    with pytest.raises(Conflict):
        await office.rewrite(code, MEETING)
    with pytest.raises((Conflict, IllegalTransition)):
        await office.propose(code)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("The car is ABC1234.", "plate"),
        ("Call 919-555-0142 for a ride.", "number"),
        ("Hide in the back and avoid the road.", "evasion"),
        ("For all undocumented neighbors.", "status"),
        ("See https://evil.example/now", "link_not_listed"),
        ("See https://bit.ly/3abc", "short_link"),
        ("Come. " * 90, "too_long"),
        (" ", "missing"),
    ],
)
async def test_words_that_must_not_go_out_hold_the_draft(office: Office, words: str, problem: str) -> None:
    await office.phones(1)
    code = await office.write(replace(MEETING, texts=WORDS | {"en": words}))
    with pytest.raises(BadInput, match=f"en: {problem}"):
        await office.propose(code)
    assert (await office.get(code)).state == "draft"


async def test_a_language_that_is_missing_is_left_out_only_by_an_explicit_choice(office: Office) -> None:
    (reader,) = await office.phones(1)
    await reader.texts("ESPAÑOL")
    only_english = replace(MEETING, texts={"en": WORDS["en"]})
    code = await office.write(only_english)
    with pytest.raises(BadInput, match="es: missing"):
        await office.propose(code)

    await office.rewrite(code, replace(only_english, fallback="en", fallback_reason="no one to translate before Saturday"))
    await office.propose(code)
    assert (await office.texts_to(reader))[0].startswith("Vigia: Free training")


async def test_a_listed_host_lets_a_link_through_and_only_administrators_list(office: Office) -> None:
    await office.phones(1)
    draft = replace(MEETING, texts={lang: f"{words} https://example.org/ABC1234" for lang, words in WORDS.items()})
    code = await office.write(draft)
    async with office.database.transaction() as work:
        with pytest.raises(NotAllowed):
            await allow_host(work, "example.org", office.people["Olga"])
        await allow_host(work, "https://example.org/", office.people["Ada"])
    await office.propose(code)
    assert await office.fates(code) == {"pending": 1}

    again = await office.write(draft)
    async with office.database.transaction() as work:
        await forbid_host(work, "example.org", office.people["Ada"])
    with pytest.raises(BadInput, match="link_not_listed"):
        await office.propose(again)
