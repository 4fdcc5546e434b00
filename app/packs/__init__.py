"""State packs: everything that is true of one state only, as data files. Another state is another folder beside `us_nc`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def pack_file(pack: str, *path: str) -> Traversable:
    """The file at `path` inside the pack named `pack` (for example `us_nc`). It may not exist."""
    return files("app.packs").joinpath(pack, *path)
