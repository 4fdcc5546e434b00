"""`make soak`: run a course and print its table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.ports import quiet_ports
from tests.soak.soak import Course, soak


def main() -> int:
    """Exit status 0 when nothing was lost or doubled and the sums are equal."""
    asked = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    for name, default in (
        ("inbound", Course.inbound),
        ("outbound", Course.outbound),
        ("seed", Course.seed),
        ("alerts", Course.alerts),
    ):
        asked.add_argument(f"--{name}", type=int, default=default)
    asked.add_argument("--seconds", type=float, default=Course.seconds, help="over which texts and alerts come")
    asked.add_argument("--rate", type=float, default=Course.rate, help="segments a second that our line may send")
    course, began = Course(**vars(asked.parse_args())), time.monotonic()

    def tell(said: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.0f} s  {said}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="vigia-soak-") as folder:
        score = asyncio.run(soak(course, Path(folder), quiet_ports(), tell))
    sys.stdout.write(f"\n{score.table()}\n\n")
    return 1 if any(score.faults_of_ours.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
