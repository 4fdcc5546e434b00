"""A call arrives: kept once, answered step by step, and what was told is in the queue when the caller is gone."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.intake.calls import LOST_AFTER
from app.intake.recordings import FETCH_RECORDING
from app.pipeline import Hotline, receive_text
from app.pipeline_calls import end_lost_calls, hear_of_call
from app.records.contacts import Contact, contact, conversation
from app.records.inbound import InboundCall, Recording, recording
from app.records.incidents import Incident, Report, incident, report
from app.records.verification import Task, task
from app.subscribers.tables import ConsentEvent, consent_event
from app.telephony.forms import CallForm, TextForm, read_form
from tests.intake.callers import LINE, ROSA, SIDS, Phone, count, only_report, rows, sound


@pytest.fixture
def rosa(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


async def test_a_call_becomes_the_same_report_as_a_text(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("2", "1", "Durham", "1", "1")
    await rosa.ends()

    told, words, about = await only_report(database)
    assert (told.channel, told.language, told.county, told.urgent) == ("voice", "es", "37063", True)
    assert words == "Durham\nSe están llevando a personas"
    assert (about.county, about.reports) == ("37063", 1)


async def test_a_caller_and_a_texter_who_see_the_same_are_one_incident(
    rosa: Phone, database: Database, hotline: Hotline
) -> None:
    text = "ICE agents outside the Food Lion on Roxboro in Durham, two white vans"
    async with database.transaction() as work:
        await receive_text(
            work, hotline, read_form(TextForm, {"MessageSid": "SM00000001", "From": "+19195550124", "To": LINE, "Body": text})
        )
    await rosa.calls()
    await rosa.does("1", text, "1")

    async with database.transaction() as work:
        [about] = await work.find(Incident, select(incident))
    assert about.reports == 2


async def test_each_step_may_come_many_times_at_once_and_is_heard_once(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    for act in (
        {"Digits": "1"},
        {"Digits": "1"},
        {"SpeechResult": "Durham"},
        {"Digits": "1"},
        {"SpeechResult": "two agents at a door"},
    ):
        step, turn = rosa.asked()
        copies = [rosa.request(step, turn, **act) for _ in range(8)]
        answers = await asyncio.gather(*copies)
        assert len(set(answers)) == 1
        rosa.heard = answers[0]
    await asyncio.gather(*(rosa.ends() for _ in range(5)))

    _, words, about = await only_report(database)
    assert words == "Durham\ntwo agents at a door"
    assert (about.reports, await count(database, InboundCall)) == (1, 1)


async def test_the_first_request_of_a_call_may_come_many_times_at_once(rosa: Phone, database: Database) -> None:
    rosa.sid = f"CA{next(SIDS):032d}"
    answers = await asyncio.gather(*(rosa.request(None, 0) for _ in range(20)))

    assert len(set(answers)) == 1
    assert (await count(database, InboundCall), await count(database, Contact)) == (1, 1)


async def test_a_late_copy_of_an_earlier_step_changes_nothing(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("1", "1")
    earlier = rosa.asked()
    await rosa.does("Durham")

    assert await rosa.request(*earlier, SpeechResult="Raleigh") == rosa.heard
    await rosa.does("1", "1")
    assert (await only_report(database))[0].county == "37063"


@pytest.mark.parametrize(
    ("acts", "words", "county"),
    [
        (("1", "1", "Durham"), "Durham", "37063"),
        (("1", "1", "Durham", "1"), "Durham", "37063"),
        (("1", "1", "behind the church"), "behind the church", None),
        (("1", "1", "Henderson"), "Henderson", None),
        (("1", "ICE agents outside the Food Lion"), "ICE agents outside the Food Lion", None),
        (("1", "1", "Durham", "2"), "", None),
    ],
)
async def test_who_hangs_up_half_way_loses_nothing(
    rosa: Phone, database: Database, acts: tuple[str, ...], words: str, county: str | None
) -> None:
    await rosa.calls()
    await rosa.does(*acts)
    await rosa.ends()
    await rosa.ends()

    if not words:
        assert await count(database, Report) == 0
        return
    told, kept, _ = await only_report(database)
    assert (kept, told.county, told.state) == (words, county, "joined")


async def test_words_that_arrive_after_the_end_of_the_call_are_added(rosa: Phone, database: Database) -> None:
    """Hanging up while speaking: Twilio's two requests cross."""
    await rosa.calls()
    await rosa.does("1", "1", "Durham", "1")
    await rosa.ends()
    await rosa.does("they are taking people away")

    told, words, about = await only_report(database)
    assert words == "Durham\nthey are taking people away"
    assert (told.county, about.reports, about.urgent) == ("37063", 1, told.urgent)


