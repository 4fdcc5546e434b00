"""Census street files become an index, and addresses and corners of texts are found in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapefile

from app.operations.streets import NotStreets, import_streets
from app.packs.counties import load_counties
from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.places.streets import STREETS_FILE, Streets, street_name
from app.records.reading import Location

FIPS = [county.fips for county in load_counties("us_nc")]
DURHAM = [
    ("N Roxboro St", (2200, 2398), (2201, 2399), [(-78.8922, 36.0171), (-78.8916, 36.0181)]),
    ("N Roxboro St", (2400, 2498), (2401, 2499), [(-78.8916, 36.0181), (-78.8910, 36.0190)]),
    ("W Club Blvd", (100, 198), ("", ""), [(-78.8916, 36.0181), (-78.8950, 36.0183)]),
    ("Broad Oak Ln", (1, 99), (2, 98), [(-78.9000, 36.0000), (-78.9010, 36.0000)]),
]
MECKLENBURG = [
    ("South Blvd", (5400, 5498), (5401, 5499), [(-80.8760, 35.1500), (-80.8770, 35.1400)]),
    ("Arrowood Rd", (100, 198), (101, 199), [(-80.8770, 35.1400), (-80.8800, 35.1390)]),
    ("Broad Oak Ln", (1, 99), (2, 98), [(-80.8000, 35.2000), (-80.8010, 35.2000)]),
]

Street = tuple[str, tuple[Any, Any], tuple[Any, Any], list[tuple[float, float]]]


def census_file(folder: Path, name: str, streets: Sequence[Street], *, edges: bool = False) -> Path:
    """A zipped shapefile in the shape of the Census Bureau's ADDRFEAT or EDGES."""
    parts = {kind: io.BytesIO() for kind in ("shp", "shx", "dbf")}
    ends = ("ADD", "ADD") if edges else ("HN", "HN")
    with shapefile.Writer(**parts, shapeType=shapefile.POLYLINE) as writer:
        fields = ["FULLNAME", f"LFROM{ends[0]}", f"LTO{ends[0]}", f"RFROM{ends[1]}", f"RTO{ends[1]}"]
        for field in (*fields, *(("STATEFP", "COUNTYFP") if edges else ())):
            writer.field(field, "C", 100)
        for street, left, right, line in streets:
            writer.line([line])
            writer.record(street, *map(str, (*left, *right)), *(("37", name[10:13]) if edges else ()))
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for kind, content in parts.items():
            archive.writestr(f"{name}.{kind}", content.getvalue())
    return path


@pytest.fixture
def reads(tmp_path: Path) -> Callable[[str], Location]:
    index = tmp_path / STREETS_FILE
    import_streets(census_file(tmp_path, "tl_2024_37063_addrfeat", DURHAM), index, FIPS)
    import_streets(census_file(tmp_path, "tl_2024_37119_edges", MECKLENBURG, edges=True), index, FIPS)
    gazetteer = replace(Gazetteer.from_pack("us_nc"), streets=Streets.open(index))
    return lambda text: locate(text, gazetteer)


def test_an_import_counts_what_it_took_and_replaces_the_county(tmp_path: Path) -> None:
    index = tmp_path / STREETS_FILE
    done = import_streets(census_file(tmp_path, "tl_2024_37063_addrfeat", DURHAM), index, FIPS)
    assert done == ("37063", 3, 7, 1)
    again = import_streets(census_file(tmp_path, "tl_2025_37063_addrfeat", DURHAM[:1]), index, FIPS)
    assert again == ("37063", 1, 2, 0)
    streets = Streets.open(index)
    assert streets is not None
    assert streets.counties == {"37063"}
    assert streets.address(street_name("W Club Blvd"), 150) == []
    assert not index.with_suffix(".new").exists()


def test_a_house_number_gives_a_coarse_point_and_never_stands_in_the_label(reads: Callable[[str], Location]) -> None:
    where = reads("ICE at 2315 N Roxboro St in Durham")
    assert where.counties == ("37063",)
    assert where.point == (36.018, -78.892)
    assert where.label == "N Roxboro St, Durham"
    assert "address" in str(where.evidence)


def test_the_side_of_the_street_and_its_length_are_kept(reads: Callable[[str], Location]) -> None:
    assert reads("150 W Club Blvd, Durham").point == (36.018, -78.893)
    elsewhere = reads("9999 N Roxboro St, Durham")
    assert "address" not in str(elsewhere.evidence)


@pytest.mark.parametrize(
    "text", ["esquina de South Blvd y Arrowood", "corner of South Boulevard and Arrowood Rd", "South Blvd & Arrowood"]
)
def test_a_corner_has_a_point(reads: Callable[[str], Location], text: str) -> None:
    where = reads(text)
    assert where.counties == ("37119",)
    assert where.point == (35.14, -80.877)


def test_an_address_of_two_counties_is_asked_about_and_a_town_settles_it(reads: Callable[[str], Location]) -> None:
    assert len(reads("they are at 20 Broad Oak Ln").counties) != 1
    assert reads("they are at 20 Broad Oak Ln, Charlotte").counties == ("37119",)


def test_a_street_of_one_imported_county_does_not_say_where_while_others_are_not_imported(
    reads: Callable[[str], Location],
) -> None:
    assert reads("150 West Club Blvd").counties in {(), ("37063",)}
    assert reads("migra en la esquina de main y elm").counties == ()


def test_a_file_that_is_no_street_file_is_refused_in_words(tmp_path: Path) -> None:
    index = tmp_path / STREETS_FILE
    wrong = tmp_path / "photo.zip"
    wrong.write_bytes(b"not a zip")
    with pytest.raises(NotStreets, match="can't be read"):
        import_streets(wrong, index, FIPS)
    with pytest.raises(NotStreets, match="not of a county of this state"):
        import_streets(census_file(tmp_path, "tl_2024_45091_addrfeat", DURHAM), index, FIPS)
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(NotStreets, match="holds 0 shapefiles"):
        import_streets(empty, index, FIPS)
    assert not index.exists()
