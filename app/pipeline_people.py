"""The main job when a volunteer goes: whatever they held goes on without them. `pipeline.py` is the page before."""

from __future__ import annotations

from app.core.database import Transaction
from app.delivery.plan import Message, plan_to, withdraw
from app.hotline import Hotline, wake_all
from app.pipeline_swaps import leave_swaps
from app.records.deliveries import Lane
from app.records.incidents import Incident, incident
from app.records.states import OfferState
from app.records.verification import HandedOver
from app.verification.handover import end_claims, end_offers
from app.volunteers.profile import Profile
from app.volunteers.roster import change_volunteer, suspend
from app.volunteers.tables import Role, Volunteer


async def suspend_person(work: Transaction, hotline: Hotline, person: Volunteer, by: Volunteer) -> None:
    """A person loses sessions, claims, offers and swaps at once. Raises NotAllowed for oneself and the last administrator."""
    await suspend(work, person, by)
    await _let_go_of_tasks(work, hotline, person, by)
    await _let_go_of_offers(work, hotline, person)
    await leave_swaps(work, person)
    wake_all(work, hotline)


async def change_person(work: Transaction, hotline: Hotline, person: Volunteer, wanted: Profile, by: Volunteer) -> set[str]:
    """A person's profile changes; what they may do no longer, they stop doing at once. Returns the names of the fields that changed.
    Raises what `change_volunteer` does."""
    changed = await change_volunteer(work, person, wanted, by)
    if "roles" in changed and Role.DISPATCHER not in wanted.roles:
        await _let_go_of_tasks(work, hotline, person, by)
    if changed & {"roles", "trained"} and not (Role.VERIFIER in wanted.roles and wanted.trained):
        await _let_go_of_offers(work, hotline, person)
    if changed:
        wake_all(work, hotline)
    return changed


async def _let_go_of_tasks(work: Transaction, hotline: Hotline, person: Volunteer, by: Volunteer) -> None:
    await end_claims(work, hotline.queue, person.id, HandedOver.SUSPENDED, by.id)


async def _let_go_of_offers(work: Transaction, hotline: Hotline, person: Volunteer) -> None:
    """Who was asked is asked no more; who is on the way is told not to go."""
    for ended, was in await end_offers(work, person.id):
        await withdraw(work, ended.id, "offer")
        if was is OfferState.ACCEPTED and person.contact_id is not None:
            about = await work.get(Incident, incident.c.id == ended.incident_id)
            assert about is not None  # as an offer always has one
            texts = hotline.texts.in_every_language("offer.stood_down", code=about.code)
            await plan_to(work, Message(Lane.DISPATCH, "stand_down", texts, about.id), [person.contact_id])
