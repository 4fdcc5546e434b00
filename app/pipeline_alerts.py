"""The main job, second page: two people tell a county, and each person gets one text. `pipeline.py` is the page before this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.alerts.approval import approve_alert, propose_alert
from app.alerts.compose import compose_alert, compose_update
from app.core.database import Transaction
from app.core.errors import Conflict
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import Message, Planned, plan_to_county, plan_to_same, withdraw
from app.delivery.quiet_hours import next_opening
from app.pipeline import Hotline, wake_all
from app.records.alerts import Alert, AlertType, alert
from app.records.codes import unused_code
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident
from app.records.partners import tell_partners
from app.records.states import AlertState, IncidentState
from app.rights.review import in_force
from app.volunteers.tables import Volunteer


async def draft_alert(work: Transaction, hotline: Hotline, about: Incident) -> tuple[str, dict[str, str], datetime]:
    """The words that the hotline would use for an incident: the code, the texts by language, and until when they hold."""
    until = work.now + hotline.alert_lifetime
    code = await unused_code(work, alert.c.code)
    county = hotline.counties.by_fips(about.county or "")
    seen_at = about.last_report_at
    rights = await in_force(work, hotline.rights)
    words = compose_alert(hotline.texts, rights, about, county, code, hotline.time_zone, seen_at=seen_at, until=until)
    return code, words, until


async def rights_lines(work: Transaction, hotline: Hotline) -> dict[str, str]:
    """The line of rights that every alert carries, by language."""
    rights = await in_force(work, hotline.rights)
    return {language: rights.line(language) for language in hotline.texts.by_language}


async def propose(
    work: Transaction, hotline: Hotline, about: Incident, author: Volunteer, words: Mapping[str, str] | None = None
) -> Alert:
    """One person proposes an alert, in the hotline's words or their own."""
    if about.county is None:
        raise Conflict("The county is not known, so nobody can be told.")
    code, drafted, until = await draft_alert(work, hotline, about)
    proposed = await propose_alert(work, about, author, code, words or drafted, until, await rights_lines(work, hotline))
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return proposed


async def propose_update(work: Transaction, hotline: Hotline, about: Incident, author: Volunteer) -> Alert:
    """Take back, or close, what a county was told: a correction or an all-clear for exactly those who got the alert."""
    earlier = await work.get(
        Alert,
        alert.c.incident_id == about.id,
        alert.c.type == AlertType.ALERT.value,
        alert.c.state.in_((AlertState.APPROVED.value, AlertState.EXPIRED.value)),
        alert.c.approved_at.is_not(None),
    )
    if earlier is None:
        raise Conflict("No alert went out about this incident, so there is nothing to correct.")
    kind = AlertType.ALL_CLEAR if about.state in {IncidentState.CONFIRMED, IncidentState.GONE} else AlertType.CORRECTION
    words = compose_update(hotline.texts, about, hotline.counties.by_fips(earlier.county), earlier.code, kind)
    code = await unused_code(work, alert.c.code)
    until = work.now + hotline.alert_lifetime
    lines = await rights_lines(work, hotline)
    proposed = await propose_alert(work, about, author, code, words, until, lines, kind, earlier)
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return proposed


async def approve(work: Transaction, hotline: Hotline, alert_id: UUID, approver: Volunteer) -> tuple[Alert, Planned]:
    """The second person signs, and in the same transaction every text is planned: to the county's subscribers, or, for a correction or an
    all-clear, to exactly those whom the alert was for."""
    signed, _ = await approve_alert(work, alert_id, approver)
    if signed.type == AlertType.ALERT:
        message = Message(
            Lane.ALERT,
            signed.type,
            signed.texts,
            signed.id,
            signed.expires_at,
            next_opening(work.now, hotline.time_zone),
        )
        planned = await plan_to_county(work, message, signed.county)
    else:
        assert signed.references_id is not None  # PostgreSQL holds a CHECK on it
        await withdraw(work, signed.references_id, AlertType.ALERT.value)  # what is taken back must not arrive after this
        message = Message(Lane.CORRECTION, signed.type, signed.texts, signed.id)
        planned = await plan_to_same(work, message, signed.references_id)
    await record(work, "alert.planned", signed.id, county=signed.county, code=signed.code, people=planned.recipients)
    await tell_partners(work, signed.id)
    wake_all(work, hotline)
    return signed, planned
