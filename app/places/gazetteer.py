"""Every name that a text may call a place by, and what it means: counties, cities, ZIP codes, neighbourhoods, corridors, landmarks.

Built once from the pack's data files and never changed. A name is looked up as its folded words, so "Fuquay-Varina" is found under
"fuquay varina"; names that sound or look like it are found through `app/places/sounds.py`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any, Final

from app.packs import pack_file
from app.packs.counties import Box, Counties, load_counties
from app.places.roads import Roads
from app.places.sounds import NearNames
from app.places.streets import Streets
from app.places.words import phrase

LARGE_TOWN = 5_000
"""People. A smaller place of one word needs a place word beside its name, as many small towns are named like a person or a thing."""


OFFICES: Final = {
    "Courthouse": (
        "{} county courthouse", "{} county court", "{} county court house", "corte del condado de {}", "corte del condado {}",
        "corte de {} county", "courthouse in {} county", "courthouse of {} county", "{} county justice center",
    ),
    "Jail": (
        "{} county jail", "{} county detention center", "{} county detention", "{} co jail", "carcel del condado de {}",
        "carcel del condado {}", "carcel de {} county", "jail in {} county", "{} county lockup", "carcel del {} county",
    ),
    "Sheriff's Office": (
        "{} county sheriff", "{} county sheriffs office", "{} county sheriffs", "{} county sheriffs department",
        "sheriff del condado de {}", "sheriff de {} county", "oficina del sheriff de {}",
    ),
}  # fmt: skip
"""What every county has at its seat, and how it is said; `{}` is the county's name."""


STREET_ENDS: Final = frozenset({"st", "ave", "rd", "blvd", "dr", "hwy", "ln", "pkwy", "ct", "cir", "trl", "way"})
"""How the public name of a street ends; one that ends otherwise ("Durham Freeway") is not said without its end."""


class PlaceKind(StrEnum):
    """What a name names. A brand stands in many counties and only lends its name to another place."""

    COUNTY = "county"
    CITY = "city"
    ZIP = "zip"
    NEIGHBOURHOOD = "neighbourhood"
    CORRIDOR = "corridor"
    LANDMARK = "landmark"
    HIGHWAY = "highway"
    STREET = "street"
    BRAND = "brand"
    POINT = "point"
    ELSEWHERE = "elsewhere"


class Caution(IntEnum):
    """How much the words around a name must back it before it counts as a place."""

    NONE = 0
    SOME = 1
    MUCH = 2
    GIVEN = 3
    MOST = 4


