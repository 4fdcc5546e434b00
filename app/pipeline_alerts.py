"""The main job, second page: two people tell a county, and each person gets one text. `pipeline.py` is the page before this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.alerts.approval import Draft, approve_alert, propose_alert
from app.alerts.compose import Scene, as_exercise, compose_alert, compose_update, required_of
from app.alerts.review import Required
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.holding import end_message, hold_message, let_message_go
from app.delivery.nearness import turns_by_zip
from app.delivery.plan import Message, Planned, plan_to_county, plan_to_practising, plan_to_same, withdraw
from app.delivery.preview import Preview, preview_county, preview_practising, preview_same
from app.delivery.quiet_hours import next_opening
from app.pipeline import Hotline, wake_all
from app.records.alerts import TELLING, WENT_OUT, Alert, AlertType, alert, references_of
from app.records.codes import unused_code
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.partners import tell_partners
from app.records.states import AlertState, IncidentState
from app.rights.review import in_force
from app.telephony.segments import spelled_to_fit
from app.volunteers.tables import Role, Volunteer

LONGEST: Final = timedelta(hours=12)
"""No alert holds longer: what was seen so long ago is no longer known."""


async def draft_alert(work: Transaction, hotline: Hotline, about: Incident) -> tuple[str, dict[str, str], datetime]:
    """The words that the hotline would use for an incident: the code, the texts by language, and until when they hold."""
    until = work.now + hotline.alert_lifetime
    scene = await scene_of(work, hotline, about.county or "", about.place, about.last_report_at, until)
    return scene.code, await words_of(work, hotline, scene), until


async def scene_of(
    work: Transaction, hotline: Hotline, county: str, place: str | None, seen_at: datetime, until: datetime
) -> Scene:
    """What an alert is about, with a code of its own. Raises Conflict where the county is not known."""
    if county not in hotline.counties:
        raise Conflict("The county is not known, so nobody can be told.")
    return Scene(hotline.counties.by_fips(county), place, seen_at, until, await unused_code(work, alert.c.code))


async def words_of(
    work: Transaction, hotline: Hotline, scene: Scene, template: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The words about a scene, in the template's words or the hotline's usual."""
    return compose_alert(hotline.texts, await in_force(work, hotline.rights), scene, hotline.time_zone, template)


async def required_for(work: Transaction, hotline: Hotline, county: str, code: str, until: datetime) -> Required:
    """What the words of an alert to a county must hold."""
    rights = await in_force(work, hotline.rights)
    lines = {language: rights.line(language) for language in hotline.texts.by_language}
    scene = Scene(hotline.counties.by_fips(county), None, work.now, until, code)
    return required_of(hotline.texts, lines, scene, hotline.time_zone)


async def propose(
    work: Transaction, hotline: Hotline, about: Incident, author: Volunteer, words: Mapping[str, str] | None = None
) -> Alert:
    """One person proposes an alert, in the hotline's words or their own."""
    code, drafted, until = await draft_alert(work, hotline, about)
    draft = Draft(code, words or drafted, until, about.county or "", place=about.place or "")
    return await put_forward(work, hotline, about, author, draft)


async def put_forward(work: Transaction, hotline: Hotline, about: Incident | None, author: Volunteer, draft: Draft) -> Alert:
    """Propose a finished draft. Raises BadInput for its words or its end, and what `propose_alert` raises."""
    if draft.county not in hotline.counties:
        raise Conflict("The county is not known, so nobody can be told.")
    if not work.now < draft.until <= work.now + LONGEST:
        raise BadInput("An alert ends within twelve hours, and not in the past.")
    draft = spelled(draft)
    required = None
    if draft.kind is AlertType.ALERT:
        required = await required_for(work, hotline, draft.county, draft.code, draft.until)
    proposed = await propose_alert(work, about, author, draft, required)
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return proposed


