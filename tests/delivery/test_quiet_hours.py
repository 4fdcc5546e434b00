"""The night: what is not urgent waits for the morning, and alerts reach whoever wants them at any hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.plan import count_audience
from app.delivery.quiet_hours import hold_for_the_night, next_opening
from app.pipeline import Hotline
from app.records.deliveries import Lane, delivery
from app.subscribers.tables import Topic
from tests.subscribers.phones import DURHAM, Phone, fates, tell

ZONE = "America/New_York"
THREE_AT_NIGHT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
HALF_PAST_SEVEN = datetime(2026, 3, 3, 12, 30, tzinfo=UTC)
TEN_PAST_EIGHT = datetime(2026, 3, 3, 13, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 3, 2, 13, 9, tzinfo=UTC), datetime(2026, 3, 2, 13, 10, tzinfo=UTC)),
        (datetime(2026, 3, 2, 13, 10, tzinfo=UTC), None),
        (datetime(2026, 3, 3, 1, 49, tzinfo=UTC), None),
        (datetime(2026, 3, 3, 1, 50, tzinfo=UTC), TEN_PAST_EIGHT),
        (datetime(2026, 3, 8, 2, 0, tzinfo=UTC), datetime(2026, 3, 8, 12, 10, tzinfo=UTC)),  # that night the clocks go forward
        (datetime(2026, 11, 1, 2, 0, tzinfo=UTC), datetime(2026, 11, 1, 13, 10, tzinfo=UTC)),  # and here back
    ],
)
def test_the_night_ends_ten_past_eight_on_the_wall(now: datetime, opens: datetime | None) -> None:
    assert next_opening(now, ZONE) == opens


@pytest.fixture
async def two(database: Database, hotline: Hotline) -> tuple[Phone, Phone]:
    """One who wants alerts at any hour and one who wants them by day only."""
    always, by_day = Phone(database, hotline), Phone(database, hotline, "+19195550111")
    await always.texts("JOIN Durham")
    await by_day.texts("JUNTAR Durham")
    assert "solo de 8am" in str(await by_day.texts("SOLO DE DIA"))
    return always, by_day


async def test_an_alert_at_night_that_ends_before_morning_skips_who_wants_it_by_day(
    two: tuple[Phone, Phone], database: Database, clock: ManualClock
) -> None:
    clock.now = THREE_AT_NIGHT
    planned = await tell(database, DURHAM, opens_at=next_opening(clock.now, ZONE))

    assert planned.recipients == 2
    assert await fates(database, planned) == [("pending", None), ("skipped", "quiet_hours")]


async def test_the_preview_counts_only_who_would_get_it_at_night(two: tuple[Phone, Phone], database: Database) -> None:
    async with database.transaction() as work:
        assert await count_audience(work, DURHAM) == {"en": 1, "es": 1}
        assert await count_audience(work, DURHAM, only_any_hour=True) == {"en": 1}


async def test_an_alert_shortly_before_eight_waits_for_who_wants_it_by_day(
    two: tuple[Phone, Phone], database: Database, clock: ManualClock
) -> None:
    clock.now = HALF_PAST_SEVEN
    await tell(database, DURHAM, opens_at=next_opening(clock.now, ZONE))

    async with database.transaction() as work:
        waits = (
            (await work.execute(select(delivery.c.not_before).order_by(delivery.c.not_before.nulls_first()))).scalars().all()
        )
    assert waits == [None, TEN_PAST_EIGHT]


@pytest.mark.parametrize("lane", [Lane.RIGHTS, Lane.BROADCAST])
async def test_what_is_not_urgent_waits_for_the_morning_for_everyone(
    two: tuple[Phone, Phone], database: Database, clock: ManualClock, lane: Lane
) -> None:
    clock.now = HALF_PAST_SEVEN
    await tell(database, DURHAM, lane, opens_at=next_opening(clock.now, ZONE))

    async with database.transaction() as work:
        assert set((await work.execute(select(delivery.c.not_before))).scalars()) == {TEN_PAST_EIGHT}


async def test_what_is_unsent_when_the_night_begins_is_held(
    two: tuple[Phone, Phone], database: Database, clock: ManualClock
) -> None:
    always, _ = two
    await always.texts("JOIN EVENTS")
    clock.now = datetime(2026, 3, 3, 1, 45, tzinfo=UTC)
    await tell(database, DURHAM)
    await tell(database, DURHAM, Lane.BROADCAST, Topic.EVENTS)
    async with database.transaction() as work:
        assert await hold_for_the_night(work, ZONE) == 0
    clock.advance(timedelta(minutes=5))
    async with database.transaction() as work:
        assert await hold_for_the_night(work, ZONE) == 2  # the event's, and the alert of who wants it by day
    async with database.transaction() as work:
        assert await hold_for_the_night(work, ZONE) == 0


async def test_anytime_lifts_the_night(two: tuple[Phone, Phone], database: Database, clock: ManualClock) -> None:
    _, by_day = two
    assert "a toda hora" in str(await by_day.texts("A CUALQUIER HORA"))
    clock.now = THREE_AT_NIGHT

    assert (
        await fates(database, await tell(database, DURHAM, opens_at=next_opening(clock.now, ZONE))) == [("pending", None)] * 2
    )


async def test_a_county_joined_later_keeps_the_hours_that_were_chosen(
    two: tuple[Phone, Phone], database: Database, clock: ManualClock
) -> None:
    _, by_day = two
    assert "solo 8am-9pm" in str(await by_day.texts("JUNTAR Wake"))
    clock.now = THREE_AT_NIGHT

    planned = await tell(database, "37183", opens_at=next_opening(clock.now, ZONE))
    assert await fates(database, planned) == [("skipped", "quiet_hours")]
