"""`vigia triage` needs nothing running, keeps the order of its lines and loads little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_MEGABYTES = 150

MEASURED = """
import re, sys
from app.cli import main
try:
    main(["triage"])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print(int(peak) // 1024, "sqlalchemy" in sys.modules, file=sys.stderr)
"""


def triage(*rows: dict[str, object]) -> tuple[list[dict[str, object]], str]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        input="\n".join(json.dumps(row) for row in rows),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux")
def test_it_reads_with_a_hundred_and_fifty_megabytes_and_no_database() -> None:
    _, measured = triage(*({"id": number, "text": f"hay migra en Greensboro {number}"} for number in range(50)))
    megabytes, with_database = measured.split()[-2:]
    assert int(megabytes) <= MOST_MEGABYTES
    assert with_database == "False"


@pytest.mark.parametrize("county", ["37181", "Vance", "Vance County", ["37181", "37063"]])
def test_the_county_of_a_sender_breaks_a_tie_and_is_named(county: object) -> None:
    told, asked = triage(
        {"id": "a", "text": "hay migra en Henderson", "county": county}, {"id": "b", "text": "hay migra en Henderson"}
    )[0]
    assert told["counties"] == ["37181"]
    assert "the county that the sender named before" in str(told["evidence"])
    assert asked["id"] == "b"
    assert asked["counties"] == ["37181", "37089"]
    assert asked["ask_place"] is True