def spelled(draft: Draft) -> Draft:
    """The draft as it would go out: with its mark where it is an exercise, and spelled to cost least. Pure."""
    words = as_exercise(draft.own_words) if draft.exercise else draft.own_words
    return replace(draft, words={language: spelled_to_fit(text) for language, text in words.items()})


async def propose_update(
    work: Transaction, hotline: Hotline, about: Incident, author: Volunteer, kind: AlertType | None = None
) -> Alert:
    """Say that it still holds (`AlertType.UPDATE`), or take back or close what a county was told: for exactly those who got any alert about
    the incident. Without `kind` it is an all-clear where the agents left or the alert was right, else a correction."""
    earlier = await told_of(work, alert.c.incident_id == about.id)
    if not earlier:
        raise Conflict("No alert went out about this incident, so there is nothing to correct.")
    clears = about.state in {IncidentState.CONFIRMED, IncidentState.GONE}
    return await follow_up(
        work, hotline, about, author, earlier, kind or (AlertType.ALL_CLEAR if clears else AlertType.CORRECTION)
    )


async def follow_up(
    work: Transaction, hotline: Hotline, about: Incident | None, author: Volunteer, earlier: list[Alert], kind: AlertType
) -> Alert:
    """Propose an update, a correction or an all-clear of these alerts (the newest first), which are of one incident or exercise."""
    first = next((one for one in reversed(earlier) if one.type == AlertType.ALERT), earlier[-1])
    county = hotline.counties.by_fips(first.county)
    until = work.now + hotline.alert_lifetime
    words = compose_update(hotline.texts, about, county, first.code, kind, zone=hotline.time_zone, until=until)
    code = await unused_code(work, alert.c.code)
    draft = Draft(code, words, until, first.county, kind, earlier, exercise=first.exercise)
    return await put_forward(work, hotline, about, author, draft)


async def told_of(work: Transaction, which: ColumnElement[bool]) -> list[Alert]:
    """The alerts and updates that went out, the newest first; where real ones did, no exercise is among them."""
    found = await work.find(
        Alert,
        select(alert)
        .where(which, alert.c.type.in_(TELLING), alert.c.state.in_(WENT_OUT), alert.c.approved_at.is_not(None))
        .order_by(alert.c.approved_at.desc(), alert.c.id.desc()),
    )
    real = [one for one in found if not one.exercise]
    return real or found


async def approve(work: Transaction, hotline: Hotline, alert_id: UUID, approver: Volunteer) -> tuple[Alert, Planned]:
    """The second person signs, and in the same transaction every text is planned: to the county's subscribers; or, for what follows an
    alert, to exactly those whom any of its alerts was for; or, where it is practice, to volunteers who practise."""
    return await sign(work, hotline, alert_id, approver)


async def sign(
    work: Transaction, hotline: Hotline, alert_id: UUID, approver: Volunteer, *, alone: str | None = None
) -> tuple[Alert, Planned]:
    """Approve and plan; `alone` is the reason where it is the author who signs."""
    signed = await approve_alert(work, alert_id, approver, alone=alone)
    planned = await plan_texts(work, hotline, signed)
    wake_all(work, hotline)
    return signed, planned


async def plan_texts(work: Transaction, hotline: Hotline, signed: Alert) -> Planned:
    """Plan the texts of an alert that was signed, and have partners told. Practice is told to no partner."""
    morning = next_opening(work.now, hotline.time_zone)
    if signed.type == AlertType.ALERT:
        message = Message(Lane.ALERT, signed.type, signed.texts, signed.id, signed.expires_at, morning, signed.exercise)
        if signed.exercise:
            planned = await plan_to_practising(work, message, signed.county)
        else:
            turns = turns_by_zip(await _point_of(work, signed), hotline.gazetteer.zip_middles)
            besides = await holding_besides(work, signed)
            planned = await plan_to_county(work, message, signed.county, besides=besides, turns=turns)
    else:
        earlier = (await references_of(work, [signed.id])).get(signed.id, [])
        if signed.type != AlertType.UPDATE:
            for one in earlier:
                await withdraw(work, one.id, one.type)  # what is taken back must not arrive after this
        message = Message(
            Lane.CORRECTION,
            signed.type,
            signed.texts,
            signed.id,
            signed.expires_at if signed.type == AlertType.UPDATE else None,
            exercise=signed.exercise,
        )
        planned = await plan_to_same(work, message, *(one.id for one in earlier))
    await record(work, "alert.planned", signed.id, county=signed.county, code=signed.code, people=planned.recipients)
    if not signed.exercise:
        await tell_partners(work, signed.id)
    return planned


