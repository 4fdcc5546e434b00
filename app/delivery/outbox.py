"""The outbox as a queue: claim with a lease and a fence, send outside any transaction, record. Each step is one statement.

A row that was claimed and never recorded (the worker was killed, the answer got lost) is not sent again: its outcome is unknown until a
callback or Twilio's own log tells it (`reconcile.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from app.core.database import Transaction
from app.core.keys import KeyProblem
from app.core.metrics import TEXTS_REFUSED
from app.delivery.failures import act_on_failure, goes_again_at
from app.delivery.protection import PROTECTED, held_until
from app.delivery.switch import PROBE, hold_line, pause_line
from app.records.deliveries import Lane, Waits, delivery
from app.records.states import DeliveryState
from app.subscribers.consent import UNASKED_LANES
from app.telephony.addresses import by_whatsapp
from app.telephony.error_codes import UNAUTHORIZED, UNLISTED, Action, ErrorClass, error_code
from app.telephony.rest import Refused

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=20)
"""How long a claim lasts that nobody renews: what a killed worker had in hand is looked into after it. A send begins in its first eight
seconds (`sender.SAFE_LEASE`) and may hang for ten; what waits longer for its turn is renewed meanwhile."""

TURN_TRIES, TURN_SECONDS = 20, 0.02
"""How often, and how many seconds apart, a worker asks for its turn to claim protected texts. A claim takes some milliseconds."""

LINE_WAITS: Final = {ErrorClass.CAPACITY: timedelta(seconds=10), ErrorClass.DAILY_CAP: timedelta(minutes=5)}
"""How long the line waits where Twilio took nothing and didn't say for how long."""

USUAL_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(seconds=30)
"""Each refusal in a row doubles the wait up to this (Twilio: "back off exponentially on 429")."""

MOST_ATTEMPTS: Final = 5
"""How often a text that Twilio took and that came to nothing is tried again."""

STOP_LOOKED_FOR_AGAIN: Final = timedelta(seconds=15)
"""For so long a text rests whose person said stop to a machine that has not been able to write it down; then it is looked at again."""

PUT_ASIDE: Final = timedelta(minutes=10)
"""For so long a text rests that can't be opened with the keys that this worker has."""

SESSION: Final = timedelta(hours=23)
"""So long after somebody wrote by WhatsApp a reply may go there; then only templates may (error 63016 after 24 hours). What failed there
once goes by SMS, as does everything that is no reply (docs/decisions/0009)."""

NO_LISTENER = """EXISTS (
        SELECT FROM broadcast_run r JOIN broadcast b ON b.id = r.broadcast_id
        WHERE r.id = m.about_id AND NOT EXISTS (
            SELECT FROM subscription s WHERE s.contact_id = c.id AND s.topic = b.topic AND s.ended_at IS NULL
                AND (b.counties = '{}' OR s.county = ANY (b.counties))))"""
"""Whoever left the topic or the counties of a broadcast since it was planned."""

WHY_NOT = f"""CASE
    WHEN c.number_sealed IS NULL THEN 'erased'
    WHEN c.stopped_at IS NOT NULL THEN 'stopped'
    WHEN c.unreachable_at IS NOT NULL AND coalesce(c.unreachable_until > :now, true) THEN 'unreachable'
    WHEN m.lane IN ({", ".join(str(int(lane)) for lane in UNASKED_LANES)}) AND c.paused_until > :now THEN 'paused'
    WHEN m.lane IN ({Lane.RIGHTS.value}, {Lane.BROADCAST.value}) AND {NO_LISTENER} THEN 'left'
    WHEN m.withdrawn_at IS NOT NULL THEN 'withdrawn'
    WHEN m.expires_at <= :now THEN 'expired' END"""

AGES: Final = {
    Lane.ALERT: timedelta(seconds=30),
    Lane.CORRECTION: timedelta(minutes=1),
    Lane.RIGHTS: timedelta(minutes=10),
    Lane.BROADCAST: timedelta(minutes=20),
}
"""Lanes in which a text has waited so long get one claim in ten (`sender.AGED_EVERY`), in turn, so that none starves: behind k texts of its
own lane a text waits at most this and, where n lanes wait so, the time in which 10 n k texts go. Replies and offers are always first."""

