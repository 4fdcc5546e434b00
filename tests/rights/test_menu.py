"""The menu of rights by text: RIGHTS, then a number or words, understood as the answer within its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from tests.intake.test_conversation_questions import Talk

KEN = "+19195550111"


@pytest.fixture
def ken(database: Database, hotline: Hotline, clock: ManualClock) -> Talk:
    return Talk(database, hotline, clock, KEN)


async def test_a_number_after_the_menu_is_its_answer_and_so_is_the_next_one(ken: Talk) -> None:
    menu = await ken.says("RIGHTS", segments=3)
    assert "2 car" in menu and "14 hold" in menu
    assert "In a car" in await ken.says("2", segments=3)
    assert "Two kinds of warrant" in await ken.says("13", segments=3)


async def test_words_after_the_menu_are_its_answer(ken: Talk) -> None:
    await ken.says("DERECHOS", segments=3)
    assert "En el carro" in await ken.says("en el carro", segments=3)


async def test_a_number_long_after_the_menu_is_no_answer(ken: Talk, clock: ManualClock) -> None:
    await ken.says("RIGHTS", segments=3)
    clock.advance(timedelta(minutes=31))
    assert "In a car" not in await ken.says("2", segments=3)


async def test_a_report_after_the_menu_is_a_report(ken: Talk) -> None:
    await ken.says("DERECHOS", segments=3)
    assert "Durham" in await ken.says("la migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")


async def test_rights_with_a_number_need_no_menu(ken: Talk) -> None:
    assert "A hold" in await ken.says("RIGHTS 14", segments=3)


async def test_the_menu_does_not_take_the_answer_to_where_it_is(ken: Talk) -> None:
    await ken.says("ICE agents with vests right now at the store")
    await ken.says("RIGHTS", segments=3)
    assert "Durham" in await ken.says("Durham")
