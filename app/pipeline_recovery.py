"""What never reached us, and answers that never left: found in Twilio's own log and taken onto the line. Only the worker can read that.

Every minute the last ten are read, every hour whatever came since the last whole reading that succeeded. A text that waits on this
machine's disk is left to the replay, which knows more of it. One line that can't be read stops none of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core import metrics
from app.core.database import Database, Transaction, is_away
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to
from app.intake.keep import known_sids
from app.intake.spool import Request, name_of
from app.intake.spool_folder import Spool
from app.pipeline import Hotline, recover_text, wake_all
from app.pipeline_calls import hear_of_call
from app.records.deliveries import Lane
from app.records.inbound import inbound_message, log_sweep
from app.telephony.addresses import Channel
from app.telephony.forms import CallForm, read_form
from app.telephony.rest import OutcomeUnknown, ReceivedCall, ReceivedText, TwilioRest

log = structlog.get_logger(__name__)

RECENT: Final = timedelta(minutes=10)
"""How far back the log is read every minute; and how much of what was read already is read again every hour, since the log may lag and a
late line carries an early time."""

WHOLE_EVERY: Final = timedelta(hours=1)
HORIZON: Final = timedelta(days=7)
"""The farthest that a whole reading goes back: what is older helps nobody on the street."""

SWEEP: Final = "inbound"
ANSWERS_SINCE: Final = timedelta(hours=1)
"""An answer that is missing so long is not sent any more."""

MOST_ANSWERS: Final = 100
"""How many doubtful answers are looked up in one round, the oldest first: each is a request of its own."""

WORDS_ALONE_AFTER: Final = timedelta(minutes=5)
"""So long a text waits for the list of its photos; then it is taken in without, as its words matter more."""

CLOCK_SLACK: Final = timedelta(minutes=2)
"""How far Twilio's clock and ours may differ."""

UNANSWERED: Final = """
    SELECT m.id, m.contact_id, m.reply_sealed, m.received_at, c.number_sealed
    FROM inbound_message m JOIN contact c ON c.id = m.contact_id
    WHERE m.received_at BETWEEN %(since)s AND %(until)s AND m.answered_at IS NULL AND m.reply_sealed IS NOT NULL
        AND m.channel = ANY(%(channels)s) AND c.stopped_at IS NULL AND c.number_sealed IS NOT NULL
    ORDER BY m.received_at LIMIT %(most)s
"""


@dataclass(frozen=True)
class Recovery:
    """What recovering needs: our lines as Twilio knows them, and how long a message is left to Twilio's own retries first."""

    database: Database
    hotline: Hotline
    spool: Spool
    carrier: TwilioRest
    lines: Sequence[str]
    grace: timedelta


async def recover_recent(recovery: Recovery) -> None:
    """Take in the texts and calls of the last minutes that Twilio has and we never saw."""
    await _recover_since(recovery, recovery.database.clock() - RECENT)


async def recover_whole(recovery: Recovery) -> None:
    """Once an hour, the same for everything since the last whole reading that succeeded. The first reads no farther back than the last
    minutes: what came before the hotline was there is not for it."""
    now = recovery.database.clock()
    last = await recovery.database.run(
        lambda work: work.scalar(select(log_sweep.c.read_until).where(log_sweep.c.name == SWEEP))
    )
    if last is not None and now - last < WHOLE_EVERY:
        return
    since = now - RECENT if last is None else max(last - RECENT, now - HORIZON)
    if await _recover_since(recovery, since):
        read = insert(log_sweep).values(name=SWEEP, read_until=now)
        read = read.on_conflict_do_update(index_elements=["name"], set_={"read_until": read.excluded.read_until})
        await recovery.database.run(lambda work: work.execute(read))


