"""Who is called next: on duty before off, off before away, the county's own before those of every county; never a trainee."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ManualClock
from app.core.database import Database
from app.volunteers.hours import Span
from app.volunteers.on_call import Called, Nearness, in_order, nearest, nearness, who_is_next
from app.volunteers.presence import end_shift
from app.volunteers.roster import add_volunteer, set_quiet_hours
from app.volunteers.shifts import change_once
from app.volunteers.tables import Role, volunteer

DURHAM, WAKE = "37063", "37183"
NOBODY = UUID(int=0)

called = st.builds(
    Called,
    st.just(NOBODY),
    st.text("abc", min_size=1, max_size=3),
    st.just(NOBODY),
    st.just("+19195550123"),
    st.sampled_from([("en",), ("es", "en")]),
    st.sampled_from(Nearness),
    st.booleans(),
)


async def test_everyone_of_the_role_is_there_in_the_order_of_how_good_a_moment_it_is(
    database: Database, clock: ManualClock
) -> None:
    counties = {
        "Away": [WAKE],
        "Every": [],
        "Home": [WAKE],
        "Off": [WAKE],
        "Quiet": [WAKE],
        "There": [DURHAM],
        "Trainee": [WAKE],
    }
    async with database.transaction() as work:
        people = {
            alias: await add_volunteer(
                work,
                alias,
                roles=["dispatcher", "backup"],
                languages=["en"],
                counties=where,
                trained=False,
                number=f"+1919555013{n}",
            )
            for n, (alias, where) in enumerate(counties.items())
        }
        for alias in ("Away", "Off", "Quiet"):
            await end_shift(work, people[alias], "America/New_York")
        await set_quiet_hours(work, people["Quiet"], (11, 14), "America/New_York")
        today = Span(clock.now, clock.now.replace(hour=23))
        await change_once(work, people["Away"], today, people["Away"], away=True)
        await work.execute(volunteer.update().where(volunteer.c.alias == "Trainee").values(trainee=True))
    async with database.transaction() as work:
        found = await who_is_next(work, Role.BACKUP, WAKE)
        elsewhere = await who_is_next(work, Role.LEAD, WAKE)

    assert [one.alias for one in found] == ["Home", "Every", "Off", "Away", "Quiet"]
    assert [one.alias for one in nearest(found)] == ["Home", "Every"]
    assert found[0].number == "+19195550132"
    assert "5550132" not in repr(found)
    assert elsewhere == []


def test_quiet_hours_may_go_over_midnight() -> None:
    by_hour = [
        nearness(
            on_duty=False,
            away=False,
            quiet=(22, 7),
            zone="America/New_York",
            now=datetime(2026, 3, 2, hour, tzinfo=UTC),
        )
        for hour in (2, 3, 11, 12)  # nine and ten in the evening, six and seven in the morning
    ]
    assert by_hour == [Nearness.OFF_DUTY, Nearness.AWAY, Nearness.AWAY, Nearness.OFF_DUTY]


@given(st.lists(called, max_size=6))
def test_nobody_who_is_further_is_called_before_who_is_nearer(people: list[Called]) -> None:
    ordered = in_order(people, "es")
    assert sorted(map(repr, ordered)) == sorted(map(repr, people))
    assert [one.nearness for one in ordered] == sorted(one.nearness for one in people)
    assert (nearest(ordered) == []) is (people == [])
    assert set(map(repr, nearest(ordered))) <= set(map(repr, ordered[: len(nearest(ordered))]))