async def holding_besides(work: Transaction, one: Alert) -> list[UUID]:
    """Other alerts about the same incident that hold now: whom they are for is not told the same again."""
    others = await work.execute(
        select(alert.c.id).where(
            alert.c.incident_id == one.incident_id,
            alert.c.id != one.id,
            alert.c.type.in_(TELLING),
            alert.c.state == AlertState.APPROVED.value,
            alert.c.expires_at > work.now,
            alert.c.exercise.is_(False),
        )
    )
    return list(others.scalars())


async def preview_of(work: Transaction, hotline: Hotline, waiting: Alert) -> Preview:
    """Whom an alert would reach if it were signed now."""
    earlier = [one.id for one in (await references_of(work, [waiting.id])).get(waiting.id, [])]
    if waiting.exercise:
        return await preview_practising(work, waiting.county, earlier)
    if earlier:
        return await preview_same(work, earlier)
    return await preview_county(
        work,
        waiting.county,
        expires_at=waiting.expires_at,
        opens_at=next_opening(work.now, hotline.time_zone),
        besides=await holding_besides(work, waiting),
    )


async def hold_alert(work: Transaction, hotline: Hotline, held: Alert, by: Volunteer) -> None:
    """Pause an alert that is going out: within a second nothing more of it leaves. Raises Conflict where nothing of it is going."""
    _may_steer(by)
    if not await hold_message(work, held.id, held.type):
        raise Conflict("Nothing of this alert is going out now.")
    await record(work, "alert.paused", held.id, actor_id=by.id, county=held.county, code=held.code)
    wake_all(work, hotline)


async def let_alert_go(work: Transaction, hotline: Hotline, held: Alert, by: Volunteer) -> None:
    """Go on with a paused alert. Raises Conflict where it is not paused."""
    _may_steer(by)
    if not await let_message_go(work, held.id, held.type):
        raise Conflict("This alert is not paused.")
    await record(work, "alert.resumed", held.id, actor_id=by.id, county=held.county, code=held.code)
    wake_all(work, hotline)


async def cancel_alert(work: Transaction, hotline: Hotline, ended: Alert, by: Volunteer) -> int:
    """Send nothing more of an alert, for good; who has it already hears nothing of this. Returns how many did not get it. Raises Conflict
    where it was ended already."""
    _may_steer(by)
    spared = await end_message(work, ended.id, ended.type)
    if spared is None:
        raise Conflict("This alert was stopped already. Nothing more of it goes out.")
    await record(work, "alert.cancelled", ended.id, actor_id=by.id, county=ended.county, code=ended.code, people=spared)
    wake_all(work, hotline)
    return spared


async def incident_of(work: Transaction, of: Alert) -> Incident | None:
    """The incident that an alert is about; None for practice that is about none."""
    return await work.get(Incident, incident.c.id == of.incident_id) if of.incident_id else None


async def _point_of(work: Transaction, of: Alert) -> tuple[float, float] | None:
    """Where what an alert tells of is (latitude, longitude in degrees): the middle of the town where only that is known, None where only
    the county is."""
    about = await incident_of(work, of)
    if about is None or about.latitude is None or about.longitude is None:
        return None
    return about.latitude, about.longitude


def _may_steer(by: Volunteer) -> None:
    if Role.ORGANIZER not in by.roles:
        raise NotAllowed("Only organizers pause or stop an alert.")
