"""A minute of the soak: nothing is lost, nothing is doubled, the sums are equal."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.chaos.ports import quiet_ports
from tests.soak.soak import Course, soak


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_a_minute_under_every_fault_loses_and_doubles_nothing() -> None:
    course = Course(inbound=150, outbound=900, seconds=25, rate=60, alerts=3, seed=7, stops=0.05)
    heard: list[str] = []

    with tempfile.TemporaryDirectory(prefix="vigia-soak-") as folder:
        score = await soak(course, Path(folder), quiet_ports(), heard.append)

    assert {what: n for what, n in score.faults_of_ours.items() if n} == {}, score.table()
    assert score.inbound == course.inbound and score.blows["PostgreSQL crashed"] >= 1, "\n".join(heard)
