"""`vigia places import-streets`: Census address-range files become the street index that `app/places/streets.py` reads.

The files are those that the Census Bureau offers for each county (TIGER/Line ADDRFEAT or EDGES, public domain); an administrator downloads
them. Importing a county again replaces it. The index is written beside the old one and put in its place whole.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import shapefile

from app.places.streets import SCHEMA, street_name

NODE_DECIMALS: Final = 5
"""Decimals of a degree (about a metre) to which two ends are the same crossing."""

RANGES: Final = (
    ("LFROMHN", "LTOHN"), ("RFROMHN", "RTOHN"),  # ADDRFEAT
    ("LFROMADD", "LTOADD"), ("RFROMADD", "RTOADD"),  # EDGES
)  # fmt: skip
"""The fields of house numbers at the beginning and end of each side."""


class NotStreets(ValueError):
    """A file that is no Census street file, and why."""


class Imported(NamedTuple):
    """What came of one import: the county (FIPS), streets, stretches with house numbers, corners."""

    county: str
    streets: int
    segments: int
    corners: int


def import_streets(source: Path, index: Path, counties: Iterable[str]) -> Imported:
    """Read one county's zipped shapefile into the index file. Raises NotStreets where it is none, or none of these counties (FIPS)."""
    try:
        with zipfile.ZipFile(source) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".shp")]
        if len(inside) != 1:
            raise NotStreets(f"{source.name} holds {len(inside)} shapefiles; one is expected, as the Census Bureau offers them")
        with shapefile.Reader(str(source)) as reader:
            fields = {field[0] for field in reader.fields}
            if "FULLNAME" not in fields or not any(low in fields for low, _ in RANGES):
                raise NotStreets(f"{source.name} has no street names with house numbers; choose an ADDRFEAT or EDGES file")
            return _write(index, source.name, _county_of(inside[0], reader, set(counties)), reader)
    except (zipfile.BadZipFile, shapefile.ShapefileException, OSError) as error:
        raise NotStreets(f"{source.name} can't be read: {error}") from error


def _county_of(name: str, reader: Any, counties: set[str]) -> str:
    match = re.search(r"_(\d{5})_(?:addrfeat|edges)", name.lower())
    fips = match.group(1) if match else ""
    if not fips and len(reader):
        record = reader.record(0).as_dict()
        fips = f"{record.get('STATEFP', '')}{record.get('COUNTYFP', '')}"
    if fips not in counties:
        raise NotStreets(
            f"{name} is not of a county of this state; keep the file's own name, such as tl_2024_37063_addrfeat.zip"
        )
    return fips


def _write(index: Path, source: str, county: str, reader: Any) -> Imported:
    index.parent.mkdir(parents=True, exist_ok=True)
    fresh = index.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    if index.exists():
        shutil.copyfile(index, fresh)
    file = sqlite3.connect(fresh)
    try:
        with file:
            if not index.exists():
                file.executescript(SCHEMA)
            _forget(file, county)
            file.execute("INSERT INTO county (fips, source) VALUES (?, ?)", (county, source))
            imported = _fill(file, county, reader)
        file.execute("VACUUM")
    except BaseException:
        file.close()
        fresh.unlink(missing_ok=True)
        raise
    file.close()
    fresh.replace(index)
    return imported


def _forget(file: sqlite3.Connection, county: str) -> None:
    old = "(SELECT id FROM street WHERE county = ?)"
    file.execute(f"DELETE FROM segment WHERE street IN {old}", (county,))  # noqa: S608  # no words of anybody's are in it
    file.execute(f"DELETE FROM corner WHERE one IN {old}", (county,))  # noqa: S608
    file.execute("DELETE FROM street WHERE county = ?", (county,))
    file.execute("DELETE FROM county WHERE fips = ?", (county,))


def _fill(file: sqlite3.Connection, county: str, reader: Any) -> Imported:
    known: dict[str, int] = {}
    ends: defaultdict[tuple[float, float], set[int]] = defaultdict(set)
    segments = 0
    for fields, points in _stretches(reader):
        name = str(fields["FULLNAME"] or "").strip()
        parts = street_name(name) if name else None
        if parts is None or not parts.base:
            continue
        if name not in known:
            written = file.execute(
                "INSERT INTO street (county, base, direction, suffix, name) VALUES (?, ?, ?, ?, ?)",
                (county, parts.base, parts.direction, parts.suffix, name),
            )
            known[name] = int(written.lastrowid or 0)
        street = known[name]
        longitude, latitude = _middle(points)
        for low, high in _ranges(fields):
            row = (street, low, high, low % 2, latitude, longitude)
            file.execute("INSERT INTO segment (street, low, high, odd, latitude, longitude) VALUES (?, ?, ?, ?, ?, ?)", row)
            segments += 1
        for x, y in (points[0], points[-1]):
            ends[round(x, NODE_DECIMALS), round(y, NODE_DECIMALS)].add(street)
    corners = {
        (one, other): (y, x) for (x, y), met in ends.items() if len(met) > 1 for one in met for other in met if one < other
    }
    file.executemany(
        "INSERT INTO corner (one, other, latitude, longitude) VALUES (?, ?, ?, ?)",
        ((*pair, *point) for pair, point in corners.items()),
    )
    return Imported(county, len(known), segments, len(corners))


def _stretches(reader: Any) -> Iterator[tuple[Mapping[str, Any], list[tuple[float, float]]]]:
    for item in reader.iterShapeRecords():
        points = [(float(x), float(y)) for x, y, *_ in item.shape.points]
        if points:
            yield item.record.as_dict(), points


def _middle(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    (west, south), (east, north) = points[(len(points) - 1) // 2], points[len(points) // 2]
    return (west + east) / 2, (south + north) / 2


def _ranges(fields: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The house numbers of each side, lower first; a side without plain numbers has none."""
    for beginning, end in RANGES:
        numbers = [str(fields.get(name) or "").strip() for name in (beginning, end)]
        if all(number.isdigit() and len(number) <= 6 for number in numbers):
            low, high = sorted(map(int, numbers))
            yield low, high
