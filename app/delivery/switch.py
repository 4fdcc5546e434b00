"""The kill switch: one row that senders read before every batch and every slice of one, so that halting needs no process to answer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.records.deliveries import OutboundSwitch, outbound_switch
from app.records.events import record


async def halt(work: Transaction, reason: str, *, by: UUID | None = None) -> None:
    """Stop all outbound texts. Those already handed to Twilio can't be called back."""
    await _turn(work, halted=True, reason=reason, by=by)


async def resume_sending(work: Transaction, reason: str, *, by: UUID | None = None) -> None:
    """Let outbound texts go again; what waited goes in its old order, and what got too old meanwhile is skipped."""
    await _turn(work, halted=False, reason=reason, by=by)


async def switch_now(work: Transaction) -> OutboundSwitch:
    """How the switch stands, why, and since when."""
    row = (await work.execute(select(outbound_switch))).one()
    return OutboundSwitch(**row._mapping)


async def _turn(work: Transaction, *, halted: bool, reason: str, by: UUID | None) -> None:
    await work.execute(outbound_switch.update().values(halted=halted, reason=reason[:400], changed_at=work.now))
    await record(work, "outbound.halted" if halted else "outbound.resumed", actor_id=by, reason=reason[:400])
