"""Shifts and coverage in the console: planned, missed, swapped and given by a lead; gaps in words, hours of a county, who is called."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.pipeline_shifts import follow_shifts
from app.records.events import event
from app.volunteers.shift_tables import shift_change, weekly_shift
from app.volunteers.tables import volunteer
from tests.console.conftest import DURHAM, Desk

EVENING = {"weekday": "4", "begins": "18:00", "ends": "22:00"}


def flat(page: str) -> str:
    return re.sub(r"\s+", " ", page)


async def who_is_on(desk: Desk) -> set[str]:
    async with desk.database.transaction() as work:
        return set((await work.execute(select(volunteer.c.alias).where(volunteer.c.on_shift))).scalars())


def fields(page: str, act: str) -> dict[str, str]:
    """The hidden fields of the first form that posts to an address."""
    form = re.search(rf'action="/console/shifts/{act}">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))


async def test_a_weekly_shift_is_planned_shown_and_removed(desk: Desk) -> None:
    ana = await desk.browser("Ana")
    assert (await ana.post("/console/shifts/weekly", data=EVENING)).status_code == 303
    await ana.post("/console/shifts/weekly", data={"weekday": "0", "begins": "22:00", "ends": "00:00"})
    page = (await ana.get("/console/shifts")).text
    twice = await ana.post("/console/shifts/weekly", data=EVENING)
    none = await ana.post("/console/shifts/weekly", data=EVENING | {"ends": "18:00"})
    removed = re.findall(r"/console/shifts/weekly/([\w-]+)/remove", page)
    others = await (await desk.browser("Beto")).post(f"/console/shifts/weekly/{removed[0]}/remove")
    await ana.post(f"/console/shifts/weekly/{removed[0]}/remove")
    async with desk.database.transaction() as work:
        left = await work.all(select(weekly_shift.c.weekday))

    assert "Friday 18:00-22:00" in page and "Monday 22:00-24:00" in page
    assert "Fri Mar 6, 18:00-22:00" in page and "Fri Mar 13, 18:00-22:00" in page
    assert (twice.status_code, none.status_code, others.status_code) == (409, 422, 404)
    assert [row.weekday for row in left] == [4]


async def test_an_extra_shift_is_planned_and_a_planned_one_is_missed(desk: Desk) -> None:
    ana = await desk.browser("Ana")
    extra = {"kind": "extra", "day": "2026-03-06", "begins": "18:00", "ends": "22:00"}
    await ana.post("/console/shifts/once", data=extra)
    page = (await ana.get("/console/shifts")).text
    await ana.post("/console/shifts/miss", data=fields(page, "miss"))
    after = (await ana.get("/console/shifts")).text

    assert "Fri Mar 6, 18:00-22:00" in page
    assert "No shift is planned." in after
    for wrong in ({"day": "2026-03-01"}, {"begins": ""}, {"ends": "99:00"}, {"kind": "party"}):
        assert (await ana.post("/console/shifts/once", data=extra | wrong)).status_code == 422, wrong


async def test_who_is_away_now_goes_off_duty_and_days_may_be_several(desk: Desk) -> None:
    ana = await desk.browser("Ana")
    await ana.post("/console/shifts/weekly", data=EVENING)
    before = await who_is_on(desk)
    await ana.post("/console/shifts/once", data={"kind": "away", "day": "2026-03-02", "until": "2026-03-07"})
    page = (await ana.get("/console/shifts")).text

    assert "Ana" in before and "Ana" not in await who_is_on(desk)
    assert "Fri Mar 6" not in page and "Fri Mar 13" in page


async def test_a_lead_plans_for_others_and_nobody_else_does(desk: Desk) -> None:
    beto, ana = await desk.browser("Beto"), await desk.browser("Ana")
    await beto.post("/console/shifts/weekly", data=EVENING | {"who": "Luz"})
    shown = (await beto.get("/console/shifts?who=Luz")).text
    refused = [
        await ana.post("/console/shifts/weekly", data=EVENING | {"who": "Luz"}),
        await ana.get("/console/shifts?who=Luz"),
    ]
    async with desk.database.transaction() as work:
        author = await work.scalar(select(event.c.actor_id).where(event.c.verb == "shift.weekly_added"))

    assert "Shifts of Luz" in shown and "Friday 18:00-22:00" in shown
    assert [answer.status_code for answer in refused] == [403, 403]
    assert author == desk.people["Beto"].id


async def test_whom_a_lead_marks_away_now_goes_off_duty_under_the_leads_name(desk: Desk) -> None:
    _, path, _ = await desk.taken()
    beto = await desk.browser("Beto")
    await beto.post("/console/shifts/once", data={"kind": "away", "day": "2026-03-02", "who": "Ana"})
    async with desk.database.transaction() as work:
        lines = await work.all(
            select(event.c.verb, event.c.actor_id).where(event.c.verb.in_(("volunteer.shift_ended", "task.left", "shift.away")))
        )

    assert {(line.verb, line.actor_id) for line in lines} == {
        (verb, desk.people["Beto"].id) for verb in ("volunteer.shift_ended", "task.left", "shift.away")
    }
    assert "Ana" not in await who_is_on(desk)
    assert (await beto.post("/console/tasks/pull")).headers["location"] == path


async def test_a_swap_is_asked_taken_and_kept_on_the_page(desk: Desk) -> None:
    ana, beto = await desk.browser("Ana"), await desk.browser("Beto")
    for weekday in ("4", "5"):
        await ana.post("/console/shifts/weekly", data=EVENING | {"weekday": weekday})
    for _ in range(2):
        page = (await ana.get("/console/shifts")).text
        planned = re.findall(r'name="begins" value="([^"]*)"><input type="hidden" name="ends" value="([^"]*)"', page)
        begins, ends = planned[0] if _ == 0 else planned[2]
        assert (await ana.post("/console/shifts/swaps", data={"begins": begins, "ends": ends})).status_code == 303
    seen = flat((await beto.get("/console/shifts")).text)
    for_luz = (await (await desk.browser("Luz")).get("/console/shifts")).text
    first, second = (int(n) for n in re.findall(r"swaps/(\d+)/take", seen))
    taken = await beto.post(f"/console/shifts/swaps/{first}/take")
    again = await ana.post(f"/console/shifts/swaps/{first}/keep")
    foreign = await (await desk.browser("Luz")).post(f"/console/shifts/swaps/{second}/keep")
    kept = await ana.post(f"/console/shifts/swaps/{second}/keep")
    late = await beto.post(f"/console/shifts/swaps/{second}/take")

    assert "Fri Mar 6, 18:00-22:00</strong> · Ana" in seen
    assert "Take it" not in for_luz
    assert (taken.status_code, again.status_code, foreign.status_code) == (303, 409, 403)
    assert (kept.status_code, late.status_code) == (303, 409)
    assert "Fri Mar 6, 18:00-22:00" in (await beto.get("/console/shifts")).text
    assert (await beto.post("/console/shifts/swaps/99/take")).status_code == 404


async def test_a_lead_lets_somebody_have_it_or_looks_for_another(desk: Desk) -> None:
    ada, ana, beto = await desk.browser("Ada"), await desk.browser("Ana"), await desk.browser("Beto")
    await ada.post("/console/people", data={"alias": "Nia", "roles": "dispatcher", "languages": "en", "counties": DURHAM})
    await beto.post("/console/shifts/weekly", data=EVENING | {"who": "Ana"})
    page = (await ana.get("/console/shifts")).text
    await ana.post("/console/shifts/swaps", data=fields(page, "swaps"))
    given = flat((await beto.get("/console/shifts")).text)
    wrong = await beto.post("/console/shifts/swaps/1/assign", data={"to": "Luz"})
    done = await beto.post("/console/shifts/swaps/1/assign", data={"to": "Nia"})
    nothing = await beto.post("/console/shifts/swaps/1/refuse")

    assert "<option>Beto</option><option>Nia</option>" in given
    assert (wrong.status_code, done.status_code, nothing.status_code) == (409, 303, 409)
    assert "Fri Mar 6, 18:00-22:00" in (await beto.get("/console/shifts?who=Nia")).text
    async with desk.database.transaction() as work:
        rows = await work.all(select(shift_change.c.away).order_by(shift_change.c.number))
    assert [row.away for row in rows] == [True, False]


async def test_whose_shift_ended_with_an_incident_in_hand_is_asked_on_every_page_until_they_leave_a_note(
    desk: Desk, clock: ManualClock
) -> None:
    ana, path, _ = await desk.taken()
    await ana.post("/console/shifts/once", data={"kind": "extra", "day": "2026-03-02", "begins": "11:00", "ends": "12:02"})
    async with desk.database.transaction() as work:
        await follow_shifts(work, desk.hotline)
    clock.advance(timedelta(minutes=2))
    async with desk.database.transaction() as work:
        ended = await follow_shifts(work, desk.hotline)
    asked = (await ana.get("/console/rights")).text
    form = (await ana.get("/console/shifts")).text
    empty = await ana.post("/console/shifts/note", data={"note": "  "})
    left = await ana.post("/console/shifts/note", data={"note": "They call back at six."})
    quiet = (await ana.get("/console/rights")).text
    beto = await desk.browser("Beto")
    await beto.post("/console/tasks/pull")

    assert ended == 1
    assert "Tell the next person what they should know" in asked and "Leave the note" in form
    assert (empty.status_code, left.status_code) == (409, 303)
    assert "Tell the next person" not in quiet
    assert "They call back at six." in (await beto.get(path)).text


async def test_gaps_are_named_in_words_and_the_hours_of_a_county_are_shown(desk: Desk) -> None:
    ana, beto, luz = await desk.browser("Ana"), await desk.browser("Beto"), await desk.browser("Luz")
    empty = (await ana.get("/console/coverage")).text
    for weekday in range(7):
        for begins, ends in (("07:00", "18:00"), ("18:00", "22:00")):
            if (weekday, begins) != (4, "18:00"):
                await ana.post("/console/shifts/weekly", data={"weekday": str(weekday), "begins": begins, "ends": ends})
        await luz.post("/console/shifts/weekly", data={"weekday": str(weekday), "begins": "07:00", "ends": "22:00"})
    seen = flat((await ana.get("/console/coverage")).text)
    field = flat((await beto.get("/console/coverage?duty=field")).text)

    assert "Nobody has planned a shift yet." in empty
    assert "Nobody for Durham County on Friday 18:00-22:00" in seen
    assert seen.count("on Friday") == 1 and "No verifier" not in seen
    assert 'class="cell-gap">0<' in seen and 'title="Ana"' in seen
    assert "Dispatcher:</strong> Ana" not in seen, "nobody has a phone in this test but the verifiers"
    assert 'title="Luz"' in field and "cell-gap" not in field
    await beto.post("/console/language", data={"language": "es"})
    spanish = flat((await beto.get("/console/coverage")).text)
    assert "Nadie para el condado de Durham el viernes 18:00-22:00" in spanish
    assert (await ana.get("/console/coverage?county=99999")).status_code == 404
    assert (await ana.get("/console/coverage?duty=party")).status_code == 422


async def test_every_county_is_shown_by_day_and_each_by_hour_with_who_is_called(desk: Desk) -> None:
    ada, beto = await desk.browser("Ada"), await desk.browser("Beto")
    for alias, county, number in (("Nia", "37183", "9195550166"), ("Rex", DURHAM, "9195550167")):
        person = {"alias": alias, "roles": ["dispatcher", "backup"], "languages": "en", "counties": county, "number": number}
        await ada.post("/console/people", data=person)
    await beto.post("/console/shifts/weekly", data={"weekday": "1", "begins": "07:00", "ends": "12:30", "who": "Nia"})
    week = flat((await ada.get("/console/coverage")).text)
    wake = flat((await ada.get("/console/coverage?county=37183")).text)

    assert 'href="/console/coverage?duty=desk&amp;county=37183">Wake</a>' in week
    assert re.search(r'county=37183">Wake</a></th>.*?<td class="cell-gap">9\.5<', week)
    assert 'class="cell-partly" title="Nia"' in wake
    assert "On backup:</strong> Nia" in wake and "Rex" not in wake
    assert re.search(r"Lead:</strong> <span class=\"danger-text\">nobody", wake)


@pytest.mark.parametrize("hour", [datetime(2026, 3, 3, 4, tzinfo=UTC), datetime(2026, 3, 8, 6, tzinfo=UTC)])
async def test_pages_stand_at_night_and_when_the_clocks_change(desk: Desk, clock: ManualClock, hour: datetime) -> None:
    ana = await desk.browser("Ana")
    await ana.post("/console/shifts/weekly", data={"weekday": "6", "begins": "22:00", "ends": "06:00"})
    clock.advance(hour - clock.now)
    ana = await desk.browser("Ana")
    for page in ("shifts", "coverage", "coverage?duty=lead"):
        assert (await ana.get(f"/console/{page}")).status_code == 200
