"""Signing up, choosing, leaving and stopping, as a person does it with a phone, in both languages."""

from __future__ import annotations

import pytest

from tests.conftest import LogBook
from tests.journeys.conftest import Line


@pytest.mark.parametrize(
    ("language", "steps", "stop"),
    [
        (
            "en",
            [
                ("JOIN", "which county"),
                ("27701", "verified alerts for Durham County"),
                ("JOIN WAKE", "verified alerts for Wake County"),
                ("DAYTIME", "8am to 9pm"),
                ("ANYTIME", "at any hour"),
                ("MY COUNTIES", "Durham, Wake"),
                ("LEAVE WAKE", "You still get texts for Durham County"),
                ("JOIN EVENTS", "events for Durham County"),
                ("PAUSE", "no alerts until"),
                ("RESUME", "on again for Durham County"),
                ("español", "en español"),
            ],
            "please take me off your list",
        ),
        (
            "es",
            [
                ("quiero recibir alertas", "qué condado"),
                ("Durham", "alertas verificadas del condado de Durham"),
                ("JUNTAR WAKE", "condado de Wake"),
                ("SOLO DE DIA", "8am a 9pm"),
                ("A CUALQUIER HORA", "a toda hora"),
                ("MIS CONDADOS", "Durham, Wake"),
                ("SALIR DE WAKE", "Sigue recibiendo los de condado de Durham"),
                ("JUNTAR EVENTOS", "eventos del condado de Durham"),
                ("PAUSA", "sin alertas hasta el"),
                ("REANUDAR", "otra vez recibe alertas del condado de Durham"),
                ("in english please", "in English"),
            ],
            "ya no quiero que me manden mensajes",
        ),
    ],
)
async def test_a_neighbour_signs_up_chooses_and_stops(
    line: Line, log_book: LogBook, language: str, steps: list[tuple[str, str]], stop: str
) -> None:
    rosa = line.devices("+19195550161", name="Rosa", language=language)
    for words, reply in steps:
        await rosa.texts(words)
        await rosa.expects(reply)
    await rosa.texts(stop)
    await rosa.next_text()
    await rosa.texts(stop)
    await rosa.expects_nothing_more()
    await line.devices.check(log_book.text.getvalue(), log_book.errors())


async def test_twilio_confirms_a_stop_and_we_say_nothing_more(line: Line, log_book: LogBook) -> None:
    ken = line.devices("+19195550162", name="Ken")
    await ken.texts("JOIN Durham")
    await ken.expects("Durham County")
    await ken.texts("STOP")
    await ken.expects("unsubscribed")
    await ken.expects_nothing_more()
    await line.devices.check(log_book.text.getvalue(), log_book.errors())


async def test_two_machines_fall_silent(line: Line, log_book: LogBook) -> None:
    machine = line.devices("+19195550163", name="An answering machine")
    answered = 0
    words = "We got your message and will call you back."
    while answered < 20:
        handed = await machine.texts(words)
        if not handed["replies"]:
            break
        answered += 1
        words = await machine.next_text()
    assert answered <= 2
    await line.devices.check(log_book.text.getvalue(), log_book.errors())
