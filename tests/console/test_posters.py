"""A poster's words must subscribe to exactly the county that stands on it."""

from __future__ import annotations

import pytest

from app.console.posters import code_for, order_for
from app.pipeline import Hotline
from app.pipeline_reading import read
from app.records.reading import Command
from tests.console.conftest import Desk


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_countys_words_are_read_as_that_county_and_language(hotline: Hotline, language: str) -> None:
    wrong = {}
    for county in hotline.counties:
        words = order_for(county, language)
        reading = read(hotline.lexicon, hotline.gazetteer, words)
        said = (reading.assessment.command, reading.location.county, reading.assessment.language)
        if said != (Command.JOIN, county.fips, language):
            wrong[words] = said
    assert wrong == {}


def test_the_code_is_a_picture_that_needs_no_request() -> None:
    assert code_for("+19195550100", "JOIN Durham COUNTY").startswith("data:image/svg+xml")


@pytest.mark.parametrize(("language", "words"), [("en", "JOIN Durham COUNTY"), ("es", "JUNTAR condado de Durham")])
async def test_the_poster_shows_the_words_the_number_and_the_code(desk: Desk, language: str, words: str) -> None:
    olga = await desk.browser("Olga")

    page = await olga.get(f"/console/poster?county=37063&language={language}")

    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    assert words in page.text and "(919) 555-0100" in page.text and "data:image/svg+xml" in page.text


async def test_a_county_that_is_none_has_no_poster(desk: Desk) -> None:
    olga = await desk.browser("Olga")

    assert (await olga.get("/console/poster?county=00000")).status_code == 404
