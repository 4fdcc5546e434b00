"""The outlines of a state's counties, for finding the county of a point and for drawing the map.

The file is a small TopoJSON: each border is kept once as an "arc" of whole-number steps, and a ring is a list of arc numbers, where
`~n` means arc n walked backwards. So two neighbours share exactly the same line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.packs import pack_file

Ring = list[tuple[float, float]]

MAP_WIDTH = 1000.0
"""Width of the drawing in its own units; the height follows from the state's shape."""

MAP_MARGIN = 4.0


@dataclass(frozen=True, slots=True)
class CountyPaths:
    """The map of a state: the `viewBox` of an SVG and one path (`d`) for each county's FIPS code.

    The projection is equirectangular, true to scale at the state's middle latitude: `project` puts a point on the same drawing.
    """

    view_box: str
    paths: Mapping[str, str]
    west: float
    north: float
    scale: float
    squeeze: float

    def project(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a point in degrees lies on the drawing, as (x, y)."""
        x = (longitude - self.west) * self.squeeze * self.scale + MAP_MARGIN
        y = (self.north - latitude) * self.scale + MAP_MARGIN
        return round(x, 1), round(y, 1)


@cache
def load_rings(pack: str) -> Mapping[str, list[Ring]]:
    """FIPS code -> the county's rings of (longitude, latitude) in degrees, one ring for each piece of land or sound."""
    topology = json.loads(pack_file(pack, "outlines.json").read_text(encoding="utf-8"))
    arcs = [_arc(steps, topology["scale"], topology["translate"]) for steps in topology["arcs"]]
    return {fips: [list(_ring(numbers, arcs)) for numbers in rings] for fips, rings in topology["counties"].items()}


@cache
def county_paths(pack: str) -> CountyPaths:
    """The SVG paths of all counties of the pack, in one drawing."""
    rings = load_rings(pack)
    longitudes = [x for parts in rings.values() for ring in parts for x, _ in ring]
    latitudes = [y for parts in rings.values() for ring in parts for _, y in ring]
    west, east, south, north = min(longitudes), max(longitudes), min(latitudes), max(latitudes)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (MAP_WIDTH - 2 * MAP_MARGIN) / ((east - west) * squeeze)
    height = math.ceil((north - south) * scale + 2 * MAP_MARGIN)
    drawing = CountyPaths(f"0 0 {MAP_WIDTH:.0f} {height}", {}, west, north, scale, squeeze)
    paths = {fips: "".join(_path(ring, drawing) for ring in parts) for fips, parts in rings.items()}
    return CountyPaths(drawing.view_box, paths, west, north, scale, squeeze)


def _arc(steps: list[list[int]], scale: list[float], translate: list[float]) -> Ring:
    x = y = 0
    points: Ring = []
    for dx, dy in steps:
        x, y = x + dx, y + dy
        points.append((round(x * scale[0] + translate[0], 5), round(y * scale[1] + translate[1], 5)))
    return points


def _ring(numbers: list[int], arcs: list[Ring]) -> Iterator[tuple[float, float]]:
    for position, number in enumerate(numbers):
        points = arcs[number] if number >= 0 else arcs[~number][::-1]
        yield from points[1:] if position else points


def _path(ring: Ring, drawing: CountyPaths) -> str:
    points: list[Any] = [drawing.project(latitude, longitude) for longitude, latitude in ring]
    distinct = [point for position, point in enumerate(points) if position == 0 or point != points[position - 1]]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in distinct) + "Z"