RELEASE = text("""
    UPDATE delivery SET not_before = NULL, reason = NULL WHERE id IN (
        SELECT id FROM delivery WHERE state = 'pending' AND not_before <= :now ORDER BY not_before LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING id
""")

MAY_GO = "(SELECT NOT halted AND coalesce(paused_until <= :now, true) FROM outbound_switch WHERE id = 1)"
DUE = "d.state = 'pending' AND d.not_before IS NULL AND d.line = :line AND d.lane BETWEEN :first AND :last"
AT_ONCE = "(SELECT CASE WHEN pauses > 0 THEN 1 ELSE CAST(:most AS int) END FROM outbound_switch WHERE id = 1)"
PAUSED = "SELECT id FROM outgoing_message WHERE paused_at IS NOT NULL AND expires_at > :now"

IN_A_ROW = f"""due AS (
        SELECT d.id FROM delivery d
        WHERE {DUE} AND {MAY_GO} AND d.lane NOT IN (SELECT lane FROM lane_halt) AND d.message_id NOT IN ({PAUSED})
        ORDER BY d.lane, d.message_id, d.turn, d.id
        LIMIT {AT_ONCE}
        FOR UPDATE OF d SKIP LOCKED
    )"""  # noqa: S608  # built from constants

LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)

AROUND_HELD = f"""held AS (
        SELECT lane, CAST('{LOWEST}' AS uuid) AS low, CAST('{HIGHEST}' AS uuid) AS high FROM lane_halt
        UNION ALL
        SELECT lane, id, id FROM outgoing_message WHERE id IN ({PAUSED}) AND lane NOT IN (SELECT lane FROM lane_halt)
    ), gaps AS (
        SELECT n, lag(lane, 1, -1) OVER all_held AS from_lane, lag(high, 1, '{HIGHEST}') OVER all_held AS from_message,
            lane AS to_lane, low AS to_message
        FROM (SELECT *, row_number() OVER (ORDER BY lane, low) AS n FROM held
            UNION ALL SELECT {max(Lane) + 1}, '{LOWEST}', '{HIGHEST}', count(*) + 1 FROM held) AS every
        WINDOW all_held AS (ORDER BY n)
    ), due AS (
        SELECT free.id FROM (SELECT * FROM gaps ORDER BY n) AS gap CROSS JOIN LATERAL (
            SELECT d.id FROM delivery d
            WHERE {DUE} AND {MAY_GO} AND (d.lane, d.message_id) > (gap.from_lane, gap.from_message)
                AND (d.lane, d.message_id) < (gap.to_lane, gap.to_message)
            ORDER BY d.lane, d.message_id, d.turn, d.id
            LIMIT CAST(:most AS int)
            FOR UPDATE OF d SKIP LOCKED) AS free
        LIMIT {AT_ONCE}
    )"""  # noqa: S608  # built from constants
"""What is held (a message by a person, a lane by the breaker) is not walked over but left out: the index that the outbox is read by is in
the order of lane and message, and only the gaps between what is held are read, in their order. A hundred thousand texts that wait for a
person to let them go cost those behind them nothing. Where nothing is held `IN_A_ROW` is the cheaper of the two, and finds the same."""

HOLDS = text(f"SELECT EXISTS (SELECT FROM lane_halt) OR EXISTS ({PAUSED})")  # noqa: S608  # built from a constant

