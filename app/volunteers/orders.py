"""What a volunteer orders by text about their own shift: ON, OFF, SHIFT and their Spanish twins. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Order(StrEnum):
    """What is to be done with the sender's shift."""

    ON = "on"
    OFF = "off"
    SHIFT = "shift"  # say which it is


HOURS: Final = 24

WORDS: Final[dict[Order, frozenset[str]]] = {
    Order.ON: frozenset(
        {"on", "on shift", "shift on", "start shift", "begin shift", "en turno", "entro", "turno si", "empiezo turno"}
    ),
    Order.OFF: frozenset({"off", "off shift", "shift off", "end shift", "fuera de turno", "salgo", "turno no", "fin de turno"}),
    Order.SHIFT: frozenset({"shift", "turno", "my shift", "mi turno"}),
}
"""The whole texts of each order."""


_QUIET: Final = re.compile(r"(?:quiet|silencio)\s+(?:de\s+|from\s+)?(\d{1,2})\s*(?:-|to|a|until|hasta)\s*(\d{1,2})")


def read_quiet_hours(text: str) -> tuple[int, int] | None:
    """The hours of the day from and until which the sender is not to be asked: "QUIET 22-7", "silencio de 22 a 7". Equal hours mean none.
    None where the text says something else, or an hour that no clock has."""
    found = _QUIET.fullmatch(" ".join(text.casefold().replace("–", "-").strip(" .!").split()))
    if found is None or not (int(found[1]) < HOURS and int(found[2]) < HOURS):
        return None
    return int(found[1]), int(found[2])


def read_order(text: str) -> Order | None:
    """The order that a text is and nothing else, whatever its case, spaces and punctuation; None where it is no order."""
    plain = " ".join(re.sub(r"[^\w\s]", "", text.casefold().replace("í", "i")).split())
    return next((order for order, words in WORDS.items() if plain in words), None)
