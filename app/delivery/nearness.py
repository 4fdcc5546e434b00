"""Nearest first: in what order the people of a county hear of something. Pure.

A turn is how many kilometers away we reckon that somebody is. Nobody need say where they live, so most people's is a guess, and a guess
stands where the guessed distance stands: after those who are known to be near, before those who are known to be far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.core.earth import km_between

HERE_KM: Final = 15
"""Who gave no ZIP code and lives in the county as far as we know. A county of ours is 1,260 km² at the mean (48,618 square miles of land
in 100 counties, Census 2020): a square of 35 km, in which two places are 0.52 sides or 18 km apart at the mean, and people live closer
together than that, in its towns."""

NEIGHBOUR_KM: Final = 35
"""Who gave no ZIP code and asked for another county first: the middle of the next county is one side of that square away."""

FARTHEST_KM: Final = 999
"""Whoever is farther is as far as this."""


def turns_by_zip(point: tuple[float, float] | None, middles: Mapping[str, tuple[float, float]]) -> dict[str, int]:
    """For each ZIP code, with its middle (latitude and longitude in degrees), the turn of the people there when something is at `point`;
    empty where no point is known, for then nobody is known to be nearer than anybody else."""
    if point is None:
        return {}
    return {code: min(round(km_between(point, middle)), FARTHEST_KM) for code, middle in middles.items()}
