"""The main job, a page for what is not about an incident: organizers' announcements, and rights, one a week to each person.

written → checked → a second person → its time → whoever listens → delivery → phones
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from app.alerts.review import MOST_SEGMENTS, Problem, problems_of
from app.broadcasts.audience import capped, listeners
from app.broadcasts.hosts import allowed_hosts
from app.broadcasts.links import link_problem, without_links
from app.broadcasts.runs import begin_run, count_waiting, give_next, given_in, hold_for_second, runs_of, take_due
from app.broadcasts.wording import languages_of, missing_of, own_words, renderings, rights_renderings
from app.broadcasts.writing import (
    PURPOSE,
    approve_broadcast,
    cancel_broadcast,
    get_broadcast,
    needs_second,
    pause_broadcast,
    propose_broadcast,
    resume_broadcast,
)
from app.core.database import Transaction
from app.core.errors import BadInput
from app.delivery.holding import hold_message, let_message_go
from app.delivery.plan import Message, plan_to_those, put_off, skip, withdraw
from app.delivery.quiet_hours import next_opening
from app.hotline import Hotline, wake_all
from app.records.broadcasts import Broadcast, BroadcastKind, BroadcastRun
from app.records.deliveries import Lane, Skipped
from app.records.events import record
from app.records.states import BroadcastState
from app.rights.review import in_force
from app.rights.topics import Rights
from app.telephony.segments import size_of
from app.volunteers.tables import Volunteer

LASTS: Final = timedelta(hours=36)
"""So long a broadcast may take to reach its last phone: a day's pace for many people, and the morning after."""

MISSING: Final = "missing"
LINK: Final = "link"
TOO_LONG: Final = "too_long"


@dataclass(frozen=True)
class Checked:
    """How a broadcast would read: the texts by language of the reader (for a series those of its first topic), and what holds it."""

    texts: dict[str, str]
    problems: list[Problem]


async def check(work: Transaction, hotline: Hotline, told: Broadcast) -> Checked:
    """What its readers would get, and everything that keeps it from going out."""
    if told.kind == BroadcastKind.SERIES:
        rights = await in_force(work, hotline.rights)
        series = _sendable(hotline, rights, told)
        problems = [] if series else [Problem(language, MISSING) for language in languages_of(told)]
        return Checked(next(iter(series.values()), {}), problems)
    texts = renderings(hotline.texts, told)
    return Checked(texts, problems_in(told, texts, await allowed_hosts(work)))


def problems_in(told: Broadcast, texts: dict[str, str], hosts: Collection[str]) -> list[Problem]:
    """What is wrong with an announcement: what is wrong with alerts, with its own rules for links, missing languages and length. Pure."""
    words = own_words(told)
    bare = {language: without_links(own, hosts) for language, own in words.items()}
    found = [Problem(language, MISSING) for language in missing_of(told)]
    found += [p for p in problems_of(bare) if p.language in words and p.code not in {MISSING, LINK, TOO_LONG}]
    links = {language: link_problem(own, hosts) for language, own in words.items()}
    found += [Problem(language, code) for language, code in links.items() if code is not None]
    found += [Problem(language, TOO_LONG) for language, text in texts.items() if size_of(text).segments > MOST_SEGMENTS]
    return found


async def propose(work: Transaction, hotline: Hotline, code: str, author: Volunteer) -> Broadcast:
    """Its author is done with it. Raises BadInput where its words hold it, and what `propose_broadcast` raises."""
    await _refuse_wrong(work, hotline, await get_broadcast(work, code, lock=True))
    told = await propose_broadcast(work, code, author, hotline.time_zone)
    await _begin(work, hotline, told)
    return told


async def approve(work: Transaction, hotline: Hotline, code: str, seen: str, approver: Volunteer) -> Broadcast:
    """The second person signs. Raises BadInput where a host was taken off the list meanwhile, and what `approve_broadcast` raises."""
    held = await get_broadcast(work, code, lock=True)
    if held.state == BroadcastState.PROPOSED:
        await _refuse_wrong(work, hotline, held)
    told = await approve_broadcast(work, code, seen, approver, hotline.time_zone)
    await _begin(work, hotline, told)
    return told


