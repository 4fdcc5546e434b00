"""Asking the nearest: who is asked in which order, how many at once, how many go, and that nobody is asked twice whatever happens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.database import Database
from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.keys import Keys
from app.pipeline import Hotline, decide_incident
from app.pipeline_field import ask_nearest, ask_next_wave
from app.records.incidents import Incident, incident
from app.records.verification import Outcome, search
from app.verification.answers import read_answer
from app.verification.offers import MOST_A_DAY, SILENT_AFTER, expire_offers, find_candidates
from app.verification.waves import AT_ONCE, MOST_ACCEPTED, NEXT_AFTER, SEARCH_TIME, how_many
from app.volunteers.orders import read_quiet_hours
from tests.chaos.dying import every_death
from tests.verification.field import Field, fresh_field

SEVEN = ("Abe", "Bea", "Cleo", "Dov", "Eva", "Flo", "Gus")


async def begin(field: Field) -> int:
    """Ana presses "Ask the nearest"; returns how many the first wave asked."""
    async with field.database.transaction() as work:
        about = await work.get(Incident, incident.c.id == field.about.id, lock=True)
        assert about is not None
        return len(await ask_nearest(work, field.hotline, about, field.ana, field.fence))


async def sweep(field: Field, after: timedelta = timedelta(0)) -> None:
    """The worker's sweep, `after` some time."""
    field.clock.advance(after)
    while await field.database.run(lambda work: ask_next_wave(work, field.hotline)):
        pass


async def test_one_press_asks_three_and_the_next_three_after_ninety_seconds(field: Field) -> None:
    await field.enlist(*SEVEN)
    assert await begin(field) == AT_ONCE
    await sweep(field, NEXT_AFTER - timedelta(seconds=1))
    assert len(await field.offers()) == AT_ONCE
    await sweep(field, timedelta(seconds=1))
    assert len(await field.offers()) == 2 * AT_ONCE
    await sweep(field, NEXT_AFTER)
    await sweep(field, NEXT_AFTER)
    assert len(await field.offers()) == len(SEVEN)
    assert {alias: len(texts) for alias, texts in (await field.sent("offer")).items()} == dict.fromkeys(SEVEN, 1)
    assert (await field.verbs("search.")) == ["search.started"] + 3 * ["search.wave"]


async def test_no_wave_goes_out_while_somebody_is_on_the_way(field: Field) -> None:
    await field.enlist(*SEVEN)
    await begin(field)
    first = next(iter(await field.offers()))
    await field.text(first, "Y")
    await sweep(field, 3 * NEXT_AFTER)
    assert len(await field.offers()) == AT_ONCE
    await field.text(first, "N")
    await sweep(field, NEXT_AFTER)
    assert len(await field.offers()) == 2 * AT_ONCE


async def test_nobody_more_is_asked_when_somebody_was_there_and_others_are_when_they_could_not_look(field: Field) -> None:
    await field.enlist(*SEVEN)
    await begin(field)
    first, second, _ = await field.offers()
    await field.text(first, "unable")
    await sweep(field, NEXT_AFTER)
    assert len(await field.offers()) == 2 * AT_ONCE
    await field.text(second, "nothing")
    await sweep(field, NEXT_AFTER)
    assert len(await field.offers()) == 2 * AT_ONCE


async def test_two_go_and_the_others_are_told_at_once_not_to(field: Field) -> None:
    await field.enlist(*SEVEN)
    await begin(field)
    first, second, third = await field.offers()
    await field.text(first, "Y")
    assert await field.sent("stand_down") == {}
    await field.text(second, "15")
    assert sorted((await field.offers()).values()) == ["accepted", "accepted", "stood_down"]
    assert list(await field.sent("stand_down")) == [third]
    assert "no longer open" in await field.text(third, "Y")


async def test_a_yes_of_whoever_said_no_before_is_turned_away_when_enough_go(field: Field) -> None:
    await field.enlist("Abe", "Bea", "Cleo")
    await begin(field)
    await field.text("Cleo", "N")
    await field.text("Abe", "Y")
    await field.text("Bea", "Y")
    assert "please do not go" in await field.text("Cleo", "Y")
    assert (await field.offers())["Cleo"] == "declined"