async def recover_answers(recovery: Recovery) -> None:
    """Send the answers that are on record and that Twilio never got: the web process died between the commit and the answer, and Twilio
    gave up. Twilio's log says which of the doubtful ones those are."""
    now = recovery.database.clock()
    wanted = {
        "since": now - ANSWERS_SINCE,
        "until": now - recovery.grace,
        "channels": [Channel.SMS.value, Channel.MMS.value],
        "most": MOST_ANSWERS,
    }
    for found in await recovery.database.run(lambda work: work.query(UNANSWERED, wanted)):
        keys = recovery.database.keys
        number = keys.unseal(found["number_sealed"], "contact", "number", found["contact_id"])
        reply = keys.unseal(found["reply_sealed"], "inbound_message", "reply", found["id"])
        try:
            logged = await recovery.carrier.log_of(number, found["received_at"] - CLOCK_SLACK)
        except OutcomeUnknown as error:
            log.warning("twilio_log_not_read", reason=str(error))
            return
        handed = any(_same_words(reply, text.body) for text in logged)
        async with recovery.database.transaction() as work:
            metrics.ANSWERS_RECOVERED.inc(await _settle_answer(work, recovery.hotline, found, None if handed else reply))


async def _settle_answer(work: Transaction, hotline: Hotline, found: dict[str, Any], missing: str | None) -> bool:
    """Note that an answer was handed over, or send the `missing` one by the outbox, once. Returns whether it was sent."""
    settled = inbound_message.update().where(inbound_message.c.id == found["id"], inbound_message.c.answered_at.is_(None))
    settled = (
        settled.values(answered_at=work.now) if missing is None else settled.values(answered_at=work.now, reply_sealed=None)
    )
    if await work.first(settled.returning(inbound_message.c.id)) is None or missing is None:
        return False
    texts, about, to = dict.fromkeys(TEXT_LANGUAGES, missing), found["id"], found["contact_id"]
    await plan_to(work, Message(Lane.REPLY, "answer", texts, about), [to])
    wake_all(work, hotline)
    return True


async def _recover_since(recovery: Recovery, since: datetime) -> bool:
    """Take in what is in the log of any line since an instant and not on record. Returns whether all of it could be read and taken in."""
    whole = True
    for line in recovery.lines:
        try:
            texts, calls = await recovery.carrier.received_since(line, since), await recovery.carrier.calls_since(line, since)
        except OutcomeUnknown as error:
            log.warning("twilio_log_not_read", reason=str(error))
            whole = False
            continue
        until = recovery.database.clock() - recovery.grace
        received: list[ReceivedText | ReceivedCall] = [*texts, *calls]
        known = await recovery.database.run(partial(known_sids, sids=[logged.sid for logged in received]))
        for logged in sorted(received, key=lambda logged: logged.received_at):
            if logged.sid not in known and logged.received_at <= until:
                whole &= await _take_in(recovery, logged)
    return whole


async def _take_in(recovery: Recovery, logged: ReceivedText | ReceivedCall) -> bool:
    """Take in one line of the log. Returns False when that must be tried again with the next reading. Raises what says that the database is
    away."""
    try:
        if isinstance(logged, ReceivedCall):
            await _take_in_call(recovery, logged)
        else:
            await _take_in_text(recovery, logged)
    except OutcomeUnknown as error:
        log.warning("twilio_log_not_read", reason=str(error))
        return False
    except Exception as error:
        if is_away(error):
            raise
        metrics.LOG_LINES_UNREADABLE.inc()
        log.error("log_line_unreadable", sid=logged.sid, error=type(error).__name__)
    return True


async def _take_in_text(recovery: Recovery, logged: ReceivedText) -> None:
    if recovery.spool.holds(name_of(recovery.database.keys, Request.TEXT, logged.sid)):
        return
    try:
        media = await recovery.carrier.media_of(logged.sid) if logged.media_count else ()
    except OutcomeUnknown:
        if recovery.database.clock() - logged.received_at < WORDS_ALONE_AFTER:
            raise
        media = ()
    form = logged.as_form(media)
    async with recovery.database.transaction() as work:
        new = await recover_text(work, recovery.hotline, form, logged.received_at)
    metrics.TEXTS_RECOVERED.inc(new)


async def _take_in_call(recovery: Recovery, logged: ReceivedCall) -> None:
    form = read_form(CallForm, {"CallSid": logged.sid, "From": logged.caller, "To": logged.line, "CallStatus": logged.status})
    async with recovery.database.transaction() as work:
        await hear_of_call(work, recovery.hotline, form)
    metrics.CALLS_RECOVERED.inc()


def _same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for white space, which Twilio may change."""
    return " ".join(one.split()) == " ".join(other.split())
