"""The public feeds: what they show, to whom it is worth a visit again, and what they never show."""

from __future__ import annotations

from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest

from app.core.clock import ManualClock
from app.records.verification import Outcome
from tests.api.conftest import Reader
from tests.console.conftest import KEN, LUZ_PHONE, ROSA

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ATOM = "{http://www.w3.org/2005/Atom}"
HALF_AN_HOUR = timedelta(minutes=30)

# The elements of OASIS CAP-v1.2-os in the order of its schema (section 3.4); "!" marks those that must stand.
SCHEMA = {
    "alert": "identifier! sender! sent! status! msgType! source scope! restriction addresses code note references incidents info",
    "info": "language category! event! responseType urgency! severity! certainty! audience eventCode effective onset expires"
    " senderName headline description instruction web contact parameter resource area",
    "area": "areaDesc! polygon circle geocode altitude ceiling",
    "geocode": "valueName! value!",
}
VALUES = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}


def faults_of(element: Element) -> list[str]:
    """What of CAP's structure this element and those in it break."""
    name = element.tag.removeprefix(CAP)
    order = [part.rstrip("!") for part in SCHEMA[name].split()]
    children = [child.tag.removeprefix(CAP) for child in element]
    faults = [f"{name} has no {part[:-1]}" for part in SCHEMA[name].split() if part.endswith("!") and part[:-1] not in children]
    faults += [f"{name} may not hold {child}" for child in children if child not in order]
    if not faults and children != sorted(children, key=order.index):
        faults.append(f"{name} is out of order: {children}")
    for child in element:
        tag = child.tag.removeprefix(CAP)
        if tag in SCHEMA:
            faults += faults_of(child)
        elif not (child.text or "").strip():
            faults.append(f"{tag} is empty")
        elif tag in VALUES and child.text not in VALUES[tag]:
            faults.append(f"{tag} may not be {child.text}")
        elif tag in {"sent", "effective", "expires"} and not (child.text or "").endswith("-00:00"):
            faults.append(f"{tag} is not written as CAP wants: {child.text}")
        elif tag in {"identifier", "sender"} and set(child.text or "") & set(" ,<&"):
            faults.append(f"{tag} has a character that it must not have")
    return faults


def said(document: Element, path: str) -> list[str]:
    """The texts of every element at a path of CAP names."""
    return [found.text or "" for found in document.findall("/".join(f"{CAP}{part}" for part in path.split("/")))]


async def test_an_alert_is_a_whole_cap_document_in_both_languages(reader: Reader, clock: ManualClock) -> None:
    told = await reader.alerted()
    clock.advance(HALF_AN_HOUR)

    document = await reader.xml(f"/feeds/alerts/{told.code}.cap.xml")

    assert faults_of(document) == []
    assert said(document, "status") == ["Actual"] and said(document, "msgType") == ["Alert"]
    assert (
        said(document, "sent") == ["2026-03-02T17:00:00-00:00"]
        and said(document, "info/expires")[0] > said(document, "sent")[0]
    )
    assert said(document, "info/language") == ["en-US", "es-US"]
    assert said(document, "info/certainty") == ["Observed", "Observed"]
    assert said(document, "info/area/geocode/valueName")[:2] == ["SAME", "FIPS6"]
    assert set(said(document, "info/area/geocode/value")) == {"037063"}
    assert said(document, "info/area/areaDesc") == ["Durham County", "condado de Durham"]
    assert said(document, "info/area/circle") == [] and "Walmart" not in "".join(document.itertext())


async def test_the_place_is_named_only_where_a_setting_allows_it_and_the_circle_is_coarse(
    reader: Reader, clock: ManualClock
) -> None:
    told = await reader.alerted()
    clock.advance(HALF_AN_HOUR)
    reader.set(feeds_place=True)

    document = await reader.xml(f"/feeds/alerts/{told.code}.cap.xml")

    assert faults_of(document) == []
    assert said(document, "info/description") == [told.texts["en"], told.texts["es"]]
    assert said(document, "info/area/circle")[0].endswith(" 7.9")
    latitude, longitude = said(document, "info/area/circle")[0].split()[0].split(",")
    assert float(latitude) == round(float(latitude), 1) and float(longitude) == round(float(longitude), 1)


