"""County policies in the console: searched by anybody of the hotline, written by organizers, and told to who asks from that county."""

from __future__ import annotations

from functools import partial

from app.core.clock import ManualClock
from app.rights.policies import read_policies
from app.rights.policy_records import current_policies, import_policies
from tests.console.conftest import Desk

KEN = "+19195550111"


def form(clock: ManualClock, **changes: str) -> dict[str, str]:
    facts = {
        "agency": "Durham County Sheriff", "agency_type": "sheriff", "model": "none", "detainers": "state_law", "signed_on": "",
        "ended_on": "", "source": "the sheriff's letter", "as_of": clock().date().isoformat(), "stands_until": "", "note": "",
    }  # fmt: skip
    return facts | changes


async def test_a_policy_is_found_by_county_and_written_anew_under_a_name(desk: Desk, clock: ManualClock) -> None:
    luz, olga = await desk.browser("Luz"), await desk.browser("Olga")
    page = (await luz.get("/console/policies?q=cabarrus")).text
    assert "Jail model" in page and "Durham County Sheriff" not in page
    assert "No record fits." in (await luz.get("/console/policies?q=nowhere")).text
    assert 'name="source"' in (await olga.get("/console/policies?county=37063&q=Durham")).text
    assert (await olga.post("/console/policies/37063", data=form(clock))).status_code == 303
    page = (await luz.get("/console/policies?q=37063")).text
    assert "No agreement" in page and "Reviewed by Olga" in page


async def test_who_asks_about_jail_from_a_county_hears_its_policy_and_as_of_when(desk: Desk, clock: ManualClock) -> None:
    await desk.texts(KEN, "ICE agents with vests outside the Walmart on Roxboro in Durham right now")
    assert "as of" not in (await desk.texts(KEN, "RIGHTS JAIL") or "")
    await (await desk.browser("Olga")).post("/console/policies/37063", data=form(clock))
    assert "Durham County, as of" in (await desk.texts(KEN, "RIGHTS 14") or "")
    await (await desk.browser("Olga")).post("/console/policies/37063", data=form(clock, as_of="2020-01-01"))
    assert "as of" not in (await desk.texts(KEN, "RIGHTS JAIL now") or "")


async def test_a_record_without_a_source_or_from_the_future_is_refused(desk: Desk, clock: ManualClock) -> None:
    olga = await desk.browser("Olga")
    assert (await olga.post("/console/policies/37063", data=form(clock, source=""))).status_code == 422
    assert (await olga.post("/console/policies/37063", data=form(clock, as_of="2099-01-01"))).status_code == 422
    assert (await olga.post("/console/policies/99999", data=form(clock))).status_code == 404


async def test_what_is_exported_changes_nothing_when_it_is_imported(desk: Desk, clock: ManualClock) -> None:
    olga = await desk.browser("Olga")
    await olga.post("/console/policies/37063", data=form(clock))
    read = read_policies((await olga.get("/console/policies/export.csv")).text)
    pack = desk.hotline.rights.policies
    assert await desk.database.run(partial(import_policies, pack=pack, policies=read)) == 0
    newer = [read[0].model_copy(update={"note": "checked"}), *read[1:]]
    assert await desk.database.run(partial(import_policies, pack=pack, policies=newer)) == 1
    assert (await desk.database.run(partial(current_policies, pack=pack)))[0].note == "checked"
