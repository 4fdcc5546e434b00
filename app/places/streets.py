"""Streets with their house numbers and corners, from a file that an administrator made of Census address ranges.

The file is an SQLite database that is only ever read here, a page at a time, so that a whole state's streets cost no memory. Without the
file, or for a county that it does not hold, streets are known by the pack's list alone. `app/operations/streets.py` writes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from app.places import cues
from app.places.words import phrase

SCHEMA: Final = """
CREATE TABLE county (fips TEXT PRIMARY KEY, source TEXT NOT NULL);
CREATE TABLE street (id INTEGER PRIMARY KEY, county TEXT NOT NULL, base TEXT NOT NULL, direction TEXT NOT NULL, suffix TEXT NOT NULL,
    name TEXT NOT NULL);
CREATE TABLE segment (street INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, odd INTEGER NOT NULL,
    latitude REAL NOT NULL, longitude REAL NOT NULL);
CREATE TABLE corner (one INTEGER NOT NULL, other INTEGER NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL,
    PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE INDEX street_base ON street (base);
CREATE INDEX street_county ON street (county);
CREATE INDEX segment_street ON segment (street);
"""
STREETS_FILE: Final = "streets.sqlite"
"""Its name under VIGIA_DATA."""

COARSE: Final = 3
"""Decimals of a degree that a point is given with, about a hundred metres: a house is nobody's business."""


class StreetName(NamedTuple):
    """A street's name in its parts, folded: "n", "roxboro", "st". Direction and suffix may be empty."""

    direction: str
    base: str
    suffix: str


class Spot(NamedTuple):
    """Where an address or a corner is: a county (FIPS), the street's printed name, a coarse point in WGS 84 degrees."""

    county: str
    name: str
    latitude: float
    longitude: float


def street_name(said: str) -> StreetName:
    """The parts of a street's name as it is said or printed: "North Roxboro Street" and "N Roxboro St" are the same."""
    words = phrase(said).split()
    direction = _DIRECTIONS.get(words[0], "") if len(words) > 1 else ""
    if direction:
        words = words[1:]
    suffix = cues.STREET_SUFFIX.get(words[-1], _OTHER_SUFFIXES.get(words[-1], "")) if len(words) > 1 else ""
    if suffix:
        words = words[:-1]
    return StreetName(direction, " ".join(words), suffix.lower())


@dataclass(frozen=True, slots=True)
class Streets:
    """The streets of some counties."""

    counties: frozenset[str]
    _file: sqlite3.Connection

    @classmethod
    def open(cls, path: Path) -> Streets | None:
        """The streets in a file, or None where there is none. Raises sqlite3.DatabaseError for a file of another kind."""
        if not path.exists():
            return None
        file = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        return cls(frozenset(fips for (fips,) in file.execute("SELECT fips FROM county")), file)

    def address(self, name: StreetName, number: int) -> list[Spot]:
        """Where this house number stands, in each county that has it. Zeros and other numbers find nothing."""
        spots: dict[str, Spot] = {}
        for street, county, printed in self._streets(name):
            row = self._file.execute(
                "SELECT latitude, longitude FROM segment WHERE street = ? AND low <= ? AND high >= ? AND odd = ? LIMIT 1",
                (street, number, number, number % 2),
            ).fetchone()
            if row:
                spots.setdefault(county, _spot(county, printed, row))
        return list(spots.values())

    def corner(self, one: StreetName, other: StreetName) -> list[Spot]:
        """Where two streets meet, in each county where they do."""
        spots: dict[str, Spot] = {}
        across = {street: (county, printed) for street, county, printed in self._streets(other)}
        for street, county, printed in self._streets(one):
            for crossing, (place, name) in across.items():
                if place != county:
                    continue
                pair = (min(street, crossing), max(street, crossing))
                row = self._file.execute("SELECT latitude, longitude FROM corner WHERE one = ? AND other = ?", pair).fetchone()
                if row:
                    spots.setdefault(county, _spot(county, f"{printed} & {name}", row))
        return list(spots.values())

    def _streets(self, name: StreetName) -> Iterable[tuple[int, str, str]]:
        rows = self._file.execute(
            "SELECT id, county, name, direction, suffix FROM street WHERE base = ? LIMIT 400", (name.base,)
        )
        return [
            (street, county, printed)
            for street, county, printed, direction, suffix in rows.fetchall()
            if (not name.suffix or suffix == name.suffix) and (not name.direction or direction in {"", name.direction})
        ]


def _spot(county: str, name: str, point: tuple[float, float]) -> Spot:
    return Spot(county, name, round(point[0], COARSE), round(point[1], COARSE))


_DIRECTIONS: Final = {
    "n": "n", "s": "s", "e": "e", "w": "w", "north": "n", "south": "s", "east": "e", "west": "w", "norte": "n", "sur": "s", "este": "e",
    "oeste": "w", "nort": "n", "sout": "s",
}  # fmt: skip
_OTHER_SUFFIXES: Final = {
    "ter": "Ter", "terrace": "Ter", "pl": "Pl", "place": "Pl", "way": "Way", "trail": "Trl", "loop": "Loop", "court": "Ct", "xing": "Xing",
    "crossing": "Xing", "sq": "Sq", "square": "Sq", "ext": "Ext", "expy": "Expy", "expressway": "Expy", "fwy": "Fwy", "freeway": "Fwy",
    "run": "Run", "row": "Row", "pike": "Pike", "path": "Path",
}  # fmt: skip