async def test_two_who_say_yes_in_the_same_moment_as_a_third_are_still_two(field: Field) -> None:
    await field.enlist("Abe", "Bea", "Cleo")
    await begin(field)
    await asyncio.gather(*(field.text(alias, "Y") for alias in ("Abe", "Bea", "Cleo")))
    assert list((await field.offers()).values()).count("accepted") == MOST_ACCEPTED


async def test_a_second_press_is_explained_and_asks_nobody(field: Field) -> None:
    await field.enlist(*SEVEN)
    await begin(field)
    with pytest.raises(Conflict):
        await begin(field)
    assert len(await field.offers()) == AT_ONCE


async def test_whoever_begins_a_shift_during_a_search_is_asked(field: Field) -> None:
    await field.enlist("Abe")
    await field.text("Abe", "OFF")
    assert await begin(field) == 0
    await field.text("Abe", "ON")
    await sweep(field, NEXT_AFTER)
    assert await field.offers() == {"Abe": "offered"}


async def test_a_search_ends_with_the_decision_and_with_its_time(field: Field) -> None:
    await field.enlist("Abe")
    await field.text("Abe", "OFF")
    await begin(field)
    await sweep(field, SEARCH_TIME)
    assert (await field.verbs("search."))[-1] == "search.ended"
    await begin(field)
    async with field.database.transaction() as work:
        about = await work.get(Incident, incident.c.id == field.about.id, lock=True)
        assert about is not None
        await decide_incident(work, field.hotline, about, Outcome.NOTHING, field.ana, field.fence)
    await field.text("Abe", "ON")
    await sweep(field, NEXT_AFTER)
    assert await field.offers() == {}
    async with field.database.transaction() as work:
        assert await work.scalar(select(search.c.ended_at)) is not None


async def test_their_county_comes_first_then_their_language_then_whoever_was_asked_least(field: Field) -> None:
    await field.enlist("Abe", languages=["en"])
    await field.enlist("Bea", languages=["en", "es"])
    await field.enlist("Cleo", languages=["en"], counties=["37063"])
    await field.enlist("Dov", languages=["es"], counties=["37063"])
    await field.enlist("Eva", languages=["es"])
    await field.asked_elsewhere("Bea", timedelta(days=2))
    await begin(field)
    assert list(await field.offers()) == sorted(["Dov", "Cleo", "Eva"])


@pytest.mark.parametrize(("begins", "ends", "asked"), [(9, 13, 0), (13, 9, 1), (22, 7, 1), (11, 9, 0), (12, 13, 0), (9, 12, 1)])
async def test_nobody_is_asked_in_their_quiet_hours(field: Field, begins: int, ends: int, asked: int) -> None:
    """It is noon in North Carolina."""
    await field.enlist("Abe")
    assert f"from {begins}:00 to {ends}:00" in await field.text("Abe", f"quiet {begins}-{ends}")
    assert await begin(field) == asked


async def test_quiet_hours_are_taken_back_by_text(field: Field) -> None:
    await field.enlist("Abe")
    await field.text("Abe", "QUIET 9-17")
    assert "any hour" in await field.text("Abe", "Quiet 0-0")
    assert await begin(field) == 1


@pytest.mark.parametrize(
    ("words", "hours"),
    [("QUIET 22-7", (22, 7)), ("silencio de 22 a 7", (22, 7)), ("Quiet from 9 to 17.", (9, 17)), ("quiet 25-7", None), ("quiet", None)],
)  # fmt: skip
def test_quiet_hours_are_two_hours_of_a_clock(words: str, hours: tuple[int, int] | None) -> None:
    assert read_quiet_hours(words) == hours


