"""The conversation on real phones, in both languages: what is asked, what is understood, and that each hears the outcome once."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Line

ROSA, KEN = "+19195550161", "+19195550162"


@pytest.mark.parametrize(
    ("number", "turns"),
    [
        (
            ROSA,
            (
                ("anda la migra por aqui", "¿Dónde es?"),
                ("Durham", "¿Qué ve"),
                ("3 camionetas blancas, traen chalecos", "Todav"),
                ("sí sigue", "agregamos"),
            ),
        ),
        (
            KEN,
            (
                ("I see ICE agents here", "Where is this?"),
                ("27703", "What do you see"),
                ("two of them in a white van", "still happening"),
                ("they left", "it is over"),
            ),
        ),
    ],
)
async def test_one_question_at_a_time_until_all_is_said(line: Line, number: str, turns: tuple[tuple[str, str], ...]) -> None:
    phone = line.devices(number)
    for says, hears in turns:
        await phone.texts(says)
        heard = await phone.next_text()
        assert plain(hears) in plain(heard), heard
        assert heard.count("¿") + heard.count("?") <= 4


async def test_a_stop_ends_every_question_at_once(line: Line) -> None:
    ken = line.devices(KEN)
    await ken.texts("ICE agents outside the Food Lion on Roxboro in Durham")
    await ken.expects("What do you see")
    await ken.texts("stop texting me please")
    await ken.expects("no more texts")
    await ken.texts("two vans")
    await ken.expects_nothing_more()


async def test_a_rumor_is_answered_with_what_is_known(line: Line) -> None:
    rosa = line.devices(ROSA)
    await rosa.texts("es cierto que anda la migra en la Walmart de la Roxboro en Durham?")
    await rosa.expects("no sabemos nada de eso")
    ken = line.devices(KEN)
    await ken.texts("is it true ICE is at the Walmart on Roxboro in Durham?")
    await ken.expects("nobody has confirmed that")


def plain(text: str) -> str:
    return text.translate(str.maketrans("áíóúé", "aioue"))
