"""A drill as data: a TOML file says what happens where, who is on shift and how people behave; the seed makes the rest.

Files lie in `drills/` beside this one, or anywhere: `vigia drill my-county.toml`. docs/drills.md says what each field means.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import BadInput
from app.records.verification import Outcome

FOLDER: Final = Path(__file__).parent / "drills"

Span = tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]]
"""From and to: each person draws a number between."""

Share = Annotated[float, Field(ge=0, le=1)]
AREAS: Final = (704, 336, 252, 910, 828, 980, 984)
"""Area codes of the state, each with a hundred numbers for fiction (555-0100 to 555-0199)."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Happening(_Strict):
    """One event of the world: where, what it really is, when it begins (`minute`), how many people report it and `within` how many minutes
    of that. After `lasts` minutes they have left. `places` are how people call the place, by language; `answer` is what they say when
    asked where."""

    county: str
    truth: Outcome
    minute: Annotated[float, Field(ge=0)]
    reports: Annotated[int, Field(ge=1)]
    within: Annotated[float, Field(ge=0)] = 6
    lasts: Annotated[float, Field(gt=0)] = 90
    places: dict[str, Annotated[list[str], Field(min_length=1)]]
    answer: str


class Dispatchers(_Strict):
    """How dispatchers work: how often they look, how long they read before they ask, and think before they decide; after how many minutes
    without anybody on the way they decide that it could not be checked."""

    count: Annotated[int, Field(ge=1)]
    looks_every_s: Span = (3, 10)
    reads_s: Span = (12, 35)
    decides_s: Span = (5, 20)
    gives_up_min: Annotated[float, Field(gt=0)] = 25


class Verifiers(_Strict):
    """How verifiers behave: the share that says yes or no to an offer (the others are silent), how fast they answer, how long the way
    is, and the look around. `homes` are the counties of each, in turn."""

    count: Annotated[int, Field(ge=1)]
    yes: Share = 0.6
    no: Share = 0.15
    answers_s: Span = (10, 75)
    travels_min: Span = (4, 14)
    looks_min: Span = (1, 4)
    homes: Annotated[list[list[str]], Field(min_length=1)]


class Reporters(_Strict):
    """How reporters behave: the share that leaves the place out, and how fast they answer a question."""

    leaves_place_out: Share = 0.1
    answers_s: Span = (15, 60)


class Scenario(_Strict):
    """A whole drill. `sayings` are what people write, by language, with a blank {place}; `placeless` what they write without one."""

    title: str
    about: str
    begins: datetime
    drains_min: Annotated[float, Field(gt=0)] = 75
    dispatchers: Dispatchers
    verifiers: Verifiers
    reporters: Reporters = Reporters()
    sayings: dict[str, Annotated[list[str], Field(min_length=1)]]
    placeless: dict[str, Annotated[list[str], Field(min_length=1)]]
    happening: Annotated[list[Happening], Field(min_length=1)]

    @property
    def reports(self) -> int:
        """How many reports come in."""
        return sum(one.reports for one in self.happening)


@dataclass(frozen=True)
class Reporting:
    """One person who reports: at which instant, from which number, what they write and what they answer when asked where."""

    at: datetime
    number: str
    language: str
    words: str
    answer: str
    happening: Happening


def list_scenarios(folder: Path = FOLDER) -> list[tuple[str, Scenario]]:
    """The scenarios that come along, by name."""
    return [(file.stem, read_scenario(file)) for file in sorted(folder.glob("*.toml"))]


def find_scenario(name: str, folder: Path = FOLDER) -> Scenario:
    """A scenario by its name, or by the path of a file. Raises BadInput naming those there are, or what is wrong in the file."""
    file = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(known for known, _ in list_scenarios(folder))
        raise BadInput(f"There is no drill {name}. There are: {known}.")
    return read_scenario(file)


def read_scenario(file: Path) -> Scenario:
    """The scenario of a file. Raises BadInput saying what is wrong in it."""
    try:
        return Scenario.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file.name}: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors(include_input=False))
        raise BadInput(f"{file.name}: {wrong}") from error


def script_of(scenario: Scenario, seed: int) -> list[Reporting]:
    """Who reports what and when, in order; the same for the same seed."""
    chance = random.Random(f"{seed}/script")  # noqa: S311  # a rehearsal
    people: list[Reporting] = []
    for happening in scenario.happening:
        for n in range(happening.reports):
            minute = happening.minute + (0 if n == 0 else chance.uniform(0, happening.within))
            language = chance.choice(sorted(happening.places))
            place = chance.choice(happening.places[language])
            placeless = n > 0 and chance.random() < scenario.reporters.leaves_place_out
            said = chance.choice((scenario.placeless if placeless else scenario.sayings)[language])
            people.append(
                Reporting(
                    scenario.begins + timedelta(minutes=minute),
                    number_of(len(people)),
                    language,
                    said.format(place=place),
                    happening.answer,
                    happening,
                )
            )
    return sorted(people, key=lambda one: one.at)


def number_of(n: int) -> str:
    """The phone of the n-th reporter, out of the numbers for fiction. Raises BadInput where there are no more."""
    if n >= 100 * len(AREAS):
        raise BadInput(f"A drill can have {100 * len(AREAS)} reports at most, as there are no more numbers for fiction.")
    return f"+1{AREAS[n // 100]}55501{n % 100:02d}"


def homes_of(scenario: Scenario, verifiers: int) -> Sequence[Sequence[str]]:
    """The counties of each verifier."""
    homes = scenario.verifiers.homes
    return [homes[n % len(homes)] for n in range(verifiers)]
