"""Distances on the earth. Pure."""

from __future__ import annotations

import math
from typing import Final

EARTH_KM: Final = 6371.0
"""Mean radius (IUGG)."""


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometers along the earth between two points (latitude, longitude in degrees); haversine."""
    lat1, lon1, lat2, lon2 = (math.radians(part) for part in (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