async def pause(work: Transaction, hotline: Hotline, code: str, by: Volunteer) -> int:
    """Hold it, and every text of it that is not on its way. Returns how many texts that were."""
    told = await pause_broadcast(work, code, by)
    held = 0
    for run in await runs_of(work, told.id):
        if await hold_message(work, run.id, PURPOSE):
            held += await count_waiting(work, run.id)
    wake_all(work, hotline)
    return held


async def resume(work: Transaction, hotline: Hotline, code: str, by: Volunteer) -> int:
    """Let it go on, at night from the morning. Returns how many texts were held that go now."""
    told = await resume_broadcast(work, code, by)
    opens_at, going = next_opening(work.now, hotline.time_zone), 0
    for run in await runs_of(work, told.id):
        if await let_message_go(work, run.id, PURPOSE):
            going += await count_waiting(work, run.id)
            if opens_at is not None:
                await put_off(work, run.id, opens_at)
    wake_all(work, hotline)
    return going


async def cancel(work: Transaction, hotline: Hotline, code: str, by: Volunteer) -> int:
    """End it, and skip every text of it that is not on its way. Returns how many texts that were."""
    told = await cancel_broadcast(work, code, by)
    stopped = sum([await withdraw(work, run.id, PURPOSE) for run in await runs_of(work, told.id)])
    wake_all(work, hotline)
    return stopped


async def send_due(work: Transaction, hotline: Hotline, which: UUID) -> bool:
    """A broadcast whose time has come goes out: every text of it is planned in this transaction. Returns whether it was ours to send."""
    told = await take_due(work, which)
    if told is None:
        return False
    await work.lock("broadcasts", "plan")  # so that two at once can't both believe that a person may have one more this week
    if await needs_second(work, told):
        await hold_for_second(work, told)
    else:
        run = await begin_run(work, told, hotline.time_zone)
        if not run.missed:
            await _send(work, hotline, told, run)
    wake_all(work, hotline)
    return True


async def _begin(work: Transaction, hotline: Hotline, told: Broadcast) -> None:
    """What is due at once goes out in the transaction that allowed it."""
    if told.state == BroadcastState.SCHEDULED and told.next_at is not None and told.next_at <= work.now:
        await send_due(work, hotline, told.id)
    wake_all(work, hotline)


async def _send(work: Transaction, hotline: Hotline, told: Broadcast, run: BroadcastRun) -> None:
    opens_at = next_opening(work.now, hotline.time_zone)
    about = partial(Message, purpose=PURPOSE, about_id=run.id, expires_at=work.now + LASTS, opens_at=opens_at)
    if told.kind == BroadcastKind.SERIES:
        series = _sendable(hotline, await in_force(work, hotline.rights), told)
        given = await give_next(work, told, run.id, {topic: list(texts) for topic, texts in series.items()})
        batches = [(about(Lane.RIGHTS, texts=series[topic]), given_in(run.id, topic)) for topic in given]
    else:
        batches = [(about(Lane.BROADCAST, texts=renderings(hotline.texts, told)), listeners(told, work.now))]
    people = left_out = 0
    for message, who in batches:
        planned = await plan_to_those(work, message, who)
        left_out += await skip(work, planned.id, capped(planned.id, work.now), Skipped.CAPPED)
        people += planned.recipients
    await record(work, "broadcast.planned", told.id, code=told.code, people=people, capped=left_out)


def _sendable(hotline: Hotline, rights: Rights, told: Broadcast) -> dict[str, dict[str, str]]:
    """The topics of a series, in its order, with their texts by language of the reader; without those that can be sent in none."""
    series = {name: rights_renderings(hotline.texts, rights, name) for name in told.rights_topics if name in rights.topics}
    return {name: texts for name, texts in series.items() if texts}


async def _refuse_wrong(work: Transaction, hotline: Hotline, told: Broadcast) -> None:
    if wrong := (await check(work, hotline, told)).problems:
        raise BadInput("; ".join(f"{p.language}: {p.code}" for p in wrong))