CLAIM, CLAIM_AROUND_HELD = (
    text(f"""
    WITH {due}, probe AS (
        UPDATE outbound_switch SET paused_until = :probe_until WHERE id = 1 AND pauses > 0 AND EXISTS (SELECT FROM due)
    ), looked AS (
        SELECT d.id, c.number_sealed, m.expires_at, t.id AS text_id, t.body_sealed, t.segments, {WHY_NOT} AS why_not,
            {held_until()} AS held_until,
            d.lane = {Lane.REPLY.value} AND d.attempts = 0 AND c.whatsapp_at > :session AS by_whatsapp
        FROM due JOIN delivery d ON d.id = due.id JOIN contact c ON c.id = d.contact_id JOIN outgoing_message m ON m.id = d.message_id
            LEFT JOIN outgoing_text t ON t.message_id = d.message_id AND t.language = d.language
    ), decided AS (
        SELECT *, CASE WHEN why_not IS NOT NULL THEN 'skipped' WHEN held_until IS NOT NULL THEN 'pending' ELSE 'sending' END AS next
        FROM looked
    )
    UPDATE delivery d
    SET state = l.next, reason = CASE l.next WHEN 'skipped' THEN l.why_not WHEN 'pending' THEN '{Waits.PROTECTED.value}' END,
        not_before = CASE l.next WHEN 'pending' THEN l.held_until END,
        done_at = CASE l.next WHEN 'skipped' THEN CAST(:now AS timestamptz) END,
        lease_until = CASE l.next WHEN 'sending' THEN CAST(:lease_until AS timestamptz) END,
        fence = d.fence + CASE l.next WHEN 'pending' THEN 0 ELSE 1 END,
        claimed_at = CASE l.next WHEN 'pending' THEN d.claimed_at ELSE CAST(:now AS timestamptz) END,
        rank = CASE l.next WHEN 'pending' THEN d.rank ELSE 0 END,
        error_code = CASE l.next WHEN 'pending' THEN d.error_code END
    FROM decided l
    WHERE d.id = l.id
    RETURNING d.id, d.state, d.fence, d.attempts, d.lane, d.message_id, d.contact_id, d.turn,
        l.text_id, l.body_sealed, l.segments, l.number_sealed, l.by_whatsapp, l.expires_at
""")  # noqa: S608  # built from a constant
    for due in (IN_A_ROW, AROUND_HELD)
)
"""Who must not get it any more is skipped here, and asked after once more if sending is not at once. Who gets enough already waits."""

OLDEST = text(f"""
    SELECT lane, (
        SELECT d.created_at FROM delivery d
        WHERE d.state = 'pending' AND d.not_before IS NULL AND d.line = :line AND d.lane = lanes.lane
        ORDER BY d.message_id, d.turn, d.id LIMIT 1) AS since
    FROM (VALUES {", ".join(f"({int(lane)})" for lane in Lane)}) AS lanes (lane)
    WHERE lane NOT IN (SELECT lane FROM lane_halt)
""")  # noqa: S608  # built from constants
"""For each lane the text that has waited longest: messages are in the order of their making."""

LOOK_AGAIN = text(f"""
    WITH looked AS (
        SELECT d.id, {WHY_NOT} AS why_not,
            s.halted OR coalesce(CASE WHEN s.pauses > 0 THEN d.claimed_at < s.paused_at ELSE s.paused_until > :now END, false)
                OR d.lane IN (SELECT lane FROM lane_halt) OR m.paused_at IS NOT NULL AS held
        FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[])) AS claimed (id, fence)
            JOIN delivery d ON d.id = claimed.id AND d.fence = claimed.fence
            JOIN contact c ON c.id = d.contact_id JOIN outgoing_message m ON m.id = d.message_id
            JOIN outbound_switch s ON s.id = 1
        WHERE d.state = 'sending' AND d.lease_until > :now
        FOR UPDATE OF d
    )
    UPDATE delivery d
    SET state = CASE WHEN l.why_not IS NOT NULL THEN 'skipped' WHEN l.held THEN 'pending' ELSE 'sending' END, reason = l.why_not,
        done_at = CASE WHEN l.why_not IS NOT NULL THEN CAST(:now AS timestamptz) END,
        lease_until = CASE WHEN l.why_not IS NULL AND NOT l.held THEN CAST(:lease_until AS timestamptz) END
    FROM looked l
    WHERE d.id = l.id
    RETURNING d.id, d.state
""")  # noqa: S608  # built from a constant
"""Between the claim and now someone may have said stop, the alert may be taken back, the switch turned; and a worker that was suspended
must find that its claim is over, and not send what another has sent since."""

RECORD_SENT = text("""
    UPDATE delivery d SET state = 'sent', sid = took.sid, sent_at = :now, lease_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[]), CAST(:sids AS text[])) AS took (id, fence, sid)
    WHERE d.id = took.id AND d.fence = took.fence AND d.state IN ('sending', 'unknown', 'pending')
        AND NOT EXISTS (SELECT FROM delivery o WHERE o.sid = took.sid AND o.id <> d.id)
""")
"""Of two texts with the same words to one person, Twilio's log may have given this one's SID to the other: then this one is doubtful, and
what Twilio's log holds besides decides. It must not keep the answers beside it from the record."""

WAIT_FOR_STOP = text(f"""
    UPDATE delivery d SET state = 'pending', reason = '{Waits.STOP.value}', not_before = :until, lease_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[])) AS claimed (id, fence)
    WHERE d.id = claimed.id AND d.fence = claimed.fence AND d.state IN ('sending', 'unknown')
""")  # noqa: S608  # built from a constant

