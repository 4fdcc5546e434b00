"""`make bench`: every measurement, or those that are named; a table, and bench/results.json."""

from __future__ import annotations

import importlib
import sys

from bench.rows import Row, table, write

MEASUREMENTS = ("intake", "fanout", "reading", "places", "queue")


def main(names: list[str]) -> None:
    """Measure one after another, each on a quiet machine."""
    rows: list[Row] = []
    for name in names or MEASUREMENTS:
        rows += importlib.import_module(f"bench.{name}").measure()
    write(rows)
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
