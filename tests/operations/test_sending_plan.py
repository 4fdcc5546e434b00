"""`vigia plan` says in words and in JSON what telling so many people takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import main
from app.core.database import Database
from app.core.errors import BadInput
from app.operations.sending_plan import count_people, duration
from tests.delivery.outgoing import DURHAM, WAKE, people
from tests.delivery.test_lines import FILE


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VIGIA_SENDERS", "VIGIA_LINES", "VIGIA_SEGMENTS_PER_SECOND"):
        monkeypatch.delenv(name, raising=False)


def test_a_million_people_on_one_long_code_are_told_the_truth() -> None:
    said = CliRunner().invoke(main, ["plan", "--subscribers", "1000000"])

    assert said.exit_code == 0
    assert "the last phone hears after 23 days 3 hours" in said.output
    assert "An alert holds for 2 hours: 3,600 people would hear in that time, 996,400 would not." in said.output
    assert "For everybody within 15 minutes you need 2,222 segments a second." in said.output
    assert "23 short codes" in said.output


def test_the_plan_of_a_file_of_lines_as_json(tmp_path: Path) -> None:
    (tmp_path / "senders.toml").write_text(FILE, encoding="utf-8")
    words = ["plan", "--subscribers", "30000", "--segments", "1", "--senders", "senders.toml", "--within", "3h", "--json"]

    told = json.loads(CliRunner().invoke(main, words).output)

    assert told["seconds_to_last_phone"] == 30_000
    assert told["lines"] == [{"name": "main", "kind": "long_code", "segments_per_second": 1.0, "segments": 30_000}]
    assert told["not_today"] == 350
    assert [way["kind"] for way in told["ways"]] == ["toll_free", "long_code", "short_code"]
    assert told["ways"][1]["campaign_class"] == "standard_low"


def test_what_can_not_be_planned_is_refused_in_a_sentence() -> None:
    assert "15m" in str(CliRunner().invoke(main, ["plan", "--subscribers", "5", "--within", "soon"]).exception)
    with pytest.raises(BadInput):
        duration("0m")


async def test_a_county_is_counted_by_who_can_be_reached_there(database: Database) -> None:
    await people(database, DURHAM, 3)
    await people(database, WAKE, 2)
    async with database.transaction() as work:
        assert await count_people(work, "us_nc", ["Durham County", WAKE]) == 5
        with pytest.raises(BadInput, match="no county Atlantis"):
            await count_people(work, "us_nc", ["Atlantis"])
        with pytest.raises(BadInput, match="Say how many"):
            await count_people(work, "us_nc", [])
