"""A drill: an hour of reports in simulated time against the real pipeline, small here, and what its score card says."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import main
from app.core.clock import ManualClock
from app.core.errors import BadInput
from app.operations.drill import play
from app.operations.drill_scenario import FOLDER, find_scenario, list_scenarios, number_of, read_scenario, script_of
from app.operations.drill_score import Figure, ScoreCard, percentile
from app.operations.drill_time import Timeline
from app.packs.counties import load_counties

BEGIN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.mark.timeout(300)  # half an hour of simulated time, on a busy machine
async def test_a_small_drill_meets_every_target(database_url: str, redis_url: str, tmp_path: Path) -> None:
    scenario = find_scenario("ten-reports")
    urls = {"database_url": database_url, "redis_url": redis_url}
    card = await play(scenario, 1, scenario.verifiers.count, "ten-reports", **urls, data=tmp_path)

    assert card.met, card.in_words()
    assert card.counts["reports"] == scenario.reports == 10
    assert card.counts["decided: confirmed"] >= 1  # the event, perhaps reported without its place as another
    assert not [line for line in card.wrong if "failed" in line or "never decided" in line or "the queue did" in line], (
        card.wrong
    )


@pytest.mark.timeout(300)
async def test_without_anybody_to_go_the_score_card_says_what_was_missed(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    scenario = find_scenario("ten-reports")
    idle = scenario.verifiers.model_copy(update={"yes": 0.0, "no": 1.0})
    hasty = scenario.dispatchers.model_copy(update={"gives_up_min": 4.0})
    nobody = scenario.model_copy(update={"verifiers": idle, "dispatchers": hasty})
    card = await play(nobody, 1, 2, "nobody", database_url=database_url, redis_url=redis_url, data=tmp_path)

    assert card.counts["decided: confirmed"] == 0
    assert any("could not be checked in time" in line for line in card.wrong)
    assert "MISSED" in card.in_words()
    assert card.as_json()["met"] is False


def test_the_same_seed_plays_the_same_hour() -> None:
    scenario = find_scenario("sixty-reports")

    assert script_of(scenario, 7) == script_of(scenario, 7) != script_of(scenario, 8)
    assert len(script_of(scenario, 7)) == 60
    assert script_of(scenario, 7)[-1].at - script_of(scenario, 7)[0].at <= timedelta(hours=1)


def test_every_drill_that_comes_along_happens_in_counties_that_there_are() -> None:
    counties = load_counties("us_nc")
    for name, scenario in list_scenarios():
        there = {one.county for one in scenario.happening} | {fips for home in scenario.verifiers.homes for fips in home}
        assert all(fips in counties for fips in there), name


def test_vigia_drill_alone_lists_what_there_is() -> None:
    listed = CliRunner().invoke(main, ["drill"])

    assert listed.exit_code == 0
    assert "sixty-reports" in listed.output and "ten-reports" in listed.output


def test_a_drill_that_is_not_there_is_refused_in_words() -> None:
    refused = CliRunner().invoke(main, ["drill", "of-the-moon"])

    assert refused.exit_code == 1 and "There is no drill of-the-moon" in str(refused.exception)


def test_a_slip_in_a_drill_of_ones_own_is_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text((FOLDER / "ten-reports.toml").read_text(encoding="utf-8").replace('"police"', '"aliens"'), encoding="utf-8")

    with pytest.raises(BadInput, match=r"mine\.toml: happening\.2\.truth"):
        read_scenario(mine)


def test_phones_of_a_drill_are_out_of_the_numbers_for_fiction() -> None:
    assert [number_of(n)[5:10] for n in (0, 99, 100, 699)] == ["55501"] * 4
    with pytest.raises(BadInput, match="no more numbers"):
        number_of(700)


async def test_time_leaps_to_the_next_moment_and_one_acts_at_a_time() -> None:
    timeline, said = Timeline(ManualClock(BEGIN)), []

    async def speak(name: str, seconds: float) -> None:
        for _ in range(2):
            await timeline.sleep(seconds)
            said.append((name, timeline.now - BEGIN))

    timeline.begin(speak("slow", 50))
    timeline.begin(speak("quick", 20))
    await timeline.run(BEGIN + timedelta(seconds=60))

    assert [(name, at.total_seconds()) for name, at in said] == [("quick", 20), ("quick", 40), ("slow", 50)]


async def test_what_fails_in_a_drill_is_told_and_the_others_go_on() -> None:
    timeline, said = Timeline(ManualClock(BEGIN)), []

    async def fails() -> None:
        raise ValueError

    async def speaks() -> None:
        await timeline.sleep(1)
        said.append("here")

    timeline.begin(fails())
    timeline.begin(speaks())
    await timeline.run(BEGIN + timedelta(seconds=60))

    assert [type(error) for error in timeline.failures] == [ValueError] and said == ["here"]


def test_a_figure_that_never_came_is_missed() -> None:
    card = ScoreCard("x", 1, [Figure("decided", math.inf, 60, "s"), Figure("offered", 30, 60, "s")], {})

    assert [figure.met for figure in card.figures] == [False, True]
    assert "MISSED  decided: never" in card.in_words() and "1 of 2 targets are missed" in card.in_words()
    assert percentile([1, 2, 3, 4], 0.5) == 2 and percentile([], 0.5) is None
