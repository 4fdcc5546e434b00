"""Who is nearest hears first, and the order changes nobody's getting it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from sqlalchemy import select, text

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.nearness import FARTHEST_KM, HERE_KM, NEIGHBOUR_KM, turns_by_zip
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to_county
from app.delivery.sender import Sender
from app.places.gazetteer import Gazetteer
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.subscribers.choices import choose_hours, pause
from app.subscribers.consent import stop, subscribe
from app.subscribers.nearness import keep_zip, zip_hash_of
from tests.delivery.outgoing import DURHAM, TEXTS, WAKE, PhoneCompany, consent_of

MIDDLES = Gazetteer.from_pack("us_nc").zip_middles
DOWNTOWN, ACROSS_TOWN, FAR_OFF = "27701", "27713", "28801"  # Durham, the south of Durham, Asheville
numbers = count()


async def live(database: Database, clock: ManualClock, number: str, zip_code: str | None, *counties: str) -> None:
    for county in counties:
        clock.advance(timedelta(seconds=1))  # a county that is asked for first is home
        async with database.transaction() as work:
            await subscribe(work, consent_of(database, await contact_for(work, number, "en"), number), county)
    if zip_code is not None:
        async with database.transaction() as work:
            await keep_zip(work, await contact_for(work, number, "en"), zip_hash_of(work.keys, zip_code))


def test_turns_grow_with_the_distance_and_a_guess_stands_where_it_guesses() -> None:
    turns = turns_by_zip(MIDDLES[DOWNTOWN], MIDDLES)

    assert turns[DOWNTOWN] == 0 < turns[ACROSS_TOWN] < HERE_KM < NEIGHBOUR_KM < turns[FAR_OFF] < FARTHEST_KM
    assert turns_by_zip(None, MIDDLES) == {}
    assert max(turns_by_zip((-60.0, 100.0), MIDDLES).values()) == FARTHEST_KM


async def test_how_far_somebody_lives_is_forgotten_with_the_end_of_their_text(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    await live(database, clock, "+19195550106", FAR_OFF, DURHAM)
    await live(database, clock, "+19195550107", FAR_OFF, DURHAM)
    turns = turns_by_zip(MIDDLES[DOWNTOWN], MIDDLES)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS), DURHAM, turns=turns)
        waiting = list((await work.execute(select(delivery.c.turn))).scalars())
        stopped = await contact_for(work, "+19195550107", "en")
    assert waiting == [turns[FAR_OFF]] * 2
    async with database.transaction() as work:
        await stop(work, consent_of(database, stopped, "+19195550107"))
    await Sender(database, PhoneCompany(clock), Pacer(redis, "test", None), "http://localhost/s").send_some()
    async with database.transaction() as work:
        ended = {row.state: row.turn for row in await work.all(select(delivery.c.state, delivery.c.turn))}
    assert ended == {"sent": 0, "skipped": 0}


async def test_the_nearest_hear_first_then_who_said_nothing_then_the_far(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    await live(database, clock, "+19195550101", FAR_OFF, DURHAM)
    await live(database, clock, "+19195550102", None, WAKE, DURHAM)
    await live(database, clock, "+19195550103", None, DURHAM)
    await live(database, clock, "+19195550104", ACROSS_TOWN, DURHAM)
    await live(database, clock, "+19195550105", DOWNTOWN, WAKE, DURHAM)
    async with database.transaction() as work:
        turns = turns_by_zip(MIDDLES[DOWNTOWN], MIDDLES)
        planned = await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS), DURHAM, turns=turns)
    async with database.transaction() as work:
        in_order = select(delivery.c.turn).where(delivery.c.message_id == planned.id).order_by(delivery.c.turn)
        planned_turns = list((await work.execute(in_order)).scalars())
    company = PhoneCompany(clock)
    await Sender(database, company, Pacer(redis, "test", None), "http://localhost/s").drain()

    assert planned_turns == [0, turns[ACROSS_TOWN], HERE_KM, NEIGHBOUR_KM, turns[FAR_OFF]]
    assert [to[-3:] for to, _, _ in company.asked] == ["105", "104", "103", "102", "101"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crowd=st.lists(
        st.tuples(
            st.one_of(st.none(), st.sampled_from(sorted(MIDDLES))),
            st.sampled_from(("nothing", "stop", "pause", "by_day", "neighbour")),
        ),
        min_size=1,
        max_size=8,
    ),
    at=st.one_of(st.none(), st.tuples(st.floats(33.8, 36.6), st.floats(-84.4, -75.4))),
)
async def test_the_order_never_changes_who_gets_it(
    database: Database, clock: ManualClock, crowd: Sequence[tuple[str | None, str]], at: tuple[float, float] | None
) -> None:
    async with database.transaction() as work:  # an example knows nothing of the one before
        await work.execute(text("TRUNCATE subscription, delivery, outgoing_text, outgoing_message CASCADE"))
    for n, (zip_code, deed) in zip(numbers, crowd, strict=False):
        number = f"+1{200 + n // 100}55501{n % 100:02d}"
        await live(database, clock, number, zip_code, *([WAKE, DURHAM] if deed == "neighbour" else [DURHAM]))
        async with database.transaction() as work:
            who = await contact_for(work, number, "en")
            consent = consent_of(database, who, number)
            if deed == "stop":
                await stop(work, consent)
            elif deed == "pause":
                await pause(work, consent)
            elif deed == "by_day":
                await choose_hours(work, consent, any_hour=False)

    async def told(turns: dict[str, int]) -> set[tuple[object, ...]]:
        async with database.transaction() as work:
            planned = await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS), DURHAM, turns=turns)
            columns = (delivery.c.contact_id, delivery.c.language, delivery.c.state, delivery.c.line)
            rows = await work.all(select(*columns).where(delivery.c.message_id == planned.id))
            assert len(rows) == planned.recipients
            return {tuple(row) for row in rows}

    assert await told(turns_by_zip(at, MIDDLES)) == await told({})
