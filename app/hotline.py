"""The hotline as every step of the line is given it, and what it tells people whichever step finds it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import select

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.lines import Inventory
from app.delivery.plan import Message, already_told, plan_to
from app.intake.conversation import SIGHTINGS
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.pipeline_subscribers import Answering
from app.places.atlas import Atlas
from app.places.gazetteer import Gazetteer
from app.records.deliveries import Lane
from app.records.incidents import Incident, Report, report
from app.records.reading import Assessment, Kind
from app.records.states import ReportState
from app.rights.review import in_force
from app.rights.topics import Rights
from app.triage.lexicon import Lexicon
from app.verification.offers import OPEN_OFFERS, stand_down
from app.verification.queue import TaskQueue
from app.verification.wording import outcome_words
from app.volunteers.tables import volunteer

AT_THE_DOOR: Final = "door"
"""The situation in which a person needs to know their rights at once, unasked."""


@dataclass(frozen=True)
class Hotline:
    """What every step may read and none changes: the pack of the state, the queue, a few policies. `public_url`: where we are reached."""

    lexicon: Lexicon
    atlas: Atlas
    counties: Counties
    texts: Texts
    rights: Rights
    queue: TaskQueue
    redis: Redis
    time_zone: str
    alert_lifetime: timedelta
    answering: Answering
    inventory: Inventory
    public_url: str

    @property
    def gazetteer(self) -> Gazetteer:
        """The places known right now, with the landmarks that organizers added."""
        return self.atlas.gazetteer


async def send_rights(work: Transaction, hotline: Hotline, sender: UUID, told: Report, said: Assessment) -> None:
    """Who has them at the door gets their rights after the answer, once a report, and as part of it: at any hour, behind no alert."""
    if said.situation != AT_THE_DOOR or told.kind not in SIGHTINGS or await already_told(work, told.id, "rights"):
        return
    rights = await in_force(work, hotline.rights)
    languages = {*TEXT_LANGUAGES, *rights.topics[AT_THE_DOOR].states}
    texts = {language: rights.answer(AT_THE_DOOR, language) for language in languages}
    await plan_to(work, Message(Lane.REPLY, "rights", texts, told.id), [sender])
    wake_all(work, hotline)


async def call_off(work: Transaction, hotline: Hotline, about: Incident, which: Sequence[str] = OPEN_OFFERS) -> None:
    """Whoever was asked to look, or is on the way, need not go; or only those whose offers are in `which` states."""
    called_off = await stand_down(work, about.id, about.county, which)
    if called_off:
        phones = await work.execute(select(volunteer.c.contact_id).where(volunteer.c.id.in_(called_off)))
        texts = hotline.texts.in_every_language("offer.stood_down", code=about.code)
        await plan_to(work, Message(Lane.DISPATCH, "stand_down", texts, about.id), list(phones.scalars()))


async def tell_outcome(work: Transaction, hotline: Hotline, about: Incident, told: Sequence[Report] | None = None) -> None:
    """Everyone who reported it, or who asked whether it is true, hears the outcome once, in their language; or only those of `told`."""
    if told is None:
        told = await work.find(
            Report, select(report).where(report.c.incident_id == about.id, report.c.state == ReportState.JOINED.value)
        )
    saw = {one.contact_id for one in told if one.kind != Kind.RUMOR}
    asked = {one.contact_id for one in told} - saw
    for part, people in (("outcome", saw), ("rumor", asked)):
        if people:
            texts = outcome_words(hotline.texts, hotline.counties, about, hotline.time_zone, part)
            await plan_to(work, Message(Lane.REPLY, "outcome", texts, about.id), sorted(people))


def wake_all(work: Transaction, hotline: Hotline) -> None:
    """Tell the worker and the boards that there is something new."""
    work.after_commit += [wake(hotline.redis, LiveTopic.OUTBOX), wake(hotline.redis, LiveTopic.BOARD)]
