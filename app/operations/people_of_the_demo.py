"""The people of the demo: invented aliases with fictional numbers (555-01xx), six volunteers and forty subscribers in four counties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.simulator.story import CASTS

DURHAM: Final = "37063"
WAKE: Final = "37183"
MECKLENBURG: Final = "37119"
ALAMANCE: Final = "37001"

LINE: Final = "+19195550100"
"""The hotline's own number in the demo."""


@dataclass(frozen=True)
class DemoVolunteer:
    """A volunteer of the demo. `page`: the role under which their sign-in link is printed."""

    alias: str
    page: str
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    counties: tuple[str, ...]
    trained: bool
    number: str


@dataclass(frozen=True)
class DemoPhone:
    """A phone of the demo; `county` is what its owner subscribes to, None for a neighbour who subscribes to nothing."""

    number: str
    name: str
    county: str | None
    language: str


VOLUNTEERS: Final = (
    DemoVolunteer("Ana", "dispatcher", ("dispatcher",), ("en", "es"), (), False, "+19195550101"),
    DemoVolunteer(
        "Beto", "second dispatcher", ("dispatcher", "backup", "lead"), ("en", "es"), (DURHAM, WAKE), False, "+19195550102"
    ),
    DemoVolunteer("Luz", "verifier", ("verifier",), ("en", "es"), (DURHAM,), True, "+19195550103"),
    DemoVolunteer("Sam", "second verifier", ("verifier",), ("en",), (DURHAM, WAKE), True, "+19195550104"),
    DemoVolunteer("Olga", "organizer", ("organizer",), ("en", "es"), (), False, "+19195550105"),
    DemoVolunteer("Tomas", "second organizer", ("organizer", "admin"), ("en", "es"), (), False, "+19195550106"),
)


NEIGHBOURS: Final = tuple(
    DemoPhone(number, name, None, "es" if n % 2 == 0 else "en") for n, (name, number) in enumerate(CASTS[0])
)
"""Those who text in the story: three see the same thing, one slipped on the ice."""

_NAMES: Final = {
    DURHAM: ("919555012", ("Alma", "Dee", "Chuy", "Fern", "Inés", "Joy", "Lalo", "May", "Nico", "Pat")),
    WAKE: ("919555013", ("Abril", "Gus", "Cruz", "Hope", "Flor", "Jim", "Lety", "Ned", "Paco", "Sue")),
    MECKLENBURG: ("704555012", ("Ada", "Bill", "Celia", "Drew", "Eli", "Gwen", "Hugo", "Kay", "Luis", "Roy")),
    ALAMANCE: ("336555012", ("Aida", "Bo", "Cami", "Dot", "Efra", "Gail", "Iván", "Lou", "Mina", "Ray")),
}

SUBSCRIBERS: Final = tuple(
    DemoPhone(f"+1{prefix}{n}", name, county, "es" if n % 2 == 0 else "en")
    for county, (prefix, names) in _NAMES.items()
    for n, name in enumerate(names)
)

WHO_STOPS: Final = SUBSCRIBERS[9]
"""The Durham subscriber who says STOP in the story."""
