"""When what two people saw is at odds, and what of a verifier's words is a call for help."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.records.verification import Observation
from app.verification.answers import names_help
from app.verification.decisions import DISPUTED_WITHIN, is_disputed
from tests.conftest import NOON
from tests.verification.field import Field


def saw(who: int, outcome: str, minutes: float = 0, *, on_site: bool = True) -> Observation:
    return Observation(
        id=UUID(int=who * 1000 + int(minutes)),
        incident_id=UUID(int=1),
        volunteer_id=UUID(int=who),
        outcome=outcome,
        on_site=on_site,
        observed_at=NOON + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("sights", "disputed"),
    [
        ([saw(1, "confirm"), saw(2, "nothing", 5)], True),
        ([saw(1, "police"), saw(2, "confirm", 5)], True),
        ([saw(1, "confirm"), saw(2, "gone", 5)], False),
        ([saw(1, "confirm"), saw(2, "unable", 5)], False),
        ([saw(1, "confirm"), saw(2, "confirm", 5)], False),
        ([saw(1, "confirm"), saw(1, "nothing", 5)], False),
        ([saw(1, "confirm"), saw(2, "nothing", 5), saw(2, "confirm", 9)], False),
        ([saw(1, "confirm"), saw(2, "nothing", 5, on_site=False)], False),
        ([saw(1, "confirm"), saw(2, "nothing", DISPUTED_WITHIN.total_seconds() / 60 + 1)], False),
        ([], False),
    ],
)
def test_two_who_were_there_are_at_odds_only_about_one_time_and_by_their_last_word(
    sights: list[Observation], disputed: bool
) -> None:
    assert is_disputed(sights) is disputed


def test_a_question_about_the_way_is_no_call_for_help() -> None:
    assert [names_help(words) for words in ("need help", "¡Ayuda!", "ayúdenme por favor", "HELP ME")] == [True] * 4
    assert [names_help(words) for words in ("which entrance?", "where do I park", "helpful sign on the door")] == [False] * 3


async def test_a_question_of_who_is_asked_or_on_the_way_is_a_note_and_alarms_nobody(field: Field) -> None:
    await field.enlist("Abe")
    await field.ask("Abe")
    assert "15" in await field.text("Abe", "which Walmart do you mean?")
    await field.text("Abe", "Y")
    await field.text("Abe", "which entrance should I use?")
    assert (await field.verbs("offer.note"), await field.verbs("offer.help_wanted")) == (["offer.note"] * 2, [])
