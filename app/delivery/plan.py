"""Planning who gets what: a message, its text in each language, and one delivery a person, all in the transaction that wanted them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    Select,
    SmallInteger,
    Subquery,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.delivery.nearness import HERE_KM, NEIGHBOUR_KM
from app.delivery.quiet_hours import QUIET_LANES
from app.records.contacts import contact
from app.records.deliveries import Lane, OutgoingMessage, OutgoingText, Skipped, delivery, line_slot, outgoing_message
from app.records.states import DeliveryState
from app.subscribers.nearness import zip_hash_of
from app.subscribers.tables import Topic, subscription
from app.telephony.segments import size_of
from app.volunteers.tables import Standing, volunteer

LIFETIME: Final = {
    Lane.REPLY: timedelta(hours=6),
    Lane.DISPATCH: timedelta(minutes=30),
    Lane.ALERT: timedelta(hours=2),
    Lane.CORRECTION: timedelta(hours=6),
    Lane.RIGHTS: timedelta(hours=6),
    Lane.BROADCAST: timedelta(hours=12),
}
"""After this long an unsent text is dropped: news that is old does harm."""


@dataclass(frozen=True)
class Message:
    """What to say, by language, in which lane, which record it is about, and until when it holds (else as long as its lane's texts do).
    `opens_at` is when the night ends, if it is night (`quiet_hours.next_opening`). An `exercise` goes to volunteers who practise, whoever
    else it is planned to."""

    lane: Lane
    purpose: str
    texts: Mapping[str, str]
    about_id: UUID | None = None
    expires_at: datetime | None = None
    opens_at: datetime | None = None
    exercise: bool = False


@dataclass(frozen=True)
class Planned:
    """A planned message: its id and how many people will get it."""

    id: UUID
    recipients: int


@dataclass(frozen=True)
class Told:
    """One text that was planned for one person: for what, when, and whether it was sent or is just being sent."""

    contact_id: UUID
    purpose: str
    at: datetime
    arrives: bool


async def plan_to(work: Transaction, message: Message, contacts: Sequence[UUID]) -> Planned:
    """Tell some people. Whoever stopped, or whose number is not known any more, is left out."""
    return await _plan(work, message, select(contact).where(contact.c.id.in_(contacts)))


async def plan_to_county(
    work: Transaction,
    message: Message,
    county: str,
    topic: Topic = Topic.ALERTS,
    *,
    besides: Sequence[UUID] = (),
    turns: Mapping[str, int] | None = None,
) -> Planned:
    """Tell every subscriber of a county, in one statement; but nobody whom what is said about the records `besides` is for. `turns` by ZIP
    code (`nearness.turns_by_zip`) says who goes first and nothing else."""
    by_hash = {zip_hash_of(work.keys, code): turn for code, turn in (turns or {}).items()}
    people = audience(county, work.now, topic, by_hash)
    people = people.where(contact.c.id.not_in(meant_for(besides))) if besides else people
    return await _plan(work, message, people, each_once=True)


async def plan_to_those(work: Transaction, message: Message, people: Select[Any]) -> Planned:
    """Tell the contacts that `people`, a select of them, finds, in one statement."""
    return await _plan(work, message, people)


async def plan_to_same(work: Transaction, message: Message, *earlier_about: UUID) -> Planned:
    """Tell exactly those whom the messages about any of `earlier_about` were meant for, each person once, opt-outs aside (promise 6)."""
    return await _plan(work, message, select(contact).where(contact.c.id.in_(meant_for(earlier_about))))


async def plan_to_practising(work: Transaction, message: Message, county: str) -> Planned:
    """Tell the volunteers who cover a county and asked to get practice alerts."""
    return await _plan(work, replace(message, exercise=True), select(contact).where(covers(county)))


def covers(county: str) -> ColumnElement[bool]:
    """Whether a contact (of the statement that this is part of) is the phone of a volunteer who covers a county."""
    return exists().where(
        volunteer.c.contact_id == contact.c.id,
        volunteer.c.standing == Standing.ACTIVE.value,
        or_(func.cardinality(volunteer.c.counties) == 0, volunteer.c.counties.contains([county])),
    )


def practises() -> ColumnElement[bool]:
    """Whether a contact (of the statement that this is part of) is the phone of a volunteer who asked to get practice alerts."""
    return exists().where(
        volunteer.c.contact_id == contact.c.id, volunteer.c.exercises, volunteer.c.standing == Standing.ACTIVE.value
    )


def meant_for(about: Sequence[UUID]) -> Select[tuple[UUID]]:
    """A select of the contacts whom what was sent out about these records was for. What our own people were told of them counts not."""
    return (
        select(delivery.c.contact_id)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(
            outgoing_message.c.about_id.in_(about),
            outgoing_message.c.lane != int(Lane.DISPATCH),
            delivery.c.state != DeliveryState.SKIPPED.value,
        )
    )


def audience(county: str, now: datetime, topic: Topic = Topic.ALERTS, turns: Mapping[bytes, int] | None = None) -> Select[Any]:
    """A select of the contacts who asked to hear of a county and don't pause, each with whether at any hour, and their turn: that of the
    ZIP code which they gave, by its hash; else that of those who live there as far as we know, as it is the county that they asked for
    first; else that of neighbours."""
    before = subscription.alias("before")
    asked_for_another = (
        select(before.c.id)
        .where(before.c.contact_id == subscription.c.contact_id, before.c.ended_at.is_(None))
        .where(before.c.created_at < subscription.c.created_at, before.c.county != county)
        .exists()
    )
    guessed: ColumnElement[int] = case((asked_for_another, NEIGHBOUR_KM), else_=HERE_KM)
    asked = contact.join(subscription, subscription.c.contact_id == contact.c.id)
    if turns:
        listed = (literal(list(turns), ARRAY(LargeBinary)), literal(list(turns.values()), ARRAY(SmallInteger)))
        near = func.unnest(*listed).table_valued("zip_hash", "turn", name="near").render_derived()
        asked = asked.join(near, near.c.zip_hash == subscription.c.zip_hash, isouter=True)
        guessed = func.coalesce(near.c.turn, guessed)
    return (
        select(contact, subscription.c.any_hour, guessed.label("turn"))
        .select_from(asked)
        .where(subscription.c.county == county, subscription.c.topic == topic.value, subscription.c.ended_at.is_(None))
        .where(contact.c.paused_until.is_(None) | (contact.c.paused_until <= now))
    )


async def count_audience(work: Transaction, county: str, *, only_any_hour: bool = False) -> dict[str, int]:
    """How many people an alert to a county would reach, by the language they would read it in. `only_any_hour`: it is night, and the alert
    would be over by morning."""
    reachable = _reachable(audience(county, work.now))
    people = (reachable.where(subscription.c.any_hour) if only_any_hour else reachable).subquery()
    language = _language_of(people.c.language, TEXT_LANGUAGES)
    rows = await work.all(
        select(language.label("language"), func.count().label("people")).select_from(people).group_by(language)
    )
    return {row.language: row.people for row in rows}


async def withdraw(work: Transaction, about_id: UUID, purpose: str) -> int:
    """Stop what was planned about a record and not yet sent. Returns how many texts that were."""
    messages = (
        outgoing_message.update()
        .where(outgoing_message.c.about_id == about_id, outgoing_message.c.purpose == purpose)
        .values(withdrawn_at=work.now)
        .returning(outgoing_message.c.id)
    )
    ids = (await work.execute(messages)).scalars().all()
    rows = await work.execute(
        delivery.update()
        .where(delivery.c.message_id.in_(ids), delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.WITHDRAWN.value, done_at=work.now)
        .returning(delivery.c.id)
    )
    return len(rows.all())


async def skip(work: Transaction, message_id: UUID, people: Select[tuple[UUID]], reason: Skipped) -> int:
    """Leave out some of those for whom a message was planned just now, and say why. Returns how many."""
    rows = await work.execute(
        delivery.update()
        .where(delivery.c.message_id == message_id, delivery.c.contact_id.in_(people))
        .where(delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=reason.value, done_at=work.now),
        options={"preserve_rowcount": True},
    )
    return int(getattr(rows, "rowcount", 0))


async def put_off(work: Transaction, about_id: UUID, until: datetime) -> None:
    """Send nothing that is planned about a record before an instant."""
    messages = select(outgoing_message.c.id).where(outgoing_message.c.about_id == about_id)
    await work.execute(
        delivery.update()
        .where(delivery.c.message_id.in_(messages), delivery.c.state == DeliveryState.PENDING.value)
        .where(delivery.c.not_before.is_(None) | (delivery.c.not_before < until))
        .values(not_before=until)
    )


async def already_told(work: Transaction, about_id: UUID, purpose: str) -> set[UUID]:
    """The contacts whom a message about a record was meant for that was not withdrawn."""
    told = (
        select(delivery.c.contact_id)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(
            outgoing_message.c.about_id == about_id,
            outgoing_message.c.purpose == purpose,
            outgoing_message.c.withdrawn_at.is_(None),
        )
    )
    return set((await work.execute(told)).scalars())


async def told_about(work: Transaction, about_id: UUID, *purposes: str) -> list[Told]:
    """What was planned to tell whom about a record, for any of these purposes, the oldest first."""
    on_its_way = (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.SENT, DeliveryState.DELIVERED)
    arrives = delivery.c.state.in_([state.value for state in on_its_way])
    rows = await work.all(
        select(delivery.c.contact_id, outgoing_message.c.purpose, outgoing_message.c.created_at, arrives.label("arrives"))
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.about_id == about_id, outgoing_message.c.purpose.in_(purposes))
        .order_by(outgoing_message.c.created_at, outgoing_message.c.id)
    )
    return [Told(row.contact_id, row.purpose, row.created_at, row.arrives) for row in rows]


async def who_may_be_texted(work: Transaction, contacts: Collection[UUID]) -> set[UUID]:
    """Those of some contacts whom `plan_to` would not leave out."""
    return set((await work.execute(_reachable(select(contact.c.id).where(contact.c.id.in_(contacts))))).scalars())


async def _plan(work: Transaction, message: Message, people: Select[Any], *, each_once: bool = False) -> Planned:
    """`each_once`: a constraint of the tables that `people` reads keeps anybody from being in it twice, so that nothing looks for it."""
    expires_at = message.expires_at or work.now + LIFETIME[message.lane]
    planned = OutgoingMessage(
        id=work.new_id(),
        lane=int(message.lane),
        purpose=message.purpose,
        about_id=message.about_id,
        created_at=work.now,
        expires_at=expires_at,
    )
    await work.add(planned)
    for language, words in message.texts.items():
        text = OutgoingText(id=work.new_id(), message_id=planned.id, language=language, segments=size_of(words).segments)
        text.body_sealed = work.seal(words, "outgoing_text", "body", text.id)
        await work.add(text)
    who = _reachable(people.where(practises()) if message.exercise else people).subquery()
    night = _at_night(message, expires_at, who, work.now)
    rows = select(
        func.gen_random_uuid(),
        literal(planned.id),
        who.c.id,
        literal(int(message.lane)),
        _language_of(who.c.language, message.texts),
        literal(0),
        literal(0),
        literal(0),
        literal(work.now),
        func.coalesce(line_slot.c.line, ""),
        who.c.turn if "turn" in who.c else literal(0),
        *night.values(),
    ).select_from(who.join(line_slot, line_slot.c.slot == func.get_byte(func.uuid_send(who.c.id), 15), isouter=True))
    columns = ["id", "message_id", "contact_id", "lane", "language", "fence", "attempts", "rank", "created_at", "line", "turn"]
    columns += night
    written = insert(delivery).from_select(columns, rows)
    if not each_once:
        written = written.on_conflict_do_nothing(index_elements=["message_id", "contact_id"])
    done = await work.execute(written, options={"preserve_rowcount": True})
    recipients = int(getattr(done, "rowcount", 0))
    await work.execute(outgoing_message.update().where(outgoing_message.c.id == planned.id).values(recipients=recipients))
    return Planned(planned.id, recipients)


def _at_night(message: Message, expires_at: datetime, who: Subquery, now: datetime) -> dict[str, ColumnElement[Any]]:
    """How a delivery begins: it waits to be sent; at night what must not disturb waits for the morning, and is skipped where it would be
    over by then."""
    opens_at, always = message.opens_at, message.lane in QUIET_LANES
    if opens_at is None or not (always or "any_hour" in who.c):
        return {"state": literal(DeliveryState.PENDING.value)}
    sleeps = true() if always else who.c.any_hour.is_(False)
    if opens_at < expires_at:
        return {"state": literal(DeliveryState.PENDING.value), "not_before": case((sleeps, literal(opens_at)), else_=null())}
    return {
        "state": case((sleeps, literal(DeliveryState.SKIPPED.value)), else_=literal(DeliveryState.PENDING.value)),
        "reason": case((sleeps, literal(Skipped.QUIET.value)), else_=null()),
        "done_at": case((sleeps, literal(now)), else_=null()),
    }


def _reachable(people: Select[Any]) -> Select[Any]:
    """Those who may be texted. A number that rests for a while counts: by the time of sending it may be over, and if not it is skipped."""
    return people.where(
        contact.c.stopped_at.is_(None),
        contact.c.unreachable_at.is_(None) | contact.c.unreachable_until.is_not(None),
        contact.c.number_sealed.is_not(None),
    )


def _language_of(language: ColumnElement[Any], languages: Iterable[str]) -> ColumnElement[str]:
    """The language that a contact is texted in, as SQL: theirs if the words exist in it, else English."""
    return case((language.in_(list(languages)), language), else_="en")