async def test_who_says_nothing_leaves_no_report(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("…")
    await rosa.ends()

    assert await count(database, Report) == 0
    assert (await rows(database, InboundCall))[0].status == "completed"


@pytest.mark.parametrize("order", ["step first", "callback first", "together", "step alone", "callback alone"])
async def test_a_message_is_one_report_in_the_queue_whatever_tells_of_it(rosa: Phone, database: Database, order: str) -> None:
    sid = f"RE{next(SIDS):032d}"
    await rosa.calls()
    await rosa.does("1", "3")

    async def by_step() -> None:
        await rosa.leaves_message(recording_sid=sid)

    async def by_callback() -> None:
        async with database.transaction() as work:  # Twilio's recording callback has neither From nor To
            news = {"CallSid": rosa.sid, "RecordingStatus": "completed", **sound(sid)}
            await hear_of_call(work, rosa.hotline, read_form(CallForm, news))

    steps = {
        "step first": (by_step, by_callback, by_callback),
        "callback first": (by_callback, by_step, by_callback),
        "step alone": (by_step,),
        "callback alone": (by_callback,),
    }
    if order == "together":
        await asyncio.gather(by_step(), by_callback(), by_callback())
    else:
        for step in steps[order]:
            await step()
    await rosa.ends()

    told, words, about = await only_report(database)
    async with database.transaction() as work:
        [kept] = await work.find(Recording, select(recording))
        [open_task] = await work.find(Task, select(task))
        jobs = await work.connection.exec_driver_sql("SELECT task_name, args FROM procrastinate_jobs")
        assert [tuple(job) for job in jobs] == [(FETCH_RECORDING, {"recording_id": str(kept.id)})]
    assert (kept.report_id, kept.seconds, words) == (told.id, 7, "")
    assert (told.kind, told.county, told.urgent, told.state) == ("report", None, False, "joined")
    assert open_task.incident_id == about.id
    assert await count(database, Contact) == 1


async def test_a_message_after_a_place_was_said_keeps_the_place(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("1", "1", "Henderson", "1", "…", "…")
    await rosa.ends()

    told, _, _ = await only_report(database)
    assert told.county == "37181"


async def test_a_callback_about_a_message_that_was_not_kept_makes_no_report(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("1", "3")
    await rosa.news(RecordingStatus="absent", **sound(f"RE{next(SIDS):032d}"))

    assert (await count(database, Recording), await count(database, Report)) == (0, 0)


@pytest.mark.parametrize("number", ["anonymous", "+266696687", "Restricted", "+86282452253"])
async def test_callers_who_hide_their_number_are_two_people_and_are_promised_no_text(
    database: Database, hotline: Hotline, number: str
) -> None:
    for _ in range(2):
        hidden = await Phone(database, hotline, number).calls()
        await hidden.does("1", "1", "Durham", "1", "3")
        assert "text" not in re.sub("<[^>]*>", "", hidden.heard)

    async with database.transaction() as work:
        people = await work.find(Contact, select(contact))
        told = await work.find(Report, select(report))
    assert {person.number_sealed for person in people} == {None}
    assert len({one.contact_id for one in told}) == 2


async def test_who_said_stop_is_heard_and_promised_nothing(rosa: Phone, database: Database, hotline: Hotline) -> None:
    await rosa.calls()
    await rosa.does("1", "stop texting me")
    again = await Phone(database, hotline).calls()
    await again.does("1", "1", "Durham", "1", "3")

    assert "text" not in re.sub("<[^>]*>", "", again.heard)
    async with database.transaction() as work:
        [person] = await work.find(Contact, select(contact))
        [proof] = await work.find(ConsentEvent, select(consent_event))
    assert person.stopped_at is not None
    assert (proof.kind, proof.source) == ("opt_out", "voice")
    assert await count(database, Report) == 1


async def test_a_text_within_a_minute_after_a_call_belongs_to_its_report(
    rosa: Phone, database: Database, hotline: Hotline
) -> None:
    await rosa.calls()
    await rosa.does("1", "1", "Durham", "1", "3")
    async with database.transaction() as work:
        form = {"MessageSid": "SM00000002", "From": ROSA, "To": LINE, "Body": "there are three agents with vests"}
        await receive_text(work, hotline, read_form(TextForm, form))

    _, words, _ = await only_report(database)
    assert words.endswith("three agents with vests")
    async with database.transaction() as work:
        assert await work.scalar(select(conversation.c.home_counties)) == ["37063"]


async def test_the_language_of_a_call_is_that_of_the_texts_that_follow(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("2")

    [person] = await rows(database, Contact)
    assert (person.language, person.language_chosen) == ("es", False)


async def test_a_call_of_whose_end_nobody_told_us_is_reported_all_the_same(
    rosa: Phone, database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await rosa.calls()
    await rosa.does("1", "1", "Durham")
    clock.advance(LOST_AFTER - timedelta(seconds=1))
    async with database.transaction() as work:
        assert await end_lost_calls(work, hotline) == 0
    clock.advance(timedelta(seconds=1))
    for lost in (1, 0):
        async with database.transaction() as work:
            assert await end_lost_calls(work, hotline) == lost

    assert (await only_report(database))[0].county == "37063"


async def test_words_and_numbers_of_a_call_stand_nowhere_in_the_clear(rosa: Phone, database: Database) -> None:
    await rosa.calls()
    await rosa.does("1", "1", "behind the old church in Durham", "1", "the green house")

    async with database.transaction() as work:
        for name in ("inbound_call", "report", "contact", "incident", "event"):
            everything = await work.connection.exec_driver_sql(f"SELECT string_agg(t::text, ' ') FROM {name} t")  # noqa: S608  # fixed names
            found = str(everything.scalar())
            for clear in ("church", "green house", "9195550123"):
                assert clear not in found
                assert clear.encode().hex() not in found
