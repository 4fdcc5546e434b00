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


WORDS: Final[dict[Order, frozenset[str]]] = {
    Order.ON: frozenset(
        {"on", "on shift", "shift on", "start shift", "begin shift", "en turno", "entro", "turno si", "empiezo turno"}
    ),
    Order.OFF: frozenset({"off", "off shift", "shift off", "end shift", "fuera de turno", "salgo", "turno no", "fin de turno"}),
    Order.SHIFT: frozenset({"shift", "turno", "my shift", "mi turno"}),
}
"""The whole texts of each order."""


def read_order(text: str) -> Order | None:
    """The order that a text is and nothing else, whatever its case, spaces and punctuation; None where it is no order."""
    plain = " ".join(re.sub(r"[^\w\s]", "", text.casefold().replace("í", "i")).split())
    return next((order for order, words in WORDS.items() if plain in words), None)