@dataclass(frozen=True, slots=True)
class Place:
    """One meaning of a name. `counties` are FIPS codes, none for a brand; the point is WGS 84 degrees; `city` stands in the label."""

    name: str
    kind: PlaceKind
    counties: tuple[str, ...]
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    population: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """One way to say one place. `everywhere`: many towns have a street of this name, so that it only counts beside its own town;
    `person`: people bear it, too."""

    place: Place
    caution: Caution
    weight: float = 1.0
    everywhere: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The names of a state. `names` maps folded words to their meanings; `longest` maps a first word to the longest name in words."""

    pack: str
    counties: Counties
    names: Mapping[str, tuple[Name, ...]]
    longest: Mapping[str, int]
    zips: Mapping[str, Place]
    roads: Roads
    near: NearNames
    ordinary: frozenset[str]
    car_makers: frozenset[str]
    car_models: frozenset[str]
    state_names: frozenset[str]
    other_states: frozenset[str]
    other_states_plain: frozenset[str]
    other_states_capital: frozenset[str]
    box: Box
    other_scripts: Mapping[str, str]
    streets: Streets | None = None

    @property
    def zip_middles(self) -> dict[str, tuple[float, float]]:
        """The middle of each ZIP code (latitude and longitude in degrees)."""
        return {
            code: (place.latitude, place.longitude)
            for code, place in self.zips.items()
            if place.latitude is not None and place.longitude is not None
        }

    @staticmethod
    def from_pack(pack: str) -> Gazetteer:
        """The gazetteer of a pack, for example `us_nc`; the same object each time. Raises FileNotFoundError for an unknown pack."""
        return _build(pack)


@cache
def _build(pack: str) -> Gazetteer:
    counties = load_counties(pack)
    notes = tomllib.loads(pack_file(pack, "places.toml").read_text(encoding="utf-8"))
    sights = tomllib.loads(pack_file(pack, "landmarks.toml").read_text(encoding="utf-8"))
    institutions = tomllib.loads(pack_file(pack, "institutions.toml").read_text(encoding="utf-8"))
    fips = {county.name: county.fips for county in counties}
    cities = [
        Place(name, PlaceKind.CITY, tuple(codes), name, latitude, longitude, population)
        for name, codes, latitude, longitude, population in json.loads(
            pack_file(pack, "cities.json").read_text(encoding="utf-8")
        )
    ]
    cities += [
        Place(name, PlaceKind.CITY, (fips[county],), name)
        for county, villages in notes["villages"].items()
        for name in _listed(villages)
    ]
    names = _Names(notes["caution"], frozenset(_listed(notes["persons"]["names"])))
    names.add_counties(counties, notes["by_ear_county"])
    names.add_cities(cities, notes["by_ear"])
    names.add_brands(sights.pop("brands")["names"])
    names.add_sights(sights, fips, cities)
    names.add_sights(institutions, fips, cities)
    names.add_offices(counties, cities)
    for name in _listed(notes["elsewhere"]["cities"]["names"]):
        names.add(phrase(name), Place(name, PlaceKind.ELSEWHERE, ()), Caution.NONE)

    everything = names.finished()
    zips = {
        code: Place(code, PlaceKind.ZIP, (county,), city, latitude, longitude)
        for code, city, county, latitude, longitude in json.loads(pack_file(pack, "zips.json").read_text(encoding="utf-8"))
    }
    longest: dict[str, int] = {}
    for key in everything:
        first, count = key.split(" ", 1)[0], key.count(" ") + 1
        longest[first] = max(longest.get(first, 0), count)
    states = notes["elsewhere"]["states"]
    plain = frozenset(_listed(states["plain"]))
    return Gazetteer(
        pack=pack,
        counties=counties,
        names=everything,
        longest=longest,
        zips=zips,
        roads=Roads.read(json.loads(pack_file(pack, "roads.json").read_text(encoding="utf-8")), fips),
        near=NearNames.of(_worth_mishearing(everything)),
        ordinary=frozenset(_listed(notes["caution"]["ordinary"])),
        car_makers=frozenset(_listed(notes["vehicles"]["makers"])),
        car_models=frozenset(_listed(notes["vehicles"]["models"])),
        state_names=frozenset(_listed(notes["state"]["names"])),
        other_states=frozenset(_listed(states["names"])),
        other_states_plain=plain,
        other_states_capital=frozenset(_listed(states["abbreviations"])) - plain,
        other_scripts={
            heard: f" {name} " for name, spellings in notes["other_scripts"].items() for heard in _listed(spellings)
        },
        box=(
            min(county.box[0] for county in counties),
            min(county.box[1] for county in counties),
            max(county.box[2] for county in counties),
            max(county.box[3] for county in counties),
        ),
    )


class _Names:
    """Gathers the names while the gazetteer is built."""

    def __init__(self, cautions: Mapping[str, str], persons: frozenset[str]) -> None:
        self._names: dict[str, dict[Place, Name]] = {}
        self._persons = persons
        self._cautions = {
            phrase(name): Caution(level)
            for level, key in enumerate(("none", "some", "much", "given", "most"))
            for name in _listed(cautions[key])
        }

    def add(self, key: str, place: Place, caution: Caution, weight: float = 1.0, *, everywhere: bool = False) -> None:
        if key:
            name = Name(place, caution, weight, everywhere, person=key in self._persons)
            self._names.setdefault(key, {}).setdefault(place, name)

    def add_counties(self, counties: Counties, by_ear: Mapping[str, str]) -> None:
        for county in counties:
            place = Place(county.name, PlaceKind.COUNTY, (county.fips,), "", county.latitude, county.longitude)
            key = phrase(county.name)
            self.add(key, place, self._cautions.get(key, Caution.NONE))
            for heard in _listed(by_ear.get(county.name, "")):
                caution = Caution.NONE if len(heard) > 6 else Caution.SOME
                self.add(phrase(heard), place, max(caution, self._cautions.get(phrase(heard), caution)), 0.9)

    def add_cities(self, cities: list[Place], by_ear: Mapping[str, str]) -> None:
        for city in cities:
            key = phrase(city.name)
            usual = Caution.NONE if city.population >= LARGE_TOWN or " " in key else Caution.SOME
            caution = self._cautions.get(key, usual)
            for spelling in _spellings(key):
                self.add(spelling, city, caution)
            for heard in _listed(by_ear.get(city.name, "")):
                self.add(phrase(heard), city, max(caution, Caution.NONE if len(heard) > 5 else Caution.SOME), 0.9)

    def add_brands(self, text: str) -> None:
        for names in _lines(text):
            brand = Place(names[0], PlaceKind.BRAND, ())
            for name in names:
                self.add(phrase(name), brand, Caution.NONE)

    def add_offices(self, counties: Counties, cities: list[Place]) -> None:
        """Every county's courthouse, jail and sheriff, at its seat."""
        by_name = {(city.name, code): city for city in cities for code in city.counties}
        for county in counties:
            seat = by_name.get((county.seat, county.fips))
            point = (seat.latitude, seat.longitude) if seat else (None, None)
            key = phrase(county.name)
            for title, patterns in OFFICES.items():
                place = Place(f"{county.name} County {title}", PlaceKind.LANDMARK, (county.fips,), county.seat, *point)
                for pattern in patterns:
                    self.add(pattern.format(key), place, Caution.NONE)

    def add_sights(self, sights: Mapping[str, Any], fips: Mapping[str, str], cities: list[Place]) -> None:
        by_name = {(city.name, code): city for city in cities for code in city.counties}
        for county, towns in sights.items():
            for town, kinds in towns.items():
                city = by_name.get((town, fips[county]))
                for kind, text in kinds.items():
                    self._add_lines(text, PlaceKind(kind), fips[county], town, city)

    def _add_lines(self, text: str, kind: PlaceKind, county: str, town: str, city: Place | None) -> None:
        for names in _lines(text):
            point = (city.latitude, city.longitude) if city else (None, None)
            place = Place(names[0].lstrip("?~"), kind, (county,), town, *point)
            everywhere = names[0].startswith("~")
            for name in names:
                caution = Caution(min(len(name) - len(name.lstrip("?")), 2))
                self.add(phrase(name), place, caution, everywhere=everywhere)
            if kind is PlaceKind.CORRIDOR:
                for spoken in _spoken_street(phrase(place.name)):
                    self.add(spoken, place, Caution.NONE, everywhere=everywhere)

    def finished(self) -> dict[str, tuple[Name, ...]]:
        return {key: tuple(names.values()) for key, names in self._names.items()}


