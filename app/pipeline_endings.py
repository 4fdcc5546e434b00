"""The main job around an alert's end, and where one person was allowed to send alone: the organizers hear of both. `pipeline_alerts.py` is
the page before this."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import structlog
from sqlalchemy import or_, select

from app.alerts.ending import due_reminders
from app.core.clock import local_time
from app.core.database import Transaction
from app.core.errors import Conflict
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to
from app.hotline import Hotline, wake_all
from app.pipeline_alerts import follow_up, incident_of, propose_update, sign, told_of
from app.records.alerts import Alert, AlertType, alert
from app.records.deliveries import Lane
from app.records.events import record
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

log = structlog.get_logger(__name__)


async def remind_of_ends(work: Transaction, hotline: Hotline) -> int:
    """Text the organizers about each alert that ends soon, once. Returns how many alerts that were."""
    ending = await due_reminders(work)
    for one in ending:
        people = await _phones_of(work, (Role.ORGANIZER,))
        county = hotline.counties.by_fips(one.county)
        texts = hotline.texts.in_every_language(
            "alert.ends_soon",
            code=one.code,
            county={language: county.label(language) for language in TEXT_LANGUAGES},
            until={language: local_time(one.expires_at, hotline.time_zone, language) for language in TEXT_LANGUAGES},
        )
        if people:
            await plan_to(work, Message(Lane.DISPATCH, "ends_soon", texts, one.id, one.expires_at), people)
        else:
            log.warning("nobody_to_remind", alert=str(one.id))
        await record(work, "alert.reminded", one.id, county=one.county, code=one.code, people=len(people))
    if ending:
        wake_all(work, hotline)
    return len(ending)


async def follow(work: Transaction, hotline: Hotline, one: Alert, author: Volunteer, *, longer: bool) -> Alert:
    """Propose what follows an alert: that it still holds (`longer`), or its all-clear or correction. Raises Conflict."""
    about = await incident_of(work, one)
    if about is not None:
        return await propose_update(work, hotline, about, author, AlertType.UPDATE if longer else None)
    earlier = await told_of(work, or_(alert.c.id == one.id, alert.c.references_id == one.id))
    if not earlier:
        raise Conflict("No alert went out about this incident, so there is nothing to correct.")
    kind = AlertType.UPDATE if longer else AlertType.ALL_CLEAR
    return await follow_up(work, hotline, None, author, earlier, kind)


async def send_alone(work: Transaction, hotline: Hotline, alert_id: UUID, by: Volunteer, reason: str) -> Alert:
    """One person sends what they wrote, where an administrator allowed that; every administrator and organizer is texted."""
    signed, _ = await sign(work, hotline, alert_id, by, alone=reason)
    county = hotline.counties.by_fips(signed.county)
    texts = hotline.texts.in_every_language(
        "alert.alone",
        who=by.alias,
        code=signed.code,
        county={language: county.label(language) for language in TEXT_LANGUAGES},
    )
    people = await _phones_of(work, (Role.ADMIN, Role.ORGANIZER))
    await plan_to(work, Message(Lane.DISPATCH, "alone", texts, signed.id), people)
    await record(work, "alert.told_of_alone", signed.id, county=signed.county, code=signed.code, people=len(people))
    wake_all(work, hotline)
    return signed


async def _phones_of(work: Transaction, roles: Collection[Role]) -> list[UUID]:
    """The phones of everybody who has one of these roles and may act now."""
    rows = await work.execute(
        select(volunteer.c.contact_id).where(
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.roles.overlap([role.value for role in roles]),
            volunteer.c.contact_id.is_not(None),
        )
    )
    return list(rows.scalars())
