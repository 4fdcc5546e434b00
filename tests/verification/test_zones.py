"""Where a verifier starts from: set and taken back by a word, as coarse as a town, and who is near is asked first."""

from __future__ import annotations

import pytest

from app.pipeline import Hotline, receive_text
from app.privacy.holdings import erase_number, holdings_of
from app.records.incidents import incident
from app.verification.offers import find_candidates, rank_candidates
from app.volunteers.zones import HomeZone, home_of, read_zone_order
from tests.verification.field import ROSA, Field, a_text


async def home(field: Field, alias: str) -> HomeZone | None:
    [person] = await field.people(alias)
    async with field.database.transaction() as work:
        return await home_of(work, person.id)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ZONE 27703", "27703"),
        ("zona Durham", "durham"),
        ("Mi zona es Siler City.", "siler city"),
        ("my zone: Cary", "cary"),
        ("ZONE OFF", ""),
        ("zona no", ""),
        ("zona", "zona"),
        ("ozone 27703", None),
        ("Zone 27703?", "27703"),
        ("I am in the zone", None),
    ],
)
def test_a_zone_is_read(text: str, place: str | None) -> None:
    assert read_zone_order(text) == place


async def test_a_zip_code_becomes_a_coarse_point_and_goes_on_request(field: Field) -> None:
    await field.enlist("Abe")
    reply = await field.text("Abe", "ZONE 27703")
    assert "27703, Durham" in reply
    kept = await home(field, "Abe")
    assert kept is not None
    assert (kept.county, kept.name, kept.latitude, kept.longitude) == ("37063", "27703, Durham", 35.98, -78.84)
    await field.text("Abe", "zona Durham")
    assert (await home(field, "Abe") or kept).name == "Durham"
    await field.text("Abe", "ZONE OFF")
    assert await home(field, "Abe") is None


async def test_a_street_address_is_kept_as_its_town(field: Field) -> None:
    await field.enlist("Abe")
    await field.text("Abe", "zone 123 Main St, Durham")
    kept = await home(field, "Abe")
    assert kept is not None and (kept.name, kept.latitude, kept.longitude) == ("Durham", 35.99, -78.9)


async def test_a_town_that_two_counties_have_or_that_nobody_knows_is_asked_about(field: Field) -> None:
    await field.enlist("Abe")
    for words in ("ZONE Cleveland", "ZONE Atlantis", "ZONA"):
        assert " 27703" in await field.text("Abe", words)
    assert await home(field, "Abe") is None


async def test_a_sighting_that_begins_with_the_word_is_a_report(field: Field, hotline: Hotline) -> None:
    await field.enlist("Abe")
    reply = await field.text("Abe", "zona de la Roxboro en Durham, camionetas de la migra")
    assert await home(field, "Abe") is None
    assert "27703" not in reply
    async with field.database.transaction() as work:  # and for who is no volunteer it is nothing
        assert "ZONE" not in (await receive_text(work, hotline, a_text(ROSA, "ZONE 27703", 900)) or "")


async def test_who_starts_near_is_asked_first(field: Field) -> None:
    await field.enlist("Abe", "Bea", "Cleo", "Dov")
    for alias, words in (("Abe", "ZONE Charlotte"), ("Bea", "ZONE Raleigh"), ("Dov", "ZONE Durham")):
        await field.text(alias, words)
    async with field.database.transaction() as work:
        about = await work.get(type(field.about), incident.c.id == field.about.id)
        assert about is not None
        ranked = await rank_candidates(work, about)
        assert [person.alias for person in await find_candidates(work, about)] == ["Dov", "Bea", "Abe", "Cleo"]
    assert [one.says for _, one in ranked] == ["near", "county", "far", "unknown"]


async def test_erasing_somebody_takes_where_they_start_from(field: Field) -> None:
    await field.enlist("Abe")
    await field.text("Abe", "ZONE 27703")
    async with field.database.transaction() as work:
        assert (await holdings_of(work, field.phones["Abe"]))["zone that they start from as a volunteer"] == 1
        await erase_number(work, field.phones["Abe"])
    assert await home(field, "Abe") is None
