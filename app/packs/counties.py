"""The counties of a state: the unit that people subscribe to, that volunteers cover and that an alert goes to.

Example: `load_counties("us_nc").by_fips("37063").label("es")` is "condado de Durham".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from app.packs import pack_file

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class County:
    """One county. `fips` has five digits; the point lies inside it; `box` is (west, south, east, north); all in WGS 84 degrees."""

    fips: str
    name: str
    seat: str
    latitude: float
    longitude: float
    box: Box

    def label(self, language: str) -> str:
        """The county's name as a text says it: "Durham County", in Spanish "condado de Durham"."""
        return f"condado de {self.name}" if language == "es" else f"{self.name} County"


@dataclass(frozen=True, slots=True)
class Counties:
    """Every county of a state; iterates in the order of the names."""

    rows: tuple[County, ...]
    _by_fips: dict[str, County] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_fips.update({county.fips: county for county in self.rows})

    def __iter__(self) -> Iterator[County]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, fips: object) -> bool:
        return fips in self._by_fips

    def by_fips(self, fips: str) -> County:
        """The county with this five-digit code. Raises KeyError where the state has none."""
        return self._by_fips[fips]


@cache
def load_counties(pack: str) -> Counties:
    """The counties of the pack, for example `us_nc`. Raises FileNotFoundError where the pack has no `counties.json`."""
    rows = json.loads(pack_file(pack, "counties.json").read_text(encoding="utf-8"))
    counties = [
        County(fips, name, seat, latitude, longitude, (west, south, east, north))
        for fips, name, seat, latitude, longitude, west, south, east, north in rows
    ]
    return Counties(tuple(sorted(counties, key=lambda county: county.name.casefold())))
