from __future__ import annotations

import re

from sqlalchemy import select

from app.delivery.switch import pause_line
from app.records.contacts import contact
from app.records.deliveries import Lane, LaneHalt
from app.records.events import event
from app.records.inbound import InboundCall, Recording
from app.records.incidents import report
from app.volunteers.tables import volunteer
from tests.console.conftest import KEN, LUZ_PHONE, ROSA, Desk

NEW = {"alias": "Nina", "roles": ["verifier"], "languages": ["es"], "trained": "true", "number": "(919) 555-0177"}


async def test_a_new_person_gets_an_invitation_that_is_shown_once(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    answer = await ada.post("/console/people", data=NEW)
    assert answer.status_code == 201
    link = re.search(r"http://localhost:8000(/console/login/[\w-]+)", answer.text)
    assert link is not None
    page = (await ada.get("/console/people")).text
    assert "Nina" in page
    assert "/console/login/" not in page
    assert "0177" not in page
    nina = await desk.stranger()
    assert (await nina.post(link[1])).status_code == 303
    assert (await nina.get("/console/offers")).status_code == 200


async def test_the_phone_of_a_volunteer_is_sealed_and_not_in_the_log_of_acts(desk: Desk) -> None:
    await (await desk.browser("Ada")).post("/console/people", data=NEW)
    async with desk.database.transaction() as work:
        row = await work.first(
            select(contact.c.id, contact.c.number_sealed)
            .join(volunteer, volunteer.c.contact_id == contact.c.id)
            .where(volunteer.c.alias == "Nina")
        )
        assert row is not None
        assert work.unseal(row.number_sealed, "contact", "number", row.id) == "+19195550177"
        assert "5550177" not in str([tuple(line) for line in await work.all(select(event))])


async def test_what_can_not_be_used_is_explained_and_the_number_is_not_echoed(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    for wrong, says in (
        ({"number": "5550177"}, "not a phone number"),
        ({"number": ""}, "A verifier needs a phone"),
        ({"alias": "luz"}, "Somebody has this alias"),
        ({"number": "919 555 0103"}, "has this phone already"),
        ({"counties": ["99999"]}, "Choose counties of the list"),
        ({"roles": []}, "does not fit"),
    ):
        answer = await ada.post("/console/people", data=NEW | wrong)
        assert answer.status_code in {409, 422}
        assert says in answer.text
        assert "0177" not in answer.text and "0103" not in answer.text


async def test_a_suspended_person_is_out_of_every_browser_at_once_and_needs_a_new_link(desk: Desk) -> None:
    ada, luz = await desk.browser("Ada"), await desk.browser("Luz")
    assert (await ada.post("/console/people/Luz/suspend")).status_code == 303
    assert (await luz.get("/console/offers")).status_code == 401
    assert (await ada.post("/console/people/Luz/link")).status_code == 409
    await ada.post("/console/people/Luz/restore")
    assert (await luz.get("/console/offers")).status_code == 401
    assert (await ada.post("/console/people/Luz/link")).status_code == 201


async def test_nobody_suspends_themselves(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    answer = await ada.post("/console/people/Ada/suspend")
    assert answer.status_code == 403
    assert "another administrator can" in answer.text


async def test_counts_of_subscribers_are_rounded_down_and_small_ones_stay_hidden(desk: Desk) -> None:
    for n in range(6):
        await desk.texts(f"+1919555013{n}", "JOIN Wake")
    await desk.texts("+19195550141", "JUNTAR Wake")
    page = re.sub(r"\s+", " ", (await (await desk.browser("Olga")).get("/console/subscribers")).text)
    row = re.search(r"<tr><th scope=\"row\">Wake</th>.*?</tr>", page)
    assert row is not None
    assert re.findall(r'class="num">([^<]*)<', row[0]) == ["5", "5", "", "", "", ""]


async def test_texts_that_are_no_reports_or_that_nobody_understood_are_in_the_inbox_without_a_number(desk: Desk) -> None:
    await desk.texts(KEN, "I want to volunteer with your group")
    await desk.texts(ROSA, "hola, que tal")
    await desk.texts(LUZ_PHONE, "good morning")  # one of ours, and no word that we know
    await desk.texts(LUZ_PHONE, "OFF")
    client = await desk.browser("Ana")
    page = (await client.get("/console/inbox")).text
    assert "I want to volunteer with your group" in page
    assert "hola, que tal" in page
    assert "555011" not in page
    assert "good morning" in page
    assert "OFF" not in page
    assert "hola" not in (await client.get("/console/inbox?kind=volunteer")).text


async def test_rights_are_shown_with_source_and_whether_attorneys_approved_them(desk: Desk) -> None:
    page = (await (await desk.browser("Luz")).get("/console/rights")).text
    assert "not yet reviewed" in page
    assert "signed by a judge" in page and "firmada por un juez" in page


async def test_an_edited_line_of_the_audit_trail_is_shown_as_broken(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    assert "The chain is whole." in (await ada.get("/console/audit")).text
    async with desk.database.transaction() as work:
        await work.connection.exec_driver_sql("ALTER TABLE event DISABLE TRIGGER USER")
        await work.execute(event.update().where(event.c.link == 1).values(verb="volunteer.promoted"))
    assert "The chain is broken at act 1." in (await ada.get("/console/audit")).text


async def test_what_the_machine_holds_back_is_shown_in_both_languages_and_let_go_by_a_person(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    async with desk.database.transaction() as work:
        await pause_line(work, 30034, work.now)
        await work.add(LaneHalt(lane=int(Lane.BROADCAST), error_code=30007, texts=12, since=work.now))
    page = (await olga.get("/console/switch")).text
    assert "Our number is not registered for texting" in page
    assert "Broadcasts are held back." in page and "12 texts" in page
    await olga.post("/console/language", data={"language": "es"})
    page = (await olga.get("/console/switch")).text
    assert "no está registrado" in page and "Los mensajes generales están detenidos." in page
    await olga.post("/console/switch", data={"action": "resume", "reason": "Registered."})
    page = (await olga.get("/console/switch")).text
    assert "registrado" not in page and "detenidos" not in page


async def test_the_switch_stops_everything_with_a_reason_that_every_page_shows(desk: Desk) -> None:
    olga, ana = await desk.browser("Olga"), await desk.browser("Ana")
    assert (await olga.post("/console/switch", data={"action": "halt", "reason": ""})).status_code == 422
    await olga.post("/console/switch", data={"action": "halt", "reason": "Somebody sends nonsense."})
    assert "Somebody sends nonsense." in (await ana.get("/console/")).text
    await olga.post("/console/switch", data={"action": "resume", "reason": "It was a drill."})
    assert "All outbound texts are stopped." not in (await ana.get("/console/")).text


async def test_a_voicemail_sounds_for_a_dispatcher_and_stays_sealed_at_rest(desk: Desk) -> None:
    await desk.texts(ROSA, "La migra esta afuera de la Walmart en Durham")
    async with desk.database.transaction() as work:
        who = await work.scalar(select(contact.c.id).limit(1))
        call = InboundCall(id=work.new_id(), sid="CA1", contact_id=who, line="x", started_at=work.now)
        await work.add(call)
        sound = Recording(id=work.new_id(), sid="RE1", call_id=call.id, content_type="audio/x-wav", received_at=work.now)
        sound.audio_sealed = work.seal(b"RIFF sound", "recording", "audio", sound.id)
        await work.add(sound)
    answer = await (await desk.browser("Ana")).get(f"/console/recordings/{sound.id}")
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF sound", "audio/x-wav")
    assert b"RIFF" not in sound.audio_sealed


async def test_a_report_whose_words_were_erased_still_has_its_page(desk: Desk) -> None:
    client, path, _ = await desk.taken()
    async with desk.database.transaction() as work:
        await work.connection.execute(report.update().values(text_sealed=None, reading_sealed=None))
    assert "No words were kept." in (await client.get(path)).text