def _spellings(key: str) -> Iterator[str]:
    """A city's name as it may be written: "mt airy" for "mount airy", "rockymount" for "rocky mount"."""
    yield key
    first, _, rest = key.partition(" ")
    other = {"mount": "mt", "fort": "ft", "st": "saint", "north": "n", "south": "s", "east": "e", "west": "w"}.get(first)
    if rest and other:
        yield f"{other} {rest}"
    if rest and len(key) >= 10:
        yield key.replace(" ", "")


def _spoken_street(key: str) -> Iterator[str]:
    """How a street is named without its kind: "on roxboro", "la roxboro" for "n roxboro st"."""
    words = key.split(" ")
    base = words[1:-1] if words[0] in {"n", "s", "e", "w"} else words[:-1]
    if (
        base
        and words[-1] in STREET_ENDS
        and len(base[0]) >= 4
        and base[0] not in {"park", "high", "market", "church", "main", "central", "club", "west", "south"}
    ):
        for before in ("on", "off", "la"):
            yield f"{before} {' '.join(base)}"


SMALL_TOWN = 1_000
"""People. A town of fewer whose name is a word or a person's, too, is not what a strange word is taken for."""


def _worth_mishearing(names: Mapping[str, tuple[Name, ...]]) -> Iterator[str]:
    """The names that a misspelled word may be taken for: counties, towns of some size or of a name like no other, and sights whose name
    is long enough. Names that are themselves heard spellings are left out, as a mishearing of those would be too far off."""
    for key, meanings in names.items():
        if any(name.weight == 1.0 and _is_memorable(key, name) for name in meanings):
            yield key


def _is_memorable(key: str, name: Name) -> bool:
    if len(key.split(" ", 1)[0]) == 1:
        return False  # "s weldon" for South Weldon sounds like too much
    match name.place.kind:
        case PlaceKind.COUNTY:
            return True
        case PlaceKind.CITY:
            plain = name.caution is Caution.NONE or (name.caution is Caution.SOME and name.place.population >= SMALL_TOWN)
            return name.place.population >= LARGE_TOWN or (plain and len(key) >= 7)
        case PlaceKind.CORRIDOR | PlaceKind.LANDMARK | PlaceKind.NEIGHBOURHOOD:
            return len(key) >= 9 and all(len(word) >= 4 for word in key.split())
        case _:
            return False


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.replace("\n", " ").split(",") if name.strip()]


def _lines(text: str) -> Iterator[list[str]]:
    """The lines of a list of landmarks, each as its public name and its other names."""
    for line in text.splitlines():
        public, _, others = line.partition("|")
        if public.strip():
            yield [public.strip(), *_listed(others)]
