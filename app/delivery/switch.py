"""What keeps texts back: the kill switch that people turn, the pause while Twilio takes nothing from us, lanes that the breaker stopped.

One row and one small table, read by the statements that claim and that look once more, so that halting needs no process to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, text

from app.core.database import Transaction
from app.core.metrics import LINE_PAUSED
from app.records.deliveries import Lane, LaneHalt, OutboundSwitch, lane_halt, outbound_switch
from app.records.events import record
from app.telephony.error_codes import ErrorCode, error_code

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=15)
"""How long the line rests after Twilio or the carriers refused us ourselves; doubled each time that the text tried next fails alike."""

PROBE: Final = timedelta(seconds=15)
"""While the line is in doubt, one text goes in this time, until a carrier takes one."""

PAUSE = text("""
    UPDATE outbound_switch
    SET paused_at = :now, pause_code = :code, pauses = pauses + 1,
        paused_until = CAST(:now AS timestamptz) + make_interval(secs => least(:longest, :first * power(2, pauses)))
    WHERE paused_at IS NULL OR paused_at < :claimed_at
    RETURNING pauses
""")
"""Texts that were under way already when the pause began say nothing new; the one that was tried since does."""


@dataclass(frozen=True)
class Switch:
    """How things stand: the switch, the pause with its error, and the lanes that the circuit breaker stopped."""

    halted: bool
    reason: str | None
    changed_at: datetime
    paused_until: datetime | None
    pause: ErrorCode | None
    lanes: tuple[LaneHalt, ...]

    @property
    def stopped_lanes(self) -> tuple[tuple[str, ErrorCode, int, datetime], ...]:
        """Each stopped lane: its name, the error for which, how many texts had it, and since when."""
        return tuple((Lane(one.lane).name.lower(), error_code(one.error_code), one.texts, one.since) for one in self.lanes)


async def halt(work: Transaction, reason: str, *, by: UUID | None = None) -> None:
    """Stop all outbound texts. Those already handed to Twilio can't be called back."""
    await _turn(work, halted=True, reason=reason, by=by)


async def resume_sending(work: Transaction, reason: str, *, by: UUID | None = None) -> None:
    """Let outbound texts go again, also where a pause or the circuit breaker held them; what waited goes in its old order, and what got too
    old meanwhile is skipped."""
    await _turn(work, halted=False, reason=reason, by=by)
    await work.execute(lane_halt.delete())
    await work.execute(outbound_switch.update().values(paused_at=None, paused_until=None, pause_code=None, pauses=0))
    LINE_PAUSED.set(0)


async def switch_now(work: Transaction) -> Switch:
    """How the switch stands, why, and since when."""
    rows = await work.all(
        select(outbound_switch, lane_halt.c.lane, lane_halt.c.error_code, lane_halt.c.texts, lane_halt.c.since)
        .join(lane_halt, lane_halt.c.lane.is_not(None), isouter=True)
        .order_by(lane_halt.c.lane)
    )
    row = OutboundSwitch(**{name: rows[0]._mapping[name] for name in OutboundSwitch.model_fields})
    lanes = tuple(
        LaneHalt(lane=one.lane, error_code=one.error_code, texts=one.texts, since=one.since)
        for one in rows
        if one.lane is not None
    )
    paused = row.paused_until is not None and (row.pauses > 0 or row.paused_until > work.now)
    pause = error_code(row.pause_code) if paused else None
    return Switch(row.halted, row.reason, row.changed_at, row.paused_until if paused else None, pause, lanes)


async def hold_line(work: Transaction, code: int | None, wait: timedelta) -> None:
    """Send nothing for a moment: Twilio said that it takes nothing just now."""
    until = work.now + wait
    await work.execute(
        outbound_switch.update()
        .where(
            outbound_switch.c.pauses == 0, outbound_switch.c.paused_until.is_(None) | (outbound_switch.c.paused_until < until)
        )
        .values(paused_until=until, pause_code=code)
    )


async def pause_line(work: Transaction, code: int | None, claimed_at: datetime) -> None:
    """Our account or number is at fault: nothing goes, an alarm is raised, and later single texts try whether it is mended."""
    row = await work.execute(
        PAUSE,
        {
            "now": work.now,
            "code": code,
            "claimed_at": claimed_at,
            "first": FIRST_PAUSE.total_seconds(),
            "longest": LONGEST_PAUSE.total_seconds(),
        },
    )
    if (pauses := row.scalar()) is not None:
        LINE_PAUSED.set(1)
        log.error("line_paused", code=code, why=error_code(code).en, times=pauses)
        await record(work, "outbound.paused", code=code, times=pauses)


async def line_works(work: Transaction, claimed_at: datetime) -> None:
    """A carrier took a text that was claimed since the pause began: what was wrong is mended, and everything goes again."""
    mended = await work.execute(
        outbound_switch.update()
        .where(outbound_switch.c.pauses > 0, outbound_switch.c.paused_at < claimed_at)
        .values(paused_at=None, paused_until=None, pause_code=None, pauses=0)
        .returning(outbound_switch.c.id)
    )
    if mended.first() is not None:
        LINE_PAUSED.set(0)
        log.info("line_works_again")
        await record(work, "outbound.unpaused")


async def _turn(work: Transaction, *, halted: bool, reason: str, by: UUID | None) -> None:
    await work.execute(outbound_switch.update().values(halted=halted, reason=reason[:400], changed_at=work.now))
    await record(work, "outbound.halted" if halted else "outbound.resumed", actor_id=by, reason=reason[:400])