UNTOUCHED = (DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)


@dataclass(frozen=True)
class Claimed:
    """A text that this worker may send now: to whom, what, under which fence, and until when it is worth sending."""

    id: UUID
    fence: int
    attempts: int
    lane: int
    message_id: UUID
    contact_id: UUID
    turn: int
    number: str
    body: str
    segments: int
    expires_at: datetime
    claimed_at: datetime


async def release(work: Transaction) -> int:
    """Let what was held back until now take its place among what is due. Returns how many texts that were, a thousand at most."""
    return len((await work.execute(RELEASE, {"now": work.now})).all())


async def holds_something(work: Transaction) -> bool:
    """Whether a message or a lane is held back, so that it is worth claiming around it."""
    return bool((await work.execute(HOLDS, {"now": work.now})).scalar())


async def claim(
    work: Transaction,
    most: int,
    *,
    line: str = "",
    first: Lane = Lane.REPLY,
    last: Lane = Lane.BROADCAST,
    around_held: bool = False,
) -> list[Claimed]:
    """Claim the most pressing texts of a line in these lanes, lane before lane and in a lane message after message. None while sending is
    halted or paused. What was held back until now is there after `release`. `around_held` changes the cost alone (`holds_something`).

    Nobody gets two texts at once that wait for each other (`protection.PROTECTED`), even if two workers look in the same instant: such
    lanes are read by one after another, each seeing what the one before has claimed. What is more pressing comes before them and waits for
    nobody."""
    if last >= PROTECTED[0] and first < PROTECTED[0]:
        pressing = await claim(work, most, line=line, first=first, last=Lane(PROTECTED[0] - 1), around_held=around_held)
        if pressing:
            return pressing
        first = PROTECTED[0]
    if last >= PROTECTED[0] and not await _is_my_turn(work):
        return []
    asked = {
        "now": work.now,
        "most": most,
        "line": line,
        "first": int(first),
        "last": int(last),
        "lease_until": work.now + LEASE,
        "probe_until": work.now + PROBE,
        "session": work.now - SESSION,
    }
    bodies: dict[UUID, str] = {}
    claimed: list[Claimed] = []
    while not claimed and (
        rows := (await work.execute(CLAIM_AROUND_HELD if around_held else CLAIM, asked)).all()
    ):  # a batch may be all of people who are not to get it
        sending = [row for row in rows if row.state == DeliveryState.SENDING]
        claimed = [one for row in sending if (one := await _opened(work, row, bodies)) is not None]
    return sorted(claimed, key=attrgetter("lane", "message_id", "turn", "id"))


async def _is_my_turn(work: Transaction) -> bool:
    """Wait shortly for whoever claims protected texts. Who takes longer is suspended, and keeps us from nothing more pressing."""
    for _ in range(TURN_TRIES):
        if await work.try_lock("outbox", "protected"):
            return True
        await asyncio.sleep(TURN_SECONDS)
    return False


async def aged_lanes(work: Transaction, line: str = "") -> list[Lane]:
    """The lanes whose texts have waited longer than they should (AGES), behind one that is more pressing."""
    rows = await work.execute(OLDEST, {"line": line})
    since = {Lane(row.lane): row.since for row in rows if row.since is not None}
    return [lane for lane in sorted(since)[1:] if lane in AGES and work.now - since[lane] >= AGES[lane]]


async def look_again(work: Transaction, texts: Sequence[Claimed]) -> set[UUID]:
    """Say which of these claimed texts may go now, renewing their claims. Of the others, some must not go any more and are skipped, each
    with its reason; some wait as sending is held up, and are back in the outbox; some are ours no longer."""
    rows = await work.execute(
        LOOK_AGAIN,
        {"ids": [t.id for t in texts], "fences": [t.fence for t in texts], "now": work.now, "lease_until": work.now + LEASE},
    )
    return {row.id for row in rows if row.state == DeliveryState.SENDING}


async def record_sent(work: Transaction, sent: Sequence[tuple[Claimed, str]]) -> None:
    """Twilio took these; each with its SID. A row that a callback already moved on stays where that put it."""
    if sent:
        await work.execute(
            RECORD_SENT,
            {
                "ids": [c.id for c, _ in sent],
                "fences": [c.fence for c, _ in sent],
                "sids": [sid for _, sid in sent],
                "now": work.now,
            },
        )