async def test_nobody_is_asked_more_often_a_day_than_the_cap(field: Field) -> None:
    await field.enlist("Abe")
    for hours in range(MOST_A_DAY):
        await field.asked_elsewhere("Abe", timedelta(hours=hours + 1))
    assert await begin(field) == 0
    await sweep(field, SEARCH_TIME)
    field.clock.advance(timedelta(hours=18))
    async with field.database.transaction() as work:
        assert len(await find_candidates(work, field.about)) == 1


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_killed_at_any_await_of_a_wave_nobody_is_asked_twice_and_nobody_is_forgotten(
    hotline: Hotline, keys: Keys
) -> None:
    async for life in every_death():
        async with fresh_field(hotline, keys, SEVEN) as (field, url):
            await begin(field)
            field.clock.advance(NEXT_AFTER)
            mortal = Database(url, keys, field.clock, new_id, pool_size=1)
            async with life:
                await mortal.run(lambda work: ask_next_wave(work, hotline))
            await field.until_the_dead_let_go()
            assert len(await field.offers()) in {AT_ONCE, 2 * AT_ONCE}
            await sweep(field)  # a new worker
            await mortal.close()
            asked = await field.sent("offer")
            assert len(asked) == 2 * AT_ONCE
            assert set(asked) == set(await field.offers())
            assert all(len(texts) == 1 for texts in asked.values())


words = st.sampled_from(
    ("Y", "si", "15", "N", "HERE", "no puedo", "confirmo", "police", "nada", "gone", "unable", "which one is it")
)
steps = st.one_of(
    st.tuples(st.just("text"), st.integers(0, 6), words),
    st.tuples(st.just("wait"), st.sampled_from((10, 95, 1900)), st.just("")),
    st.tuples(st.just("name"), st.integers(0, 6), st.just("")),
    st.tuples(st.just("together"), st.integers(0, 4), words),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=14))
async def test_in_any_order_of_answers_at_most_two_go_nobody_is_asked_twice_and_no_sight_is_lost(
    hotline: Hotline, keys: Keys, acts: list[tuple[str, int, str]]
) -> None:
    async with fresh_field(hotline, keys, SEVEN) as (field, _):
        await begin(field)
        await act_out(field, acts)


async def act_out(field: Field, acts: list[tuple[str, int, str]]) -> None:
    """Do all of it and look, after each act, at what must hold."""
    told: dict[str, list[str]] = {}

    async def says(alias: str, what: str) -> None:
        was_asked = alias in await field.offers()
        reply = await field.text(alias, what)
        meaning = read_answer(what)
        if was_asked:
            assert reply, "every answer is answered"
            if isinstance(meaning, Outcome):
                told.setdefault(alias, []).append(meaning.value)

    for act, number, what in acts:
        match act:
            case "text":
                await says(SEVEN[number], what)
            case "together":
                await asyncio.gather(*(says(alias, what) for alias in SEVEN[number : number + 3]))
            case "wait":
                await sweep(field, timedelta(seconds=number))
                await field.database.run(expire_offers)
            case "name":
                with suppress(Conflict):
                    await field.ask(SEVEN[number])
        states = await field.states()
        assert sum(state == "accepted" for _, state in states) <= MOST_ACCEPTED
        assert len({alias for alias, _ in states}) == len(states), "nobody has two offers"
    seen: dict[str, list[str]] = {}
    names = {person.id: person.alias for person in await field.people(*SEVEN)}
    for found in await field.observations():
        if found.incident_id == field.about.id:
            seen.setdefault(names[found.volunteer_id], []).append(found.outcome)
    assert {alias: sorted(found) for alias, found in seen.items()} == {a: sorted(f) for a, f in told.items()}


@pytest.mark.parametrize(
    ("free", "others", "asked"),
    [(8, False, 3), (2, False, 2), (8, True, 3), (5, True, 3), (4, True, 2), (2, True, 1), (1, True, 1), (0, True, 0)],
)
def test_a_busy_hour_keeps_somebody_free_for_what_comes_next(free: int, asked: int, *, others: bool) -> None:
    assert how_many(free, others=others) == asked


async def test_who_is_silent_may_soon_be_asked_about_something_else_and_who_goes_may_not(field: Field) -> None:
    await field.enlist("Luz", "Sam")
    await field.ask("Luz")
    await field.ask("Sam")
    await field.text("Sam", "Y")

    async def free() -> list[str]:
        async with field.database.transaction() as work:
            other = Incident(id=work.new_id(), code=str(work.new_id())[-12:], kind="report", county="37063", reports=1)
            other.first_report_at = other.last_report_at = work.now
            await work.add(other)
            return [one.alias for one in await find_candidates(work, other)]

    before = await free()
    field.clock.advance(SILENT_AFTER)

    assert (before, await free()) == ([], ["Luz"])