async def test_the_atom_feed_lists_alerts_after_the_delay_and_links_to_cap(reader: Reader, clock: ManualClock) -> None:
    told = await reader.alerted()
    clock.advance(HALF_AN_HOUR - timedelta(seconds=1))
    early = await reader.xml("/feeds/alerts.atom")
    hidden = await reader.ask(f"/feeds/alerts/{told.code}.cap.xml")
    clock.advance(timedelta(seconds=1))
    feed = await reader.xml("/feeds/alerts.atom")

    assert early.findall(f"{ATOM}entry") == [] and hidden.status_code == 404
    assert [bool((feed.findtext(f"{ATOM}{part}") or "").strip()) for part in ("id", "title", "updated")] == [True] * 3
    (entry,) = feed.findall(f"{ATOM}entry")
    assert [bool(entry.findtext(f"{ATOM}{part}")) for part in ("id", "title", "updated", "summary")] == [True] * 4
    link = entry.find(f"{ATOM}link")
    assert link is not None and link.get("type") == "application/cap+xml"
    assert link.get("href") == f"https://hotline.example.org/feeds/alerts/{told.code}.cap.xml"


@pytest.mark.parametrize(
    ("outcome", "kind", "urgency", "certainty"),
    [(Outcome.POLICE, "Cancel", "Past", "Unknown"), (Outcome.GONE, "Update", "Past", "Observed")],
)
async def test_a_correction_or_all_clear_stands_in_the_place_of_its_alert_at_once(
    reader: Reader, clock: ManualClock, outcome: Outcome, kind: str, urgency: str, certainty: str
) -> None:
    told = await reader.alerted()
    clock.advance(HALF_AN_HOUR)
    update = await reader.updated(outcome)

    feed = await reader.xml("/feeds/alerts.atom")
    by_first_code = await reader.xml(f"/feeds/alerts/{told.code}.cap.xml")
    document = await reader.xml(f"/feeds/alerts/{update.code}.cap.xml")

    assert [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")] == [f"urn:uuid:{update.id}"]
    assert list(document.itertext()) == list(by_first_code.itertext())
    assert faults_of(document) == []
    assert said(document, "msgType") == [kind]
    assert said(document, "references") == [f"hotline.example.org,vigia.{told.code},2026-03-02T17:00:00-00:00"]
    assert said(document, "info/responseType")[0] == "AllClear"
    assert (said(document, "info/urgency")[0], said(document, "info/certainty")[0]) == (urgency, certainty)


async def test_an_alert_whose_incident_is_decided_otherwise_is_gone_before_anyone_signs_a_correction(
    reader: Reader, clock: ManualClock
) -> None:
    told = await reader.alerted()
    clock.advance(HALF_AN_HOUR)
    await reader.decided(Outcome.NOTHING)

    assert (await reader.xml("/feeds/alerts.atom")).findall(f"{ATOM}entry") == []
    assert (await reader.ask(f"/feeds/alerts/{told.code}.cap.xml")).status_code == 404
    assert (await reader.ask("/feeds/incidents.geojson")).json()["features"] == []


async def test_what_nobody_approved_is_in_no_feed(reader: Reader, clock: ManualClock) -> None:
    await reader.desk.proposed()
    clock.advance(timedelta(hours=1))
    assert (await reader.xml("/feeds/alerts.atom")).findall(f"{ATOM}entry") == []


async def test_incidents_are_coarse_points_with_county_kind_hours_and_outcome_and_nothing_else(
    reader: Reader, clock: ManualClock
) -> None:
    await reader.desk.confirmed()
    early = (await reader.ask("/feeds/incidents.geojson")).json()
    clock.advance(HALF_AN_HOUR)
    answer = await reader.ask("/feeds/incidents.geojson")

    assert early["features"] == []
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json() == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-78.9, 36.0]},
                "properties": {
                    "county": "37063",
                    "kind": "report",
                    "from": "2026-03-02T17:00:00Z",
                    "until": "2026-03-02T18:00:00Z",
                    "outcome": "confirmed",
                },
            }
        ],
    }