async def record_refused(work: Transaction, one: Claimed, refusal: Refused, in_a_row: int = 1) -> None:
    """Twilio refused a text, and so nobody got it. What the table says of the error follows: the text goes back, for which it is no
    attempt, and the line waits or pauses; or it has failed. `in_a_row`: how often Twilio has taken nothing by now."""
    row, code = error_code(refusal.code), refusal.code
    if row is UNLISTED and refusal.status in {401, 403}:
        row, code = error_code(UNAUTHORIZED), UNAUTHORIZED
    action = Action.WAIT if refusal.retry_after is not None else row.action
    TEXTS_REFUSED.labels(row.kind.value).inc()
    again = goes_again_at(action, work.now)
    match action:
        case Action.WAIT:
            await _move(work, one, DeliveryState.PENDING)
            await hold_line(work, code, _wait(refusal, row.kind, in_a_row))
        case Action.PAUSE:
            await _move(work, one, DeliveryState.PENDING)
            await pause_line(work, code, one.claimed_at)
        case Action.LATER | Action.TOMORROW if one.attempts < MOST_ATTEMPTS and again < one.expires_at:
            await _move(work, one, DeliveryState.PENDING, not_before=again, attempts=delivery.c.attempts + 1)
        case _:
            await _move(work, one, DeliveryState.FAILED, error_code=code, done_at=work.now)
            await act_on_failure(work, one.contact_id, code, one.claimed_at)


async def give_back(work: Transaction, unsent: Iterable[Claimed]) -> None:
    """Put claimed texts that were not touched back into the outbox: the worker is stopping."""
    for one in unsent:
        await _move(work, one, DeliveryState.PENDING)


async def wait_for_stops(work: Transaction, texts: Sequence[Claimed]) -> None:
    """Put claimed texts back for a while: a stop of these people waits to be read, and that decides. It is no try."""
    if texts:
        asked = {"ids": [t.id for t in texts], "fences": [t.fence for t in texts], "until": work.now + STOP_LOOKED_FOR_AGAIN}
        await work.execute(WAIT_FOR_STOP, asked)


async def record_unknown(work: Transaction, lost: Claimed) -> None:
    """No answer came: perhaps it was sent. It waits for a callback, then Twilio's log is asked."""
    await _move(work, lost, DeliveryState.UNKNOWN, lease_until=work.now)


async def _opened(work: Transaction, row: Row[Any], bodies: dict[UUID, str]) -> Claimed | None:
    """The claimed row with its number and words. One that can't be opened is put aside alone: it must not keep everybody else's text, and a
    key that somebody forgot to hand over must not cost anyone theirs."""
    try:
        if row.text_id not in bodies:
            bodies[row.text_id] = work.unseal(row.body_sealed, "outgoing_text", "body", row.text_id)
        number = work.unseal(row.number_sealed, "contact", "number", row.contact_id)
        number = by_whatsapp(number) if row.by_whatsapp else number
    except (KeyProblem, TypeError) as problem:
        log.error("text_not_opened", delivery=str(row.id), error=type(problem).__name__)
        await work.execute(
            delivery.update()
            .where(delivery.c.id == row.id)
            .values(state=DeliveryState.PENDING.value, not_before=work.now + PUT_ASIDE, lease_until=None)
        )
        return None
    return Claimed(
        row.id, row.fence, row.attempts, row.lane, row.message_id, row.contact_id, row.turn, number, bodies[row.text_id], row.segments,
        row.expires_at, work.now,
    )  # fmt: skip


def _wait(refusal: Refused, kind: ErrorClass, in_a_row: int) -> timedelta:
    said = refusal.retry_after
    first = LINE_WAITS.get(kind, USUAL_WAIT) if said is None else timedelta(seconds=said)
    return first if first > LONGEST_WAIT else min(first * 2 ** min(in_a_row - 1, 10), LONGEST_WAIT)


async def _move(work: Transaction, one: Claimed, then: DeliveryState, **values: Any) -> None:
    values.setdefault("lease_until", None)
    await work.execute(
        delivery.update()
        .where(delivery.c.id == one.id, delivery.c.fence == one.fence, delivery.c.state.in_(UNTOUCHED))
        .values(state=then.value, **values)
    )
