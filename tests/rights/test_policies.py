"""County policies as data: every county, every source; read and written as CSV; told while they are new enough."""

from __future__ import annotations

from datetime import date

import pytest

from app.core.errors import BadInput
from app.packs.counties import load_counties
from app.rights.policies import AgencyType, Model, PolicyFacts, jail_policy, policies_of_pack, read_policies, write_policies

PACK = policies_of_pack("us_nc")
DURHAM = "37063"
FACTS = PolicyFacts(
    fips=DURHAM,
    agency="Durham County Sheriff",
    agency_type=AgencyType.SHERIFF,
    model=Model.NONE,
    source="the sheriff's letter",
    as_of=date(2026, 9, 1),
)


def test_every_county_has_its_sheriff_and_every_record_its_source() -> None:
    sheriffs = {facts.fips for facts in PACK if facts.agency_type is AgencyType.SHERIFF}
    assert sheriffs == {county.fips for county in load_counties("us_nc")}
    assert {facts.fips for facts in PACK if facts.model is Model.JEM} == {"37025"}
    assert all(facts.source and facts.as_of for facts in PACK)


def test_what_is_written_is_read_back_also_where_a_spreadsheet_would_run_it() -> None:
    tricky = FACTS.model_copy(update={"note": "=1+1"})
    assert "'=1+1" in write_policies([tricky])
    assert read_policies(write_policies([tricky, *PACK[:2]])) == [tricky, *PACK[:2]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fips,colour\n37063,blue\n", "unknown columns: colour"),
        ("fips,agency,agency_type,model,source,as_of\n37063,Durham,sheriff,maybe,x y,2026-01-01\n", "line 2: model"),
        (
            "fips,agency,agency_type,model,source,as_of\n99999,Nowhere,sheriff,none,letter,2026-01-01\n",
            "no county of this state",
        ),
        (
            "fips,agency,agency_type,model,source,as_of\n" + "37063,Durham,sheriff,none,letter,2026-01-01\n" * 2,
            "line 3: Durham stands",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_policies(text, ["37063"])


@pytest.mark.parametrize(
    ("today", "changes", "told"),
    [
        (date(2026, 11, 30), {}, True),
        (date(2026, 12, 1), {}, False),
        (date(2027, 3, 1), {"stands_until": date(2027, 3, 1)}, True),
        (date(2027, 3, 2), {"stands_until": date(2027, 3, 1)}, False),
        (date(2026, 9, 2), {"model": Model.UNKNOWN}, False),
        (date(2026, 9, 2), {"ended_on": date(2026, 9, 2)}, False),
        (date(2026, 9, 2), {"agency_type": AgencyType.POLICE}, False),
    ],
)
def test_a_record_is_told_for_ninety_days_or_while_somebody_says_that_it_stands(
    today: date, changes: dict[str, object], told: bool
) -> None:
    assert (jail_policy([FACTS.model_copy(update=changes)], DURHAM, today) is not None) == told
