"""Simulated phones: who holds one, which numbers may exist, and what is wrong with a phone that can't be reached."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

SIMULATED_NUMBER: Final = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
"""Numbers 555-0100 to 555-0199 of any area code: set aside for fiction, so no real phone can ever be named."""

E164: Final = re.compile(r"\+[1-9]\d{6,14}")
"""What Twilio takes for a phone number: a plus and 7 to 15 digits (ITU-T E.164)."""


@dataclass(slots=True)
class Phone:
    """One phone. `arrived` lists the SIDs of texts in the order in which this phone got them, `thread` those with its own between."""

    number: str
    name: str = ""
    county: str = ""
    language: str = "en"
    role: str = "neighbour"
    trouble: int | None = None
    arrived: list[str] = field(default_factory=list)
    thread: list[str] = field(default_factory=list)
    seen: int = 0
    """How many of `arrived` the person in front of the page has looked at."""

    @property
    def unread(self) -> int:
        """Texts that arrived and were not looked at."""
        return len(self.arrived) - self.seen


def is_simulated(number: str) -> bool:
    """Whether `number` (E.164) is one of the fictional ones."""
    return SIMULATED_NUMBER.fullmatch(number) is not None


def next_free_number(taken: Collection[str], area: str = "919") -> str:
    """The lowest fictional number of area code `area` that is not in `taken`. Raises ValueError when all hundred are."""
    for line in range(100):
        number = f"+1{area}55501{line:02d}"
        if number not in taken:
            return number
    message = f"all hundred fictional numbers of area code {area} are taken"
    raise ValueError(message)


def spoken(number: str) -> str:
    """A number as people write it: (919) 555-0123."""
    if is_simulated(number):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