async def test_what_nobody_saw_from_the_place_is_no_public_incident(reader: Reader, clock: ManualClock) -> None:
    await reader.desk.texts(ROSA, "La migra esta en la Walmart de la Roxboro en Durham")
    clock.advance(timedelta(hours=1))
    assert (await reader.ask("/feeds/incidents.geojson")).json()["features"] == []


async def test_a_rehearsal_says_so_everywhere(reader: Reader) -> None:
    told = await reader.alerted()
    reader.set(account_sid="ACsimulator0000000000000000000000a", feeds_delay=timedelta(0))

    document = await reader.xml(f"/feeds/alerts/{told.code}.cap.xml")
    feed = await reader.xml("/feeds/alerts.atom")

    assert faults_of(document) == []
    assert said(document, "status") == ["Exercise"]
    assert said(document, "info/headline")[0].startswith("EXERCISE") and said(document, "info/headline")[1].startswith(
        "SIMULACRO"
    )
    assert [title.text or "" for title in feed.iter(f"{ATOM}title") if not (title.text or "").startswith("EXERCISE")] == []
    assert (await reader.ask("/feeds/incidents.geojson")).json()["exercise"] is True


@pytest.mark.parametrize("path", ["/feeds/alerts.atom", "/feeds/incidents.geojson", "/feeds/alerts/{code}.cap.xml"])
async def test_who_has_it_already_gets_304_and_head_gets_no_body(reader: Reader, clock: ManualClock, path: str) -> None:
    path = path.format(code=(await reader.alerted()).code)
    clock.advance(HALF_AN_HOUR)

    first = await reader.ask(path)
    again = await reader.ask(path, **{"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    head = await reader.ask(path, "HEAD")

    assert (first.status_code, again.status_code, head.status_code) == (200, 304, 200)
    assert again.content == head.content == b""
    assert head.headers["content-length"] == str(len(first.content))
    assert head.headers["etag"] == again.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=60"
    assert (await reader.ask(path, **{"If-None-Match": '"other"'})).status_code == 200


async def test_a_date_from_before_something_was_taken_back_gets_the_feed_again(reader: Reader, clock: ManualClock) -> None:
    await reader.alerted()
    clock.advance(HALF_AN_HOUR)
    changed = (await reader.ask("/feeds/alerts.atom")).headers["last-modified"]
    same = await reader.ask("/feeds/alerts.atom", **{"If-Modified-Since": changed})
    clock.advance(timedelta(minutes=1))
    await reader.decided(Outcome.POLICE)
    later = await reader.ask("/feeds/alerts.atom", **{"If-Modified-Since": changed})

    assert (same.status_code, later.status_code) == (304, 200)
    assert later.headers["last-modified"] != changed


async def test_feeds_that_are_switched_off_are_not_there(reader: Reader) -> None:
    reader.set(feeds=False)
    for path in ("/feeds/alerts.atom", "/feeds/incidents.geojson", "/feeds/alerts/KD4821.cap.xml"):
        assert (await reader.ask(path)).status_code == 404


async def test_no_number_and_no_word_that_somebody_wrote_is_in_a_feed(reader: Reader, clock: ManualClock) -> None:
    await reader.desk.texts(KEN, "JOIN DURHAM")
    told = await reader.alerted()
    await reader.desk.texts(KEN, "my cousin Beatriz was taken by ICE at the Walmart on Roxboro in Durham")
    clock.advance(HALF_AN_HOUR)
    reader.set(feeds_place=True)

    paths = ("/feeds/alerts.atom", "/feeds/incidents.geojson", f"/feeds/alerts/{told.code}.cap.xml")
    everything = "\n".join([(await reader.ask(path)).text for path in paths])

    secrets = [ROSA, KEN, LUZ_PHONE, "chalecos", "cousin", "Beatriz", "La migra esta", *reader.desk.people]
    assert [secret for secret in secrets if secret in everything or secret.removeprefix("+1") in everything] == []
    assert told.code in everything
