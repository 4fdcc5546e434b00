"""A dispatcher puts a reading right on the page: it takes effect, answers follow, and an example is kept until it is forgotten."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.privacy.holdings import erase_number, holdings_of
from app.records.contacts import contact
from app.records.corrections import KEPT_FOR, correction, forget_old_examples, read_examples
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.events import event, verify_chain
from app.records.incidents import Incident, Report, incident, report
from app.records.verification import task
from tests.console.conftest import KEN, ROSA, Browser, Desk

WALMART = "ICE agents with vests outside the Walmart on Roxboro in Durham"


class Page:
    """A dispatcher at the page of the incident of one report."""

    def __init__(self, desk: Desk, client: Browser, told: Report, about: Incident) -> None:
        self.desk, self.client, self.told, self.about = desk, client, told, about

    async def corrects(self, field: str, status: int = 303, **given: str) -> str:
        answer = await self.client.post(f"/console/incidents/{self.about.code}/reports/{self.told.id}/{field}", data=given)
        assert answer.status_code == status, answer.text
        return answer.headers.get("location", answer.text)

    async def now(self) -> tuple[Report, Incident]:
        async with self.desk.database.transaction() as work:
            told = await work.get(Report, report.c.id == self.told.id)
            assert told is not None
            about = await work.get(Incident, incident.c.id == told.incident_id)
            assert about is not None
            return told, about

    async def told_texts(self, to: UUID | None = None) -> list[str]:
        async with self.desk.database.transaction() as work:
            rows = await work.all(
                select(outgoing_text)
                .join(outgoing_message, outgoing_message.c.id == outgoing_text.c.message_id)
                .join(delivery, delivery.c.message_id == outgoing_message.c.id)
                .where(delivery.c.language == outgoing_text.c.language, delivery.c.contact_id == (to or self.told.contact_id))
            )
            return [work.unseal(row.body_sealed, "outgoing_text", "body", row.id) for row in rows]


async def page(desk: Desk, words: str = WALMART, sender: str = ROSA) -> Page:
    await desk.texts(sender, words)
    async with desk.database.transaction() as work:
        [told] = await work.find(Report, select(report).order_by(report.c.received_at.desc(), report.c.id.desc()).limit(1))
        about = await work.get(Incident, incident.c.id == told.incident_id)
    assert about is not None
    return Page(desk, await desk.browser("Ana"), told, about)


async def scalar(desk: Desk, statement: Any) -> Any:
    async with desk.database.transaction() as work:
        return await work.scalar(statement)


async def test_a_report_that_is_none_counts_no_more_and_its_incident_leaves_the_board(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="abuse")
    told, about = await rosa.now()
    assert (told.state, told.kind, about.state, about.reports) == ("dismissed", "abuse", "dismissed", 0)
    assert await scalar(desk, select(task.c.state)) == "done"
    await rosa.corrects("kind", kind="report")
    told, about = await rosa.now()
    assert (told.state, about.state, about.reports) == ("joined", "open", 1)
    assert await scalar(desk, select(task.c.state)) == "waiting"


async def test_a_corrected_kind_is_the_incidents_and_its_sender_hears_what_fits(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="detention")
    _, about = await rosa.now()
    assert about.kind == "detention"
    assert any("we are sorry" in text for text in await rosa.told_texts())


async def test_who_asked_for_their_rights_gets_them(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="rights")
    assert any("rights" in text for text in await rosa.told_texts())


async def test_a_corrected_language_is_the_one_its_sender_is_answered_in(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("language", language="es")
    assert await scalar(desk, select(contact.c.language).where(contact.c.id == rosa.told.contact_id)) == "es"
    await rosa.corrects("language", 422, language="xx")


async def test_a_lone_report_from_elsewhere_takes_its_incident_along_and_its_sender_hears_it(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("place", place="Walmart en Siler City")
    told, about = await rosa.now()
    assert (about.id, told.county, about.county) == (rosa.about.id, "37037", "37037")
    assert await scalar(desk, select(task.c.county)) == "37037"
    assert any("Chatham County" in text for text in await rosa.told_texts())


async def test_a_report_that_was_taken_for_the_same_event_goes_where_it_belongs(desk: Desk) -> None:
    first = await page(desk)
    ken = await page(desk, WALMART, KEN)
    assert ken.about.id == first.about.id
    await ken.corrects("place", county="37183")
    told, about = await ken.now()
    assert about.id != first.about.id
    assert (told.county, about.county, about.reports) == ("37183", "37183", 1)
    _, left = await first.now()
    assert left.reports == 1


async def test_a_report_moved_to_where_others_saw_the_same_joins_them(desk: Desk) -> None:
    rosa = await page(desk, "ICE agents with vests outside the Walmart in Siler City")
    ken = await page(desk, "ICE agents with vests outside the Walmart in Durham", KEN)
    location = await ken.corrects("place", place="Walmart, Siler City")
    _, about = await ken.now()
    assert about.id == rosa.about.id
    assert about.reports == 2
    assert location.endswith(about.code)


async def test_coordinates_and_unknown_places_are_understood_or_explained(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("place", place="35.7796, -78.6382")
    told, _ = await rosa.now()
    assert told.county == "37183"
    assert "did not find that place" in await rosa.corrects("place", 422, place="xyzzy")
    assert "another county" in await rosa.corrects("place", 422, place="Durham", county="37183")
    await rosa.corrects("place", 422)


async def test_a_correction_has_an_author_in_the_chain_and_no_words(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="detention")
    async with desk.database.transaction() as work:
        [line] = await work.all(select(event).where(event.c.verb == "report.corrected"))
        assert line.actor_id == desk.people["Ana"].id
        assert line.facts == {"field": "kind", "before": "report", "after": "detention"}
        assert (await verify_chain(work)).broken_at is None


async def test_the_newest_reading_is_kept_sealed_as_an_example_until_its_time_is_over(desk: Desk, clock: ManualClock) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="detention")
    await rosa.corrects("language", language="es")
    async with desk.database.transaction() as work:
        [example] = await read_examples(work)
        raw = await work.scalar(select(correction.c.example_sealed))
        assert (example["kind"], example["language"], example["text"]) == ("detention", "es", WALMART)
        assert b"Walmart" not in raw
        assert json.dumps(example)
    clock.advance(KEPT_FOR)
    async with desk.database.transaction() as work:
        await forget_old_examples(work)
        assert await read_examples(work) == []


async def test_who_is_erased_leaves_no_example(desk: Desk) -> None:
    rosa = await page(desk)
    await rosa.corrects("kind", kind="detention")
    async with desk.database.transaction() as work:
        assert (await holdings_of(work, ROSA))["reports kept as examples of how to read, sealed"] == 1
        await erase_number(work, ROSA)
        assert await work.scalar(select(func.count()).select_from(correction)) == 0


async def test_the_forms_are_on_the_page_of_a_dispatcher_alone(desk: Desk) -> None:
    rosa = await page(desk)
    path = f"/console/incidents/{rosa.about.code}"
    assert "Correct the reading" in (await rosa.client.get(path)).text
    olga = await desk.browser("Olga")
    assert "Correct the reading" not in (await olga.get(path)).text
    assert timedelta(0) < KEPT_FOR <= timedelta(days=366)
