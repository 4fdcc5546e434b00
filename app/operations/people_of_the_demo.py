"""The people of the demo: invented aliases with fictional numbers (555-01xx), volunteers with a week of shifts, and forty subscribers in
four counties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.simulator.story import CASTS
from app.volunteers.hours import Weekly

DURHAM: Final = "37063"
WAKE: Final = "37183"
MECKLENBURG: Final = "37119"
ALAMANCE: Final = "37001"

LINE: Final = "+19195550100"
"""The hotline's own number in the demo."""


@dataclass(frozen=True)
class DemoVolunteer:
    """A volunteer of the demo. `page`: the role under which their sign-in link is printed, empty for those who have none. `week`: their
    weekly shifts; who plans none is on duty at any hour, since the demo is played at any hour."""

    alias: str
    page: str
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    counties: tuple[str, ...]
    trained: bool
    number: str
    week: tuple[Weekly, ...] = ()


@dataclass(frozen=True)
class DemoPhone:
    """A phone of the demo; `county` is what its owner subscribes to, None for a neighbour who subscribes to nothing."""

    number: str
    name: str
    county: str | None
    language: str


_MORNING, _EVENING = (420, 900), (900, 1320)


def _shifts(mornings: tuple[int, ...], evenings: tuple[int, ...]) -> tuple[Weekly, ...]:
    """From 7 until 15 and from 15 until 22 o'clock on these weekdays, 0 being Monday."""
    return (*(Weekly(day, *_MORNING) for day in mornings), *(Weekly(day, *_EVENING) for day in evenings))


_FIRST, _SECOND, _THIRD = _shifts((0, 1, 2, 3), (6,)), _shifts((), (0, 1, 2, 4, 5)), _shifts((4, 5, 6), (3,))
"""Three people fill the hours of a week between them."""

_BUT_THURSDAY_EVENING: Final = _shifts((4, 5, 6), ())
"""The third of those who cover Durham, Wake and Alamance: one gap is left, so that Coverage has something to say."""

_TRIANGLE: Final = (DURHAM, WAKE, ALAMANCE)

VOLUNTEERS: Final = (
    DemoVolunteer("Ana", "dispatcher", ("dispatcher",), ("en", "es"), (), False, "+19195550101"),
    DemoVolunteer(
        "Beto", "second dispatcher", ("dispatcher", "backup", "lead"), ("en", "es"), (DURHAM, WAKE), False, "+19195550102"
    ),
    DemoVolunteer("Luz", "verifier", ("verifier",), ("en", "es"), (DURHAM,), True, "+19195550103"),
    DemoVolunteer("Sam", "second verifier", ("verifier",), ("en",), (DURHAM, WAKE), True, "+19195550104"),
    DemoVolunteer("Olga", "organizer", ("organizer",), ("en", "es"), (), False, "+19195550105"),
    DemoVolunteer("Tomas", "second organizer", ("organizer", "admin"), ("en", "es"), (), False, "+19195550106"),
    DemoVolunteer("Marta", "lead", ("lead", "dispatcher"), ("es", "en"), (), False, "+19195550107", _FIRST),
    DemoVolunteer("Nilo", "on backup", ("backup", "dispatcher"), ("es", "en"), (), False, "+19195550108", _SECOND),
    DemoVolunteer("Vera", "administrator", ("admin",), ("en", "es"), (), False, "+19195550118"),
    DemoVolunteer("Irma", "", ("dispatcher",), ("en", "es"), (), False, "+19195550109", _THIRD),
    DemoVolunteer("Teo", "", ("verifier",), ("es", "en"), _TRIANGLE, True, "+19195550151", _FIRST),
    DemoVolunteer("Zulma", "", ("verifier",), ("es",), _TRIANGLE, True, "+19195550152", _SECOND),
    DemoVolunteer("Noa", "", ("verifier",), ("en",), _TRIANGLE, True, "+19195550153", _BUT_THURSDAY_EVENING),
    DemoVolunteer("Wanda", "", ("verifier",), ("en",), (MECKLENBURG,), True, "+17045550151", _FIRST),
    DemoVolunteer("Yago", "", ("verifier",), ("es", "en"), (MECKLENBURG,), True, "+17045550152", _SECOND),
    DemoVolunteer("Gita", "", ("verifier",), ("en",), (MECKLENBURG,), True, "+17045550153", _THIRD),
)
"""The first six play the story."""


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
