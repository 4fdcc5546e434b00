"""Answers to what people ask about their own texts: one topic more, one county less, by day only, a week's quiet, the ZIP code they live
in, what do you hold."""

from __future__ import annotations

from app.core.clock import local_day
from app.core.database import Transaction
from app.intake.answers import Asker
from app.intake.conversation import Answer
from app.records.reading import Location
from app.subscribers.choices import Wishes, choose_hours, leave, pause, wishes_of
from app.subscribers.consent import subscribe
from app.subscribers.nearness import keep_zip, only_zip, read_zip_order, zip_behind, zip_hash_of
from app.subscribers.tables import Topic


async def answer_topic(work: Transaction, asker: Asker, topic: Topic) -> Answer:
    """A topic for every county that they have; who has none names one with it."""
    held = await wishes_of(work, asker.kept.sender.id)
    name = asker.say(f"topics.{topic}")
    if not held.counties or held.stopped:
        return Answer(asker.say("subscribe.topic_where", topic=name, word=asker.say(f"topic_words.{topic}")))
    for county in held.counties:
        await subscribe(work, asker.consent("subscribe.joined_topic"), county, topic)
    return Answer(asker.say("subscribe.joined_topic", topic=name, county=asker.names(held.counties)))


async def answer_leave(work: Transaction, asker: Asker, where: Location, topic: Topic | None) -> Answer:
    """One county or one topic less; everything else stays. This is no stop."""
    who = asker.kept.sender.id
    held = await wishes_of(work, who)
    theirs = [county for county in where.counties if county in held.counties]
    county = theirs[0] if len(theirs) == 1 else where.county
    if county is None and topic is None:
        return _ask_which(asker, held)
    ended = await leave(work, asker.consent("subscribe.left"), county, topic)
    held = await wishes_of(work, who)
    if not held.counties:
        return Answer(asker.say("subscribe.left_last" if ended else "subscribe.none"))
    what = " ".join(([asker.say(f"topics.{topic}")] if topic else []) + ([asker.county(county)] if county else []))
    return Answer(asker.say("subscribe.left" if ended else "subscribe.not_had", what=what, counties=asker.names(held.counties)))


async def answer_pause(work: Transaction, asker: Asker) -> Answer:
    """A week without alerts; what they ask is still answered."""
    held = await wishes_of(work, asker.kept.sender.id)
    if held.stopped or not held.counties:
        return _nothing_on(asker, held)
    until = await pause(work, asker.consent("subscribe.paused"))
    return Answer(asker.say("subscribe.paused", day=local_day(until, asker.time_zone, asker.language)))


async def answer_hours(work: Transaction, asker: Asker, *, any_hour: bool) -> Answer:
    """Alerts at any hour, or by day only."""
    wording = "subscribe.any_hour" if any_hour else "subscribe.day_only"
    if await choose_hours(work, asker.consent(wording), any_hour=any_hour):
        return Answer(asker.say(wording))
    return _nothing_on(asker, await wishes_of(work, asker.kept.sender.id))


async def answer_zip(work: Transaction, asker: Asker, where: Location) -> Answer | None:
    """ZIP 27701, ZIP OFF, or the bare code from somebody who gets alerts: they hear first of what is near it. None where the text says
    something else. It subscribes to nothing: who gives the code of another county reads how to get that county's alerts."""
    is_bare = asker.words.strip() == only_zip(asker.words)
    code = asker.words.strip() if is_bare else read_zip_order(asker.words)
    if code is None:
        return None
    who = asker.kept.sender.id
    held = await wishes_of(work, who)
    if held.stopped or not held.counties:
        return None if is_bare else _nothing_on(asker, held)
    if code and code not in asker.zips:
        return Answer(asker.say("subscribe.zip_how"))
    await keep_zip(work, who, zip_hash_of(work.keys, code) if code else None)
    if not code:
        return Answer(asker.say("subscribe.zip_gone"))
    if where.county is not None and where.county not in held.counties:
        return Answer(asker.say("subscribe.zip_elsewhere", zip=code, county=asker.county(where.county)))
    return Answer(asker.say("subscribe.zip_kept", zip=code))


async def answer_counties(work: Transaction, asker: Asker) -> Answer:
    """What is held about what they want: the counties, the topics, the hours, a pause, the ZIP code."""
    held = await wishes_of(work, asker.kept.sender.id)
    if held.stopped or not held.counties:
        return _nothing_on(asker, held)
    parts = [asker.say("subscribe.hours_any" if held.any_hour else "subscribe.hours_day")]
    parts += [asker.say(f"topics.{topic}") for topic in held.topics if topic is not Topic.ALERTS]
    if held.paused_until is not None:
        parts.append(asker.say("subscribe.until", day=local_day(held.paused_until, asker.time_zone, asker.language)))
    if held.zip_hash is not None:
        parts.append(f"ZIP {zip_behind(work.keys, held.zip_hash, asker.zips) or ''}".strip())
    return Answer(asker.say("subscribe.held", counties=asker.names(held.counties), more=", ".join(parts)))


def _ask_which(asker: Asker, held: Wishes) -> Answer:
    if held.stopped or not held.counties:
        return _nothing_on(asker, held)
    return Answer(asker.say("subscribe.leave_which", counties=asker.names(held.counties)))


def _nothing_on(asker: Asker, held: Wishes) -> Answer:
    return Answer(asker.say("subscribe.is_stopped" if held.stopped else "subscribe.none"))
