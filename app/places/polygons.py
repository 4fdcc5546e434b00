"""Which county a point lies in, by the outlines that the pack ships."""

from __future__ import annotations

from functools import cache
from math import isfinite

from shapely import Point, Polygon, STRtree, prepare

from app.packs.outlines import load_rings
from app.places.gazetteer import Gazetteer

SHORE = 0.03
"""Degrees (about 3 km): a point no farther off every outline belongs to the nearest county; piers and sounds lie outside."""


def county_at(gazetteer: Gazetteer, lat: float, lon: float) -> str | None:
    """The FIPS code of the county at a point in WGS 84 degrees, or None where the state does not reach.

    The outlines are about 300 m true, so a point nearer than that to a border may be given to the neighbour.
    """
    if not (isfinite(lat) and isfinite(lon)):
        return None
    west, south, east, north = gazetteer.box
    if not (west - SHORE <= lon <= east + SHORE and south - SHORE <= lat <= north + SHORE):
        return None
    codes, shapes, tree = _index(gazetteer.pack)
    point = Point(lon, lat)
    for position in map(int, tree.query(point)):
        if shapes[position].intersects(point):
            return codes[position]
    nearest = int(tree.nearest(point))
    near_the_sea = lon > _SEA_WEST_EDGE
    off_the_shore = bool(near_the_sea and shapes[nearest].distance(point) <= SHORE)
    return codes[nearest] if off_the_shore else None


_SEA_WEST_EDGE = -78.7
"""Only east of here does a point outside every outline mean water; elsewhere it means another state."""


@cache
def _index(pack: str) -> tuple[list[str], list[Polygon], STRtree]:
    codes: list[str] = []
    shapes: list[Polygon] = []
    for fips, rings in load_rings(pack).items():
        for ring in rings:
            shape = Polygon(ring)
            prepare(shape)
            codes.append(fips)
            shapes.append(shape)
    return codes, shapes, STRtree(shapes)
