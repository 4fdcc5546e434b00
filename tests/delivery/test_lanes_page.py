"""docs/lanes.md says what the code does: every number and every reason of it is compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

import pytest

from app.broadcasts.audience import MOST_A_WEEK, WEEK
from app.delivery import breaker, outbox
from app.delivery.allowance import FOR_WHAT_CAN_WAIT
from app.delivery.failures import goes_again_at
from app.delivery.lines import carriers
from app.delivery.plan import LIFETIME
from app.delivery.protection import COUNTED, LIMITS, PROTECTED
from app.delivery.quiet_hours import CLOSES, MARGIN, OPENS, QUIET_LANES
from app.delivery.sender import AGED_EVERY, URGENT_SECONDS, VALIDITY
from app.delivery.switch import FIRST_PAUSE, LONGEST_PAUSE
from app.delivery.waiting import WORDS
from app.records.deliveries import Lane
from app.telephony.error_codes import Action

PAGE = (Path(__file__).parents[2] / "docs" / "lanes.md").read_text(encoding="utf-8")
WORDS_OF_PAGE = " ".join(PAGE.split())


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def spoken(time: timedelta) -> str:
    """Example: "30 s", "10 min", "6 h", "1 day"."""
    seconds = int(time.total_seconds())
    size, unit = next(given for given in ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s")) if seconds % given[0] == 0)
    return f"{seconds // size} {unit}"


def clock(wall: datetime) -> str:
    return f"{wall.hour}:{wall.minute:02}"


def test_each_lane_lives_and_ages_as_the_page_says() -> None:
    told = [(row[0], row[2], row[3]) for row in rows_under("Six lanes")]
    aged = {lane: spoken(time) for lane, time in outbox.AGES.items()}

    assert told == [(lane.name.lower(), spoken(LIFETIME[lane]), aged.get(lane, "always first")) for lane in Lane]
    assert f"every {AGED_EVERY}th claim" in WORDS_OF_PAGE
    assert f"every {URGENT_SECONDS} s" in WORDS_OF_PAGE
    validity = f"within {spoken(VALIDITY[Lane.ALERT])}, and an offer within {spoken(VALIDITY[Lane.DISPATCH])}"
    assert validity in WORDS_OF_PAGE


def test_a_person_gets_no_more_than_the_page_says() -> None:
    told = [(row[0].split()[0], row[1]) for row in rows_under("What one person gets")]

    assert told == [(str(most.texts), spoken(most.within)) for most in LIMITS]
    assert PROTECTED == (Lane.RIGHTS, Lane.BROADCAST)
    assert set(Lane) - set(COUNTED) == {Lane.REPLY}
    assert f"more than {MOST_A_WEEK} in {WEEK.days} days" in WORDS_OF_PAGE


def test_the_night_is_that_of_the_page() -> None:
    day = datetime(2026, 3, 2)  # noqa: DTZ001  # a clock on a wall
    opens, closes = datetime.combine(day, OPENS) + MARGIN, datetime.combine(day, CLOSES) - MARGIN

    assert f"from {clock(opens)} to {clock(closes)} on" in WORDS_OF_PAGE
    assert f"with {spoken(MARGIN)} to spare" in WORDS_OF_PAGE
    assert f"by itself, at {clock(opens)}" in WORDS_OF_PAGE
    assert QUIET_LANES == (Lane.RIGHTS, Lane.BROADCAST)


def test_a_days_allowance_is_that_of_the_carriers_file() -> None:
    told = {name: (day, minute) for name, day, minute in rows_under("What carriers take in a day")}
    known = carriers()

    assert told == {name: (f"{given.tmobile_per_day:,}", f"{given.att_per_minute:,}") for name, given in known.classes.items()}
    share, most = known.shares["tmobile"], known.classes["standard_mid"].tmobile_per_day
    assert f"{share:.1%}".replace("%", " %") in WORDS_OF_PAGE
    assert f"{FOR_WHAT_CAN_WAIT:.0%}".replace("%", " %") in WORDS_OF_PAGE
    assert f"from {ceil(FOR_WHAT_CAN_WAIT * most / share):,} segments a day on" in WORDS_OF_PAGE


def test_carriers_that_filter_stop_a_lane_as_the_page_says() -> None:
    window = spoken(breaker.WINDOW)
    told = [(row[0], row[1]) for row in rows_under("When carriers filter")]

    assert told == [
        (
            str(code),
            f"{limit.texts} texts of one message within {window}"
            + (f", and {limit.share:.0%}".replace("%", " % of it") if limit.share else ""),
        )
        for code, limit in breaker.LIMITS.items()
    ]
    assert breaker.GUARDED == (Lane.ALERT, Lane.RIGHTS, Lane.BROADCAST)


def test_every_reason_to_wait_stands_on_the_page_in_the_consoles_words() -> None:
    told = {row[0]: row[1] for row in rows_under("Why does it wait?")}

    assert set(told) == {english for english, _ in WORDS.values()}
    assert f"after {FIRST_PAUSE.seconds // 60} to {spoken(LONGEST_PAUSE)}" in WORDS_OF_PAGE
    assert f"every {spoken(outbox.STOP_LOOKED_FOR_AGAIN)}; once" in WORDS_OF_PAGE
    assert f"by itself, {outbox.MOST_ATTEMPTS} times at most" in WORDS_OF_PAGE


@pytest.mark.parametrize("month", [1, 7])
def test_what_t_mobile_refuses_goes_again_the_minute_after_its_midnight(month: int) -> None:
    again = goes_again_at(Action.TOMORROW, datetime.fromisoformat(f"2026-{month:02}-10T20:00:00+00:00"))

    assert (again.hour, again.minute, str(again.tzinfo)) == (0, 1, "America/Los_Angeles")
