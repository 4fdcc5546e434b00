"""The main job where a machine misread: a person puts a report's kind, language or place right, and everything after it follows."""

from __future__ import annotations

from uuid import UUID

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to
from app.hotline import Hotline, call_off, wake_all
from app.incidents.correcting import correct_kind, correct_language, correct_place, lock_report
from app.incidents.join import get_incident
from app.incidents.likeness import MERGE
from app.incidents.regrouping import has_active_alert, lock_at_once
from app.incidents.told import neighbours_of
from app.intake.answers import thanks_for
from app.pipeline_incidents import merge, split
from app.places.locate import locate
from app.records.deliveries import Lane
from app.records.incidents import Incident, Report
from app.records.reading import Kind, Location
from app.records.regroupings import Reason
from app.records.states import DECIDED, IncidentState
from app.rights.review import in_force
from app.verification.tasks import ANY_LANGUAGE, finish_task, open_task, reopen_task
from app.volunteers.tables import Volunteer


async def put_kind_right(
    work: Transaction, hotline: Hotline, code: str, report_id: UUID, kind: Kind, by: Volunteer
) -> Incident:
    """A report is of another kind. Who asked for their rights gets them, and whose relative was taken hears what fits that."""
    about, told = await lock_report(work, code, report_id)
    if told.kind == kind:
        return about
    was_out = about.state == IncidentState.DISMISSED
    await correct_kind(work, about, told, kind, by.id)
    if about.state == IncidentState.DISMISSED:
        await finish_task(work, hotline.queue, about.id)
        await call_off(work, hotline, about)
    elif about.state not in DECIDED:
        await (reopen_task if was_out else open_task)(work, hotline.queue, about, _language_of(told))
    if kind is Kind.RIGHTS:
        rights = await in_force(work, hotline.rights)
        await _answer(work, hotline, told, {one: rights.answer(None, one) for one in TEXT_LANGUAGES})
    elif kind is Kind.DETENTION and about.state not in DECIDED and told.county is not None:
        await _thank(work, hotline, told)
    wake_all(work, hotline)
    return about


async def put_language_right(
    work: Transaction, hotline: Hotline, code: str, report_id: UUID, language: str, by: Volunteer
) -> Incident:
    """A report is in another language: its sender is answered in it from now on."""
    about, told = await lock_report(work, code, report_id)
    if told.language != language:
        await correct_language(work, about, told, language, by.id)
        wake_all(work, hotline)
    return about


async def put_place_right(
    work: Transaction, hotline: Hotline, code: str, report_id: UUID, where: Location, by: Volunteer, *, knowing: bool = False
) -> Incident:
    """A report is from elsewhere. It leaves the incident of others, and joins the one there that is surely the same event, if there is
    one. Its sender hears in which county people look now. Returns the incident that it is part of."""
    counties = {(await get_incident(work, code)).county or "unknown", where.county or "unknown"}
    for county in sorted(counties):
        await work.lock("incidents", county)  # both before any row, as whoever corrects the other way takes them
    if ((await get_incident(work, code)).county or "unknown") not in counties:
        raise Conflict("Somebody changed this at the same moment. Look again.")
    about, told = await lock_report(work, code, report_id)
    moved = told.county != where.county
    if about.reports > 1:
        about = await split(work, hotline, code, [report_id], Reason.OTHER_PLACE, by, knowing=knowing)
    await correct_place(work, about, told, where, by.id)
    await open_task(work, hotline.queue, about, ANY_LANGUAGE)
    likeliest = next(iter(await neighbours_of(work, about)), None)
    sure = likeliest is not None and likeliest.score >= MERGE and not await has_active_alert(work, likeliest.incident.id)
    if likeliest is not None and sure and await lock_at_once(work, likeliest.incident):
        about = await merge(work, hotline, about.code, likeliest.incident.code, Reason.SAME_PLACE, by)
    if moved and about.state not in DECIDED:
        await _thank(work, hotline, told)
    wake_all(work, hotline)
    return about


def place_of(hotline: Hotline, words: str, county: str) -> Location:
    """The one place that a dispatcher means: in words, as a ZIP code, coordinates or a map link, and the county where those leave it open.
    Raises BadInput."""
    where = locate(words, hotline.gazetteer, home_counties=(county,) if county else (), answering=True) if words else Location()
    if county and county not in hotline.counties:
        raise BadInput("Choose a county of the list.")
    if county and (where.county is None or where.county != county):
        if where.county is not None or (where.counties and county not in where.counties):
            raise BadInput("That place is in another county. Choose its county, or leave the county empty.")
        return Location((county,), where.label or hotline.counties.by_fips(county).label("en"), where.point)
    if where.county is None:
        raise BadInput("We did not find that place. Write a town, a ZIP code, coordinates or a map link, or choose the county.")
    return where


def _language_of(told: Report) -> str:
    return told.language if told.language in TEXT_LANGUAGES else ANY_LANGUAGE


async def _thank(work: Transaction, hotline: Hotline, told: Report) -> None:
    county = hotline.counties.by_fips(told.county or "")
    labels = {one: county.label(one) for one in TEXT_LANGUAGES}
    await _answer(work, hotline, told, hotline.texts.in_every_language(thanks_for(told), county=labels))


async def _answer(work: Transaction, hotline: Hotline, told: Report, texts: dict[str, str]) -> None:
    await plan_to(work, Message(Lane.REPLY, "answer", texts, told.id), [told.contact_id])
    wake_all(work, hotline)
