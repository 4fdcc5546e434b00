"""Rights one a week: each person from the first, each text once, only what may be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.broadcasts import audience
from app.broadcasts.wording import rights_renderings
from app.core.errors import Conflict
from app.records.contacts import contact
from app.rights import review
from app.rights.review import approve_text, digest_of, withdraw_text
from app.telephony.segments import size_of
from tests.broadcasts.office import MEETING, SERIES, Office
from tests.subscribers.phones import DURHAM, WAKE

WEEK = timedelta(days=7)
JOIN = "JOIN RIGHTS Durham"


async def week(office: Office) -> None:
    office.clock.advance(WEEK)
    assert await office.tick() == 1


async def test_each_gets_one_a_week_from_the_first_on_whenever_they_joined(office: Office) -> None:
    (early,) = await office.phones(1, JOIN)
    await office.send(SERIES)
    await week(office)
    (late,) = await office.phones(1, JOIN)
    for _ in range(3):
        await week(office)

    titles = ("At your door", "In a car", "On the street")
    for phone in (early, late):
        texts = await office.texts_to(phone)
        assert [next(t for t in titles if t in text) for text in texts] == list(titles)
        assert all(text.startswith("Vigia, your rights: ") and text.endswith("STOP ends all.") for text in texts)


async def test_who_was_skipped_gets_that_text_another_week(office: Office) -> None:
    (phone,) = await office.phones(1, JOIN, "JOIN EVENTS Durham")
    await office.send(SERIES)
    assert len(await office.texts_to(phone)) == 1
    office.clock.advance(timedelta(days=5))
    for _ in range(audience.MOST_A_WEEK - 1):
        await office.send(MEETING)
    office.clock.advance(timedelta(days=2))
    await office.send(MEETING)
    await office.tick()  # the week has had its worth
    assert "In a car" not in str(await office.texts_to(phone))

    await week(office)
    assert "In a car" in (await office.texts_to(phone))[-1]
    assert "At your door" not in str((await office.texts_to(phone))[1:])


async def test_a_pause_costs_nobody_a_text(office: Office) -> None:
    (phone,) = await office.phones(1, JOIN)
    await office.send(SERIES)
    await phone.texts("PAUSE")
    await week(office)
    await phone.texts("START")
    await week(office)
    assert len(await office.texts_to(phone)) == 2 and "In a car" in (await office.texts_to(phone))[-1]


async def test_a_draft_language_is_sent_only_when_two_approved_it_and_the_others_in_english_until_then(office: Office) -> None:
    (phone,) = await office.phones(1, JOIN)
    async with office.database.transaction() as work:
        await work.execute(contact.update().values(language="pt"))
        door = office.hotline.rights.topics["door"].wordings["pt"]
        for who in ("Olga", "Tomas"):
            expires = work.now.date() + timedelta(days=90)
            await approve_text(work, office.hotline.rights, "door", "pt", digest_of(door), expires, office.people[who].id)
    await office.send(SERIES)
    await week(office)

    first, second = await office.texts_to(phone)
    assert "Na sua porta" in first and "In a car" in second


async def test_a_text_whose_approval_ran_out_waits_and_the_next_goes_in_its_place(office: Office) -> None:
    (phone,) = await office.phones(1, JOIN)
    async with office.database.transaction() as work:
        for language in ("en", "es"):
            waiting = digest_of(office.hotline.rights.topics["door"].wordings[language])
            for who in ("Olga", "Tomas"):
                expires = work.now.date() + review.LONGEST_APPROVAL
                await approve_text(work, office.hotline.rights, "door", language, waiting, expires, office.people[who].id)
            await withdraw_text(work, "door", language, office.people["Olga"].id)
    await office.send(SERIES)
    assert "In a car" in (await office.texts_to(phone))[0]


async def test_two_series_to_the_same_people_are_refused(office: Office) -> None:
    await office.send(SERIES)
    with pytest.raises(Conflict):
        await office.propose(await office.write(replace(SERIES, counties=[DURHAM, WAKE])))
    assert (await office.propose(await office.write(replace(SERIES, counties=[WAKE])))).state == "proposed"


@pytest.mark.parametrize("topic", ["general", "door", "hold", "jail", "family"])
async def test_a_rights_text_of_a_series_fits_three_segments(office: Office, topic: str) -> None:
    for text in rights_renderings(office.hotline.texts, office.hotline.rights, topic).values():
        assert (size_of(text).encoding, size_of(text).segments <= 3) == ("GSM-7", True)
